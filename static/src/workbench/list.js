// The list of chats. Rows never move under a pointer or the focus: the order is kept until both are gone, while the rows
// are updated in place. A new chat appears as soon as the pointer rests.
import { countMoves } from "../lib/count-moves.js";
import { flip, measure } from "../lib/flip.js";
import { activate } from "../lib/parts.js";
import { isPointed, watchPointer } from "../lib/pointer-rest.js";
import { translate } from "../lib/translate.js";
import { showDraft } from "./drafts.js";

const pointerRestTime = 1500;

let list;
let pending = null;
let pendingMoves = 0;
let movedAt = 0;
let resumeTimer;
const typing = new Map(); // chat → timer

export function watchList() {
  list = document.getElementById("list");
  if (!list) return;
  watchPointer("#list", resume);
  document.addEventListener("pointermove", () => (movedAt = Date.now()), { passive: true });
  document.addEventListener("parley:draft", (event) => {
    const row = rowOf(event.detail.chat);
    if (row) showDraft(row);
  });
  restoreLocalState();
}

export const rows = () => [...document.querySelectorAll("#list a.row")];
/** The rows as the server last sent them, though their order on the screen may be older. */
export const latestRows = () => (pending ? [...pending.querySelectorAll("a.row")] : rows());
export const latestRow = (chat) => latestRows().find((row) => row.dataset.chat === chat);
export const unread = () => latestRows().reduce((sum, row) => sum + Number(row.dataset.unread || 0), 0);
export const rowOf = (chat) => document.getElementById(`row-${chat}`);

/** Receives the list from the server. */
export function receiveList(fresh) {
  list = document.getElementById("list");
  if (!list) return;
  const moves = countMoves(rows(), [...fresh.querySelectorAll("a.row")], positionKey);
  if (moves > 0 && isPaused(fresh)) {
    pendingMoves = moves;
    pending = fresh;
    for (const row of fresh.querySelectorAll("a.row")) {
      const mine = rowOf(row.dataset.chat);
      if (mine) morph(mine, row.cloneNode(true));
    }
    restoreLocalState();
    showPendingCount();
    resume();
    return;
  }
  show(fresh);
}

/** Receives one row with its place, or the id of one that is gone: <template data-section data-next> or <template data-gone>. */
export function receiveRow({ dataset, content }) {
  list = document.getElementById("list");
  if (!list) return;
  const fresh = pending ?? list.cloneNode(true);
  const li = content.firstElementChild;
  fresh.querySelector(`#${CSS.escape(dataset.gone ?? li.id)}`)?.remove();
  if (li) {
    const section = fresh.querySelector(`#${dataset.section} > ol`);
    section.insertBefore(li, dataset.next ? section.querySelector(`#${CSS.escape(dataset.next)}`) : null);
  }
  receiveList(fresh);
  activate(li && rowOf(li.id.slice("item-".length)));
}

function isPaused(fresh) {
  if (hasNewChat(fresh)) return isPointed("#list") && Date.now() - movedAt < pointerRestTime;
  return isPointed("#list") || Boolean(list.querySelector(":focus-visible"));
}

const hasNewChat = (fresh) => [...fresh.querySelectorAll("a.row")].some((row) => row.dataset.state !== "ended" && !rowOf(row.dataset.chat));

function resume() {
  clearTimeout(resumeTimer);
  if (!pending) return;
  if (!isPaused(pending)) {
    show(pending);
    activate(list);
  } else if (hasNewChat(pending)) resumeTimer = setTimeout(resume, pointerRestTime);
}

const positionKey = (row) => `${row.closest("section").id} ${row.id}`;

function show(fresh) {
  pending = null;
  pendingMoves = 0;
  const before = measure(rows());
  morph(list, fresh);
  list = document.getElementById("list");
  restoreLocalState();
  showPendingCount();
  flip(rows(), before);
}

function morph(old, fresh) {
  window.Idiomorph.morph(old, fresh, { ignoreActiveValue: true, callbacks: { beforeAttributeUpdated: keepLocalAttributes } });
}

// What this tab knows and the server does not.
function keepLocalAttributes(name) {
  return name !== "aria-current" && name !== "data-typing" && name !== "data-drafted";
}

/** Restores what only this tab knows: the open chat, who is typing, drafts. */
export function restoreLocalState(open = document.getElementById("open")?.dataset.chat) {
  for (const row of rows()) {
    if (row.dataset.chat === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.toggleAttribute("data-typing", typing.has(row.dataset.chat));
    showDraft(row);
  }
}

function showPendingCount() {
  const chip = document.getElementById("held");
  chip.hidden = pendingMoves === 0;
  if (pendingMoves > 0) chip.textContent = translate("workbench.held", { Count: pendingMoves });
}

/** Shows in its row that a user is typing, for 5 seconds. */
export function showTyping(chat) {
  rowOf(chat)?.setAttribute("data-typing", "");
  clearTimeout(typing.get(chat));
  typing.set(chat, setTimeout(() => stopTyping(chat), 5000));
}

export function stopTyping(chat) {
  clearTimeout(typing.get(chat));
  typing.delete(chat);
  rowOf(chat)?.removeAttribute("data-typing");
}

/** The row of the user who has waited longest for a reply; null when none waits. */
export function longestWaiting() {
  return (pending ?? document).querySelector("#list-awaiting a.row, #list-messages a.row[data-state=awaiting]");
}

/** The row by away from the open one, around the ends. */
export function neighbour(by) {
  const open = rows().filter((row) => row.dataset.state !== "ended");
  if (open.length === 0) return null;
  const at = open.findIndex((row) => row.matches("[aria-current]"));
  if (at < 0) return by > 0 ? open[0] : open.at(-1);
  return open[(at + by + open.length) % open.length];
}

export const nth = (n) => rows()[n - 1] ?? null;
