// Messages that the server does not have yet. They are shown at once, survive a reload, and are sent one after the other.
// Sending again is safe because every message has an id of its own.
import { acceptHTML } from "./accept-html.js";
import { showProgress } from "./upload-card.js";
import { setStatus, addOwn, thread, arrange } from "./thread.js";
import { now } from "./clock.js";
import { session } from "./storage.js";
import { translate } from "./translate.js";

const retryDelays = [1000, 2000, 5000, 10000];
const permanentErrors = new Set([400, 401, 403, 404, 409, 413, 415, 422]);
const fileErrors = new Set([413, 415, 422]); // the file itself is at fault, so a second try would be refused too

/**
 * send(entry, options) posts one entry {clientId, text, at} and returns what request.post returns. An entry with a name is
 * a file: options then has file, signal and onProgress for request.upload. Files live as long as the page.
 * showError(text) shows a sentence at the composer, "" removes it. onSent(response, entry) is called for each success and
 * onRefused(response, entry) for each final refusal; it returns true when the cause is being removed, and the entry then
 * waits for the next flush. questionOf(response, entry) returns what the person must answer before the entry is sent again, else
 * undefined; onQuestion() is called when there is a question, or there may be none any more. key names the store.
 */
export function createOutbox({ key, send, showError = () => {}, onSent = () => {}, onRefused = () => {}, questionOf = () => undefined, onQuestion = () => {} }) {
  let shown = false; // whether the error at the composer is from this module
  const setError = (text) => {
    if (text || shown) showError(text);
    shown = text !== "";
  };
  let entries = load(key);
  let busy = false;
  let timer = null;
  let tries = 0;
  let currentUpload = null; // the file that is on its way
  const files = new Map();

  /** Sends a text. more are fields of the entry that send uses. */
  const add = (text, more = {}) => put({ text, ...more });

  function addFile(file, more) {
    return put({ name: file.name, size: file.size, type: file.type, ...more }, file);
  }

  function put(content, file) {
    const entry = { clientId: newId(), ...content, at: now(), state: "waiting" };
    if (file) files.set(entry.clientId, file);
    entries.push(entry);
    save();
    addOwn(entry, file);
    show();
    flush();
    return entry;
  }

  /** Shows the stored entries again, and continues sending. */
  function restore() {
    // A file that the server has was sent after all, though the page that sent it was closed.
    entries = entries.filter((entry) => entry.name === undefined || files.has(entry.clientId) || !find(entry));
    save();
    for (const entry of entries) if (!find(entry)) addOwn(entry, files.get(entry.clientId));
    show();
    flush();
  }

  async function flush() {
    clearTimeout(timer);
    // A refused file blocks nothing; a refused text does, since the next one may refer to it.
    const entry = entries.find((e) => e.state !== "failed" || e.name === undefined);
    if (busy || !entry || entry.state === "failed") return;
    const file = files.get(entry.clientId);
    busy = true;
    entry.state = "sending";
    show();
    currentUpload = new AbortController();
    const response = await send(entry, { file, signal: currentUpload.signal, onProgress: (fraction) => progress(entry, fraction) });
    busy = false;
    entry.progress = undefined;
    if (entries.includes(entry)) handleResponse(entry, response);
    else flush(); // it was deleted in the meantime
  }

  function handleResponse(entry, response) {
    if (response.ok) {
      tries = 0;
      setError("");
      remove(entry);
      if (response.html) acceptHTML(response.html);
      else if (find(entry) && !find(entry).dataset.id) setStatus(find(entry), "sent");
      onSent(response, entry);
    } else if (response.status === 429) {
      retryLater(entry, (response.retryAfter || 5) * 1000);
      countDown(response.retryAfter || 5);
      return;
    } else if (questionOf(response, entry)) {
      entry.state = "failed";
      entry.question = questionOf(response, entry);
      save();
      setError("");
      onQuestion();
    } else if (permanentErrors.has(response.status)) {
      const handled = onRefused(response, entry) === true;
      entry.state = handled ? "waiting" : "failed";
      entry.held = response.held === true; // until release
      entry.why = handled ? "" : (response.problem.detail ?? "");
      entry.final = entry.name !== undefined && fileErrors.has(response.status);
      save();
      setError(entry.why && entry.name === undefined ? translate("chat.refused", { Reason: entry.why }) : entry.why);
      if (handled) return;
    } else {
      retryLater(entry, retryDelays[Math.min(tries++, retryDelays.length - 1)]);
      return;
    }
    show();
    flush();
  }

  function retryLater(entry, pause) {
    entry.state = "waiting";
    save();
    show();
    timer = setTimeout(flush, pause);
  }

  function countDown(seconds) {
    const until = Date.now() + seconds * 1000;
    const step = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      setError(left > 0 ? translate("chat.too_fast", { Seconds: left }) : "");
      if (left > 0) setTimeout(step, 500);
    };
    step();
  }

  function progress(entry, fraction) {
    entry.progress = showProgress(find(entry), fraction);
    show();
  }

  function remove(entry) {
    entries = entries.filter((e) => e !== entry);
    files.delete(entry.clientId);
    save();
  }

  function show() {
    const failed = entries.findIndex((e) => e.state === "failed" && e.name === undefined);
    entries.forEach((entry, i) => {
      const el = find(entry);
      if (!el || el.dataset.id) return;
      el.toggleAttribute("data-final", entry.final === true || entry.question !== undefined);
      if (entry.state === "failed") setStatus(el, "failed", el.matches("[data-gone]") ? translate("chat.file.gone") : undefined);
      else if (failed >= 0 && i > failed) setStatus(el, "sending", translate("chat.status.behind"));
      else if (document.documentElement.dataset.live === "reconnecting") setStatus(el, "sending", translate("chat.status.queued", { Count: entries.length }));
      else setStatus(el, "sending", entry.progress);
    });
    if (entries.length > 0) arrange();
  }

  function onClick(event) {
    const button = event.target.closest?.("[data-retry], [data-delete], [data-cancel]");
    const el = button?.closest(".msg");
    const entry = el && entries.find((e) => e.clientId === el.dataset.clientId);
    if (!entry) return;
    setError("");
    if (button.matches("[data-delete], [data-cancel]")) {
      if (entry.state === "sending") currentUpload?.abort();
      remove(entry);
      el.remove();
      arrange();
      onQuestion();
    } else {
      entry.state = "waiting";
      save();
    }
    show();
    flush();
    document.getElementById("composer-text")?.focus();
  }

  document.addEventListener("click", onClick);
  window.addEventListener("online", () => flush());

  return {
    add,
    addFile,
    restore,
    flush,
    show,
    size: () => entries.length,
    /** Sends the entries that were kept back until the user is identified. */
    release() {
      for (const entry of entries.filter((e) => e.held)) Object.assign(entry, { held: false, state: "waiting" });
      show();
      flush();
    },
    /** The entry whose question is to be answered, undefined for none. */
    asked: () => entries.find((e) => e.question),
    /** Sends the entry with the question again. change are fields of it that differ now; with all, also of those behind it. */
    answer({ change, all }) {
      const at = entries.findIndex((e) => e.question);
      if (at < 0) return;
      entries[at].state = "waiting";
      delete entries[at].question;
      for (const entry of entries.slice(at, all ? undefined : at + 1)) Object.assign(entry, change);
      save();
      show();
      flush();
    },
    /** Takes the entry with the question back and returns its text. */
    takeBack() {
      const entry = entries.find((e) => e.question);
      if (!entry) return "";
      find(entry)?.remove();
      remove(entry);
      arrange();
      flush();
      return entry.text;
    },
    /** Removes everything that was not sent. */
    clear() {
      clearTimeout(timer);
      for (const entry of entries) find(entry)?.remove();
      entries = [];
      save();
    },
  };

  function find({ clientId }) {
    return thread()?.querySelector(`:scope > .msg[data-client-id="${CSS.escape(clientId)}"]`);
  }

  function save() {
    const stored = entries.map(({ progress: _, ...entry }) => entry);
    if (stored.length > 0) session.set(key, JSON.stringify(stored));
    else session.remove(key);
  }
}

function load(key) {
  try {
    const stored = JSON.parse(session.get(key) ?? "[]");
    return stored.map((e) => ({ ...e, state: e.state === "failed" || e.name !== undefined ? "failed" : "waiting" }));
  } catch {
    return [];
  }
}

// randomUUID exists only on https and localhost.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
