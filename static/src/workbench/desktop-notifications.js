// Desktop notifications. Phones show them only through a service worker, where "new Notification" throws, and a browser
// may refuse for reasons of its own. Nothing here throws.
import { scoped } from "../lib/base.js";
import { registerWorker } from "../lib/notice-worker.js";
import { isPushOn } from "../lib/push.js";
import { local } from "../lib/storage.js";

const storageKey = scoped("parley.notices");
let workerRegistration = null;

/** "granted", "denied" or "default"; "insecure" on plain http, and "missing" where the browser has no notifications. */
export const permission = () => (window.isSecureContext ? (window.Notification?.permission ?? "missing") : "insecure");
export const notificationsAreOn = () => local.get(storageKey) === "on" && permission() === "granted";

/** Stores whether this browser should show notifications. */
export const setNotificationsWanted = (on) => local.set(storageKey, on ? "on" : "off");

/** Asks the browser's user for permission. */
export async function askPermission() {
  try {
    await Notification.requestPermission();
  } catch {
    // an old browser, or one that does not ask
  }
}

/** Registers the service worker that shows notifications, if they are on, from a page or a push service, or for a test; open(path) is called for a click on one. */
export function prepareNotifications(open, isTest = false) {
  if (workerRegistration || !(isTest || notificationsAreOn() || isPushOn())) return;
  workerRegistration = register();
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.parley === "open" && open(data.path));
}

async function register() {
  try {
    return await registerWorker(document.getElementById("bell").dataset.worker);
  } catch {
    return null; // plain http, a private window, or a browser without them
  }
}

/** Closes the notification about a chat, if the service worker shows one. */
export async function closeNotification(chat) {
  try {
    const shown = await (await workerRegistration)?.getNotifications({ tag: `parley-${chat}` });
    shown?.forEach((notification) => notification.close());
  } catch {
    // it is closed by hand
  }
}

/** Shows a notification about the page at path; a click on it calls open(path). With stays it is shown until it is closed. */
export async function showNotification(title, { body, tag, path, open, stays = false }) {
  const options = { body, tag, renotify: true, silent: true, requireInteraction: stays, data: { path } };
  try {
    const registration = await workerRegistration;
    if (registration) return await registration.showNotification(title, options);
  } catch {
    // then without the worker
  }
  try {
    const notice = new Notification(title, options);
    notice.onclick = () => {
      window.focus();
      open(path);
      notice.close();
    };
  } catch {
    // the page shows it anyway
  }
}
