// Menus that are <details class="drop">: they open without a script; with one they also close by Esc, by a click
// beside them and when the focus leaves.
import { onKeyDown } from "./keydown.js";

export function wireDrops() {
  const close = (except) => {
    for (const drop of document.querySelectorAll("details.drop[open]")) if (drop !== except) drop.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.drop")));
  document.addEventListener("focusin", (event) => close(event.target.closest("details.drop")));
  onKeyDown(document, (event) => {
    const drop = event.key === "Escape" && event.target.closest("details.drop[open]");
    if (!drop) return;
    drop.open = false;
    drop.querySelector("summary").focus();
  });
}
