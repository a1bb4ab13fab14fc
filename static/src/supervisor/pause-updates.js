// Lists whose rows must not move under a pointer or the focus: while one is there, the order is held, the rows that
// stay go on telling the truth, and a chip says how many updates wait.
import { glide, places } from "../lib/flip.js";
import { countMoves } from "../lib/count-moves.js";
import { onPart, settle } from "../lib/parts.js";
import { word } from "../lib/translate.js";

const holds = new Map(); // id → {rows, fresh, count, pointed, reasons}

/** Holds the order of the part with that id; rows is a selector of its rows, which have ids. busy() holds it too. */
export function holdOrder(id, rows, busy = () => false) {
  holds.set(id, { rows, fresh: null, count: 0, pointed: false, busy });
  onPart(id, (fresh) => receive(id, fresh));
}

export function watchHolds() {
  document.addEventListener("pointerover", (event) => {
    for (const [id, hold] of holds) {
      const over = event.pointerType === "mouse" && Boolean(event.target.closest?.(`#${id} :is(${hold.rows})`));
      if (hold.pointed === over) continue;
      hold.pointed = over;
      if (!over) release();
    }
  });
  document.documentElement.addEventListener("pointerleave", () => {
    for (const hold of holds.values()) hold.pointed = false;
    release();
  });
  document.addEventListener("focusout", () => setTimeout(release));
}

/** Shows what was held, wherever nothing holds it any more. */
export function release() {
  for (const [id, hold] of holds) if (hold.fresh && !isHeld(id, hold)) place(id, hold, hold.fresh);
}

function isHeld(id, hold) {
  return hold.pointed || hold.busy() || Boolean(document.querySelector(`#${id} :is(${hold.rows}) :focus-visible`));
}

function receive(id, fresh) {
  const hold = holds.get(id);
  const panel = document.getElementById(id);
  if (!panel) return;
  const moves = countMoves(...[panel, fresh].map((el) => [...el.querySelectorAll(hold.rows)]));
  if (moves === 0 || !isHeld(id, hold)) {
    place(id, hold, fresh);
    return;
  }
  hold.fresh = fresh;
  hold.count = moves;
  const [title, newTitle] = [panel, fresh].map((el) => el.querySelector("h2[id]")); // how many there are is not held
  if (title && newTitle) morph(title, newTitle.cloneNode(true));
  for (const row of panel.querySelectorAll(hold.rows)) {
    const twin = fresh.querySelector(`#${CSS.escape(row.id)}`);
    if (twin) settle(morph(row, twin.cloneNode(true)));
    else if (!fresh.querySelector(".list-more")) leave(row); // it may be behind the first rows
  }
  say(panel, hold);
}

/** Marks a row that stands here only because somebody is on it. */
function leave(row) {
  row.toggleAttribute("data-gone", true);
  for (const link of row.querySelectorAll("a")) link.setAttribute("aria-disabled", "true");
}

function place(id, hold, fresh) {
  const panel = document.getElementById(id);
  hold.fresh = null;
  hold.count = 0;
  const before = places(panel.querySelectorAll(hold.rows));
  morph(panel, fresh);
  const now = document.getElementById(id);
  settle(now);
  say(now, hold);
  glide(now.querySelectorAll(hold.rows), before);
}

function morph(old, fresh) {
  const { id } = old;
  window.Idiomorph.morph(old, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true });
  return document.getElementById(id);
}

function say(panel, hold) {
  const chip = panel.querySelector("[data-held]");
  if (!chip) return;
  chip.hidden = hold.count === 0;
  chip.textContent = hold.count > 0 ? word("supervisor.held", { Count: hold.count }) : "";
}
