// Popovers that are, or contain, a menu: opening one moves the focus into it, and the arrow keys go through its items.
import { onKeyDown } from "./keydown.js";

export function wireMenuKeys() {
  document.addEventListener("toggle", onToggle, true);
  onKeyDown(document, onArrowKey);
}

function onToggle(event) {
  if (event.newState !== "open" || !event.target.matches?.("[role='menu'], :has([role='menu'])")) return;
  (event.target.querySelector('[aria-checked="true"]') ?? items(event.target)[0])?.focus();
}

const items = (root) => [...root.querySelectorAll('[role^="menuitem"]')].filter((item) => !item.hidden);

function onArrowKey(event) {
  const menu = event.target.closest?.('[role="menu"]');
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!menu || step === undefined) return;
  event.preventDefault();
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const to = Number.isFinite(step) ? (at + step + all.length) % all.length : step < 0 ? 0 : all.length - 1;
  all[to].focus();
}
