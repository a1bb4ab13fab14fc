// The keyboard of the workbench: Alt and a key by its place on the board (event.code), so that every layout works.
import { scoped } from "../lib/base.js";
import { onKeyDown } from "../lib/keydown.js";
import { local } from "../lib/storage.js";

const storageKey = scoped("parley.keys");

export function keysAreOn() {
  return local.get(storageKey) !== "off";
}

/** Listens for Alt + one of the codes in actions, and for "?" outside of fields. An action returns false to let the
 *  browser have the key. */
export function wireShortcuts(actions, help) {
  onKeyDown(document, (event) => {
    if (event.defaultPrevented || !keysAreOn()) return;
    if (document.querySelector("dialog[open]")) return;
    if (isHelpKey(event)) {
      event.preventDefault();
      help();
      return;
    }
    const altOnly = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!altOnly || event.getModifierState("AltGraph")) return;
    const action = actions[event.code];
    if (action && action(event) !== false) event.preventDefault();
  });
}

function isHelpKey(event) {
  if (event.key !== "?" || event.altKey || event.ctrlKey || event.metaKey) return false;
  return !event.target.closest("input, textarea, select, [contenteditable]");
}

/** Wires the help overlay with its switch. */
export function wireHelp(dialog) {
  const box = dialog.querySelector("[data-keys-on]");
  box.checked = keysAreOn();
  document.documentElement.toggleAttribute("data-keys-off", !box.checked);
  box.addEventListener("change", () => {
    local.set(storageKey, box.checked ? "on" : "off");
    document.documentElement.toggleAttribute("data-keys-off", !box.checked);
  });
}
