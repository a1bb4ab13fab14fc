// What this person wrote and the server does not have yet. It is shown at once, kept over a reload, and sent one
// after the other; sending again is safe because every message has an id of its own.
import { acceptHTML } from "./frames.js";
import { setStatus, addOwn, thread, arrange } from "./thread.js";
import { now } from "./clock.js";
import { word } from "./words.js";

const pauses = [1000, 2000, 5000, 10000];
const hopeless = new Set([400, 401, 403, 404, 409, 413, 415, 422]);

/**
 * send(entry) posts one entry {clientId, text, at} and answers as request.post does.
 * say(text) shows a sentence at the composer, "" takes it away. done(answer, entry) hears of each success and
 * refused(answer, entry) of each final refusal; answering true it says that the reason is being seen to, and the entry
 * waits for the next flush. key names the store.
 */
export function createOutbox({ key, send, say = () => {}, done = () => {}, refused = () => {} }) {
  let entries = load(key);
  let busy = false;
  let timer = null;
  let tries = 0;

  function add(text) {
    const entry = { clientId: newId(), text, at: now(), state: "waiting" };
    entries.push(entry);
    keep();
    addOwn(entry);
    show();
    flush();
    return entry;
  }

  /** Puts what was kept back on the screen, and goes on sending. */
  function restore() {
    for (const entry of entries) if (!find(entry)) addOwn(entry);
    show();
    flush();
  }

  async function flush() {
    clearTimeout(timer);
    const entry = entries[0];
    if (busy || !entry || entry.state === "failed") return;
    busy = true;
    entry.state = "sending";
    show();
    const answer = await send(entry);
    busy = false;
    settle(entry, answer);
  }

  function settle(entry, answer) {
    if (answer.ok) {
      tries = 0;
      say("");
      drop(entry);
      if (answer.html) acceptHTML(answer.html);
      else if (find(entry)) setStatus(find(entry), "sent");
      done(answer, entry);
    } else if (answer.status === 429) {
      hold(entry, (answer.retryAfter || 5) * 1000);
      countDown(answer.retryAfter || 5);
      return;
    } else if (hopeless.has(answer.status)) {
      const mended = refused(answer, entry) === true;
      entry.state = mended ? "waiting" : "failed";
      entry.why = mended ? "" : (answer.problem.detail ?? "");
      keep();
      say(entry.why ? word("chat.refused", { Reason: entry.why }) : "");
      if (mended) return;
    } else {
      hold(entry, pauses[Math.min(tries++, pauses.length - 1)]);
      return;
    }
    show();
    flush();
  }

  function hold(entry, pause) {
    entry.state = "waiting";
    keep();
    show();
    timer = setTimeout(flush, pause);
  }

  function countDown(seconds) {
    const until = Date.now() + seconds * 1000;
    const step = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      say(left > 0 ? word("chat.too_fast", { Seconds: left }) : "");
      if (left > 0) setTimeout(step, 500);
    };
    step();
  }

  function drop(entry) {
    entries = entries.filter((e) => e !== entry);
    keep();
  }

  function show() {
    const failed = entries.findIndex((e) => e.state === "failed");
    entries.forEach((entry, i) => {
      const el = find(entry);
      if (!el) return;
      if (entry.state === "failed") setStatus(el, "failed");
      else if (failed >= 0 && i > failed) setStatus(el, "sending", word("chat.status.behind"));
      else if (document.documentElement.dataset.live === "reconnecting") setStatus(el, "sending", word("chat.status.queued", { Count: entries.length }));
      else setStatus(el, "sending");
    });
    if (entries.length > 0) arrange();
  }

  function act(event) {
    const button = event.target.closest?.("[data-retry], [data-delete]");
    const el = button?.closest(".msg");
    const entry = el && entries.find((e) => e.clientId === el.dataset.clientId);
    if (!entry) return;
    say("");
    if (button.matches("[data-delete]")) {
      drop(entry);
      el.remove();
      arrange();
    } else {
      entry.state = "waiting";
      keep();
    }
    show();
    flush();
    document.getElementById("composer-text")?.focus();
  }

  document.addEventListener("click", act);
  window.addEventListener("online", () => flush());

  return {
    add,
    restore,
    flush,
    show,
    size: () => entries.length,
    /** Forgets what was not sent. */
    clear() {
      clearTimeout(timer);
      for (const entry of entries) find(entry)?.remove();
      entries = [];
      keep();
    },
    /** Goes on in another chat: what is kept for it appears. */
    open(next) {
      key = next;
      entries = load(key);
      restore();
    },
    close() {
      document.removeEventListener("click", act);
      clearTimeout(timer);
    },
  };

  function find({ clientId }) {
    return thread()?.querySelector(`:scope > .msg[data-client-id="${CSS.escape(clientId)}"]`);
  }

  function keep() {
    try {
      if (entries.length > 0) sessionStorage.setItem(key, JSON.stringify(entries));
      else sessionStorage.removeItem(key);
    } catch {
      // no storage in this frame: the messages live as long as the page
    }
  }
}

function load(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return kept.map((e) => ({ ...e, state: e.state === "failed" ? "failed" : "waiting" }));
  } catch {
    return [];
  }
}

// randomUUID exists only on https and localhost.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
