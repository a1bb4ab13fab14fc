// Menus that are <details class="drop">: they open without a script; with one they also close by Esc, by a click
// beside them and when the focus leaves.
import { onKeyDown } from "./keydown.js";

export function wireDropdowns() {
  const close = (except) => {
    for (const dropdown of document.querySelectorAll("details.drop[open]")) if (dropdown !== except) dropdown.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.drop")));
  document.addEventListener("focusin", (event) => close(event.target.closest("details.drop")));
  onKeyDown(document, (event) => {
    const dropdown = event.key === "Escape" && event.target.closest("details.drop[open]");
    if (!dropdown) return;
    dropdown.open = false;
    dropdown.querySelector("summary").focus();
  });
}
