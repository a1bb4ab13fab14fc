// Notifications of a push service, which this device gets while no window of Parley is open. They belong to a session: signing
// out ends them here, and the server forgets the device with the session.
import { at, scoped } from "./base.js";
import { registerWorker } from "./notice-worker.js";
import { csrf, getJSON, post } from "./request.js";
import { local } from "./storage.js";
import { translate } from "./translate.js";

// Who turned them on in which session, as "agent session". A session that expired does not turn them off.
const storageKey = scoped("parley.push");

/** Whether this browser gets notifications of a push service, as far as it knows. */
export const isPushOn = () => Boolean(local.get(storageKey));

/** Wires the section of the account page. */
export function wirePush() {
  watchSignOut();
  const section = document.getElementById("push");
  if (!section) return;
  const button = section.querySelector("[data-push-on]");
  const say = (state) => (section.querySelector("[data-push-says]").textContent = translate(`account.push.state.${state}`));
  show();

  section.querySelector("[data-push-form]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    button.disabled = true;
    say("asking");
    try {
      fill(form, await subscribe(section.dataset));
      await remember();
      form.submit();
    } catch {
      button.disabled = false;
      say(support() === "denied" ? "denied" : "refused");
    }
  });

  for (const form of section.querySelectorAll("[data-push-remove]")) {
    form.addEventListener("submit", async (event) => {
      if (!form.closest("[data-push-device]").matches("[data-push-own]")) return;
      event.preventDefault();
      await end();
      form.submit();
    });
  }

  async function show() {
    const subscription = await current();
    const own = subscription && section.querySelector(`[data-push-device="${await hex(subscription.endpoint)}"]`);
    if (own) {
      own.dataset.pushOwn = "";
      own.querySelector("[data-push-this]").hidden = false;
    }
    const state = own ? "on" : support();
    button.hidden = state !== "off";
    say(state);
  }
}

/** Ends the subscription of this browser when its user signs out. */
export function watchSignOut() {
  document.addEventListener("submit", async (event) => {
    // The attribute, because a field named "action" takes the place of the property.
    if (event.target.getAttribute("action") !== at("/logout") || !isPushOn()) return;
    event.preventDefault();
    await end();
    event.target.submit();
  });
}

/** Tells the server of this browser again, after its session expired and the same agent signed in. */
export async function renewPush(worker) {
  const [agent, session] = (local.get(storageKey) ?? "").split(" ");
  if (!agent || agent !== me() || support() !== "off" || session === (await sessionMark())) return;
  try {
    const { public_key: key } = await getJSON(at("/api/account/push-devices"));
    const { ok } = await post(at("/account/push-devices"), fieldsOf(await subscribe({ worker, key })), { json: true });
    if (ok) await remember();
  } catch {
    // the account page says that it is off
  }
}

/** "denied", "insecure" or "missing", else "off": it can be turned on. */
function support() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.serviceWorker || !window.PushManager || !window.Notification) return "missing";
  return Notification.permission === "denied" ? "denied" : "off";
}

async function current() {
  try {
    const registration = await navigator.serviceWorker.getRegistration(at("/static/"));
    return await registration?.pushManager.getSubscription();
  } catch {
    return null;
  }
}

async function subscribe({ worker, key }) {
  const { pushManager } = await registerWorker(worker);
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await pushManager.subscribe(options);
  } catch (err) {
    const other = await pushManager.getSubscription(); // with the key of another installation
    if (!other) throw err;
    await other.unsubscribe();
    return pushManager.subscribe(options);
  }
}

/** Forgets that notifications are on, and ends the subscription. It waits a second at most. */
async function end() {
  local.remove(storageKey);
  await Promise.race([current().then((subscription) => subscription?.unsubscribe()).catch(() => {}), new Promise((done) => setTimeout(done, 1000))]);
}

function fieldsOf(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint, p256dh: keys.p256dh, auth: keys.auth };
}

function fill(form, subscription) {
  for (const [name, value] of Object.entries(fieldsOf(subscription))) form.elements[name].value = value;
}

const me = () => document.getElementById("palette")?.dataset.me ?? "";
const remember = async () => local.set(storageKey, `${me()} ${await sessionMark()}`);

/** Differs from session to session, and says nothing about it. */
const sessionMark = async () => (await hex(csrf())).slice(0, 16);

async function hex(text) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
