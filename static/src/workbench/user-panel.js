// The panel about the user of the open chat. It is read again when the user, or another agent, changed something in it, without
// what this agent is writing. Notes are edited in their place, and tags are completed.
import { onKeyDown, onKeyDownFirst } from "../lib/keydown.js";
import { onLive } from "../lib/live.js";
import { elementsOf, onPart, placeParts } from "../lib/parts.js";
import { getHTML, getJSON } from "../lib/request.js";
import { openChat } from "./navigate.js";

const readTimeout = 15_000;
const completionDelay = 150; // after the last key, before tags are asked for

const panel = () => document.querySelector("[data-user-panel]");
const isDirty = (form) => [...form.elements].some((field) => field.matches("textarea, input:not([type=hidden])") && field.value !== field.defaultValue);

export function wireUserPanel() {
  onLive("user_changed", ({ user_id: user }) => (user === null || user === panel()?.dataset.userId) && refresh());
  // What changed between the drawing of the page and the start of the stream came with no event.
  onLive("state", ({ state }) => ["live", "polling"].includes(state) && refresh());
  onKeyDownFirst(document, onKeyFirst);
  onKeyDown(document, onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("toggle", onToggle, true);
  for (const name of ["focusin", "input"]) document.addEventListener(name, onTagInput);
  wireRequests();
}

/** Wires the panel of the chat that was opened. */
export function startUserPanel() {
  for (const part of ["about", "about-notes"]) onPart(`${part}-${openChat()}`, receive);
}

let reading = new AbortController();

// It is read without being asked for, so its failures are no errors of the page: the next change reads it again.
async function refresh() {
  const address = panel()?.dataset.userPanel;
  if (!address) return;
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  const html = await getHTML(address, AbortSignal.any([signal, AbortSignal.timeout(readTimeout)]));
  if (html !== null && !signal.aborted && panel()?.dataset.userPanel === address) placeParts(elementsOf(html));
}

function receive(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old) return;
  keepNotes(old, fresh);
  keepForms(old, fresh);
  window.Idiomorph.morph(old, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true });
}

// A note that is being edited stays as it is, also with the version that its text continues, and after it was removed.
function keepNotes(old, fresh) {
  for (const note of old.querySelectorAll("[data-note]:has(details[open]):not([data-done])")) {
    const next = fresh.querySelector(`#${CSS.escape(note.id)}`);
    if (next) next.replaceWith(note.cloneNode(true));
    else fresh.querySelector(".user-notes")?.prepend(note.cloneNode(true));
  }
}

function keepForms(old, fresh) {
  for (const form of old.querySelectorAll("form:not([data-note-form])")) {
    if (!isDirty(form)) continue;
    fresh.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"]:not([data-note-form])`)?.replaceWith(form.cloneNode(true));
    const list = form.matches("[data-earlier-search]") && form.nextElementSibling;
    if (list) fresh.querySelector(`#${CSS.escape(list.id)}`)?.replaceWith(list.cloneNode(true));
  }
}

function wireRequests() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.xhr.status < 400) detail.requestConfig.elt.closest?.("[data-note]")?.setAttribute("data-done", "");
  }, true);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const { elt } = detail;
    if (!detail.successful) return;
    if (elt.matches?.("form[data-clear]")) {
      const name = elt.querySelector("textarea, input:not([type=hidden])").id;
      elt.reset();
      const field = document.getElementById(name);
      field.form.reset();
      field.focus();
    }
    if (elt.matches?.("[data-note-form]")) noteOf(elt)?.querySelector("summary").focus();
  });
}

// By its id: the answer may have replaced it.
const noteOf = (el) => document.getElementById(el.closest("[data-note]")?.id);

function onKeyFirst(event) {
  const { target, key } = event;
  if (key !== "Enter" || event.shiftKey || !target.matches?.("[data-enter-sends]")) return;
  event.preventDefault();
  target.form.requestSubmit();
}

function onKey(event) {
  const note = event.key === "Escape" && !event.defaultPrevented && event.target.closest?.("[data-note]:has(details[open])");
  if (!note) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // the drawer stays open
  closeNote(note);
}

function onClick({ target }) {
  if (target.closest?.("[data-note-cancel]")) closeNote(target.closest("[data-note]"));
  const text = target.closest?.("[data-note-text]");
  if (!text || target.closest("a") || !getSelection().isCollapsed) return;
  text.closest("[data-note]").querySelector("details").open = true;
}

function closeNote(note) {
  note.querySelector("details").open = false;
  note.querySelector("summary").focus();
}

function onToggle({ target, newState }) {
  const form = target.matches?.(".note-edit") && target.querySelector("form");
  if (!form) return;
  const field = form.elements.content;
  if (newState === "open") {
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  } else if (target.isConnected) {
    form.reset();
    refresh(); // it did not follow the changes of others while it was open
  }
}

let timer;

function onTagInput({ target }) {
  const url = target.dataset?.complete;
  if (!url || target.dataset.completed === target.value) return;
  target.dataset.completed = target.value;
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const tags = await getJSON(`${url}?q=${encodeURIComponent(target.value.trim().slice(0, 40))}`);
    target.list?.replaceChildren(...(tags ?? []).map((tag) => new Option(tag, tag)));
  }, completionDelay);
}
