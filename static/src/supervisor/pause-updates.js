// Lists whose rows must not move under a pointer or the focus. While one is there, the order is kept, the rows that stay
// are updated in place, and a chip shows how many updates are pending.
import { flip, measure } from "../lib/flip.js";
import { countMoves } from "../lib/count-moves.js";
import { onPart, activate } from "../lib/parts.js";
import { isPointed, watchPointer } from "../lib/pointer-rest.js";
import { translate } from "../lib/translate.js";

// Scripts give these to links that open menus. Without this, every row would change with each update.
const addedByScripts = ["role", "aria-haspopup"];
const lists = new Map(); // id → {rows, pending, moves, busy}

/** Keeps the order of the part with that id while a row is in use or busy() is true. rows selects its rows, which have ids. */
export function pauseReordering(id, rows, busy = () => false) {
  lists.set(id, { rows, pending: null, moves: 0, busy });
  watchPointer(rowsOf(id), resume);
  onPart(id, (fresh) => receive(id, fresh));
}

/** Shows pending updates of the lists that are not in use any more. */
export function resume() {
  for (const [id, list] of lists) if (list.pending && !isPaused(id, list)) place(id, list, list.pending);
}

const rowsOf = (id) => `#${id} :is(${lists.get(id).rows})`;

function isPaused(id, list) {
  return isPointed(rowsOf(id)) || list.busy() || Boolean(document.querySelector(`${rowsOf(id)} :focus-visible`));
}

function receive(id, fresh) {
  const list = lists.get(id);
  const panel = document.getElementById(id);
  if (!panel) return;
  const moves = countMoves(...[panel, fresh].map((el) => [...el.querySelectorAll(list.rows)]));
  if (moves === 0 || !isPaused(id, list)) {
    place(id, list, fresh);
    return;
  }
  list.pending = fresh;
  list.moves = moves;
  const [title, newTitle] = [panel, fresh].map((el) => el.querySelector("h2[id]")); // the number of rows is always current
  if (title && newTitle) morph(title, newTitle.cloneNode(true));
  for (const row of panel.querySelectorAll(list.rows)) {
    const twin = fresh.querySelector(`#${CSS.escape(row.id)}`);
    if (twin) activate(morph(row, twin.cloneNode(true)));
    else if (!fresh.querySelector(".list-more")) markRemoved(row); // otherwise it may be behind the first rows
  }
  showCount(panel, list);
}

/** Marks a row that is shown only because the pointer or the focus is on it. */
function markRemoved(row) {
  row.toggleAttribute("data-gone", true);
  for (const link of row.querySelectorAll("a")) link.setAttribute("aria-disabled", "true");
}

function place(id, list, fresh) {
  const panel = document.getElementById(id);
  list.pending = null;
  list.moves = 0;
  const before = measure(panel.querySelectorAll(list.rows));
  morph(panel, fresh);
  const now = document.getElementById(id);
  activate(now);
  showCount(now, list);
  flip(now.querySelectorAll(list.rows), before);
}

function morph(old, fresh) {
  const { id } = old;
  window.Idiomorph.morph(old, fresh, {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: { beforeAttributeUpdated: (name, _el, change) => change !== "remove" || !addedByScripts.includes(name) },
  });
  return document.getElementById(id);
}

function showCount(panel, list) {
  const chip = panel.querySelector("[data-held]");
  if (!chip) return;
  chip.hidden = list.moves === 0;
  chip.textContent = list.moves > 0 ? translate("supervisor.held", { Count: list.moves }) : "";
}
