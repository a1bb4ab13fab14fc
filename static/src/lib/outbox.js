// What this person wrote and the server does not have yet. It is shown at once, kept over a reload, and sent one
// after the other; sending again is safe because every message has an id of its own.
import { acceptHTML } from "./accept-html.js";
import { showProgress } from "./upload-card.js";
import { setStatus, addOwn, thread, arrange } from "./thread.js";
import { now } from "./clock.js";
import { word } from "./translate.js";

const pauses = [1000, 2000, 5000, 10000];
const hopeless = new Set([400, 401, 403, 404, 409, 413, 415, 422]);
const final = new Set([413, 415, 422]); // what is wrong is the file itself: the same one again would be refused again

/**
 * send(entry, how) posts one entry {clientId, text, at} and answers as request.post does. An entry with a name is a file: how then has the
 * file, signal, and onProgress, as request.upload takes them. Files live as long as the page.
 * say(text) shows a sentence at the composer, "" takes it away. done(answer, entry) hears of each success and
 * refused(answer, entry) of each final refusal; answering true it says that the reason is being seen to, and the entry
 * waits for the next flush. key names the store.
 */
export function createOutbox({ key, send, say = () => {}, done = () => {}, refused = () => {} }) {
  let told = false; // what others say at the composer is theirs to take away
  const tell = (text) => {
    if (text || told) say(text);
    told = text !== "";
  };
  let entries = load(key);
  let busy = false;
  let timer = null;
  let tries = 0;
  let stop = null; // the file that is on its way
  const files = new Map();

  const add = (text) => put({ text });

  function addFile(file) {
    return put({ name: file.name, size: file.size, type: file.type }, file);
  }

  function put(what, file) {
    const entry = { clientId: newId(), ...what, at: now(), state: "waiting" };
    if (file) files.set(entry.clientId, file);
    entries.push(entry);
    keep();
    addOwn(entry, file);
    show();
    flush();
    return entry;
  }

  /** Puts what was kept back on the screen, and goes on sending. */
  function restore() {
    // A file that the server has was sent after all, whatever became of the page that sent it.
    entries = entries.filter((entry) => entry.name === undefined || files.has(entry.clientId) || !find(entry));
    keep();
    for (const entry of entries) if (!find(entry)) addOwn(entry, files.get(entry.clientId));
    show();
    flush();
  }

  async function flush() {
    clearTimeout(timer);
    // A file that was refused holds up nothing; a text does, since the next one may lean on it.
    const entry = entries.find((e) => e.state !== "failed" || e.name === undefined);
    if (busy || !entry || entry.state === "failed") return;
    const file = files.get(entry.clientId);
    busy = true;
    entry.state = "sending";
    show();
    stop = new AbortController();
    const answer = await send(entry, { file, signal: stop.signal, onProgress: (part) => progress(entry, part) });
    busy = false;
    entry.progress = undefined;
    if (entries.includes(entry)) settle(entry, answer);
    else flush(); // it was taken back
  }

  function settle(entry, answer) {
    if (answer.ok) {
      tries = 0;
      tell("");
      drop(entry);
      if (answer.html) acceptHTML(answer.html);
      else if (find(entry) && !find(entry).dataset.id) setStatus(find(entry), "sent");
      done(answer, entry);
    } else if (answer.status === 429) {
      hold(entry, (answer.retryAfter || 5) * 1000);
      countDown(answer.retryAfter || 5);
      return;
    } else if (hopeless.has(answer.status)) {
      const mended = refused(answer, entry) === true;
      entry.state = mended ? "waiting" : "failed";
      entry.held = answer.held === true; // until release
      entry.why = mended ? "" : (answer.problem.detail ?? "");
      entry.final = entry.name !== undefined && final.has(answer.status);
      keep();
      tell(entry.why && entry.name === undefined ? word("chat.refused", { Reason: entry.why }) : entry.why);
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
      tell(left > 0 ? word("chat.too_fast", { Seconds: left }) : "");
      if (left > 0) setTimeout(step, 500);
    };
    step();
  }

  function progress(entry, part) {
    entry.progress = showProgress(find(entry), part);
    show();
  }

  function drop(entry) {
    entries = entries.filter((e) => e !== entry);
    files.delete(entry.clientId);
    keep();
  }

  function show() {
    const failed = entries.findIndex((e) => e.state === "failed" && e.name === undefined);
    entries.forEach((entry, i) => {
      const el = find(entry);
      if (!el || el.dataset.id) return;
      el.toggleAttribute("data-final", entry.final === true);
      if (entry.state === "failed") setStatus(el, "failed", el.matches("[data-gone]") ? word("chat.file.gone") : undefined);
      else if (failed >= 0 && i > failed) setStatus(el, "sending", word("chat.status.behind"));
      else if (document.documentElement.dataset.live === "reconnecting") setStatus(el, "sending", word("chat.status.queued", { Count: entries.length }));
      else setStatus(el, "sending", entry.progress);
    });
    if (entries.length > 0) arrange();
  }

  function act(event) {
    const button = event.target.closest?.("[data-retry], [data-delete], [data-cancel]");
    const el = button?.closest(".msg");
    const entry = el && entries.find((e) => e.clientId === el.dataset.clientId);
    if (!entry) return;
    tell("");
    if (button.matches("[data-delete], [data-cancel]")) {
      if (entry.state === "sending") stop?.abort();
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
    addFile,
    restore,
    flush,
    show,
    size: () => entries.length,
    /** Sends what was held back. */
    release() {
      for (const entry of entries.filter((e) => e.held)) Object.assign(entry, { held: false, state: "waiting" });
      show();
      flush();
    },
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
      const kept = entries.map(({ progress: _, ...entry }) => entry);
      if (kept.length > 0) sessionStorage.setItem(key, JSON.stringify(kept));
      else sessionStorage.removeItem(key);
    } catch {
      // no storage in this frame: the messages live as long as the page
    }
  }
}

function load(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return kept.map((e) => ({ ...e, state: e.state === "failed" || e.name !== undefined ? "failed" : "waiting" }));
  } catch {
    return [];
  }
}

// randomUUID exists only on https and localhost.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
