// Opens the command palette with Ctrl+K, Cmd+K or its button. Its module is loaded when it is first used.
import { onKeyDown } from "./keydown.js";

export function wirePalette() {
  const button = document.querySelector("[data-palette]");
  const dialog = document.getElementById("palette");
  if (!button || !dialog) return;
  let loading = null;
  const toggle = async () => {
    if (dialog.open) return dialog.close();
    if (document.querySelector("dialog[open]")) return undefined;
    loading ??= import(button.dataset.palette).then(({ createPalette }) => createPalette(dialog, button.href));
    try {
      (await loading).open();
    } catch {
      loading = null;
      location.assign(button.href); // the page does what the palette would
    }
    return undefined;
  };
  button.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab or window
    event.preventDefault();
    toggle();
  });
  onKeyDown(document, (event) => {
    if (event.code !== "KeyK" || event.ctrlKey === event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    toggle();
  });
}
