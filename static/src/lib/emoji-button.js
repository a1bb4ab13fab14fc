// The button of the emoji picker, which is loaded when it is opened for the first time.
import { onKeyDown } from "./keydown.js";
import { insertText } from "./insert-text.js";
import { translate } from "./translate.js";

/** Wires the button of a composer. The picker is placed in front of the element place; onError(text) gets the reason why there is none. */
export function wireEmoji({ form, field, place, onError }) {
  const button = form.querySelector("[data-emoji]");
  let picker = null;
  const show = (on) => {
    picker.element.hidden = !on;
    button.ariaExpanded = String(on);
    if (on) picker.opened();
  };
  const close = () => {
    show(false);
    field.focus();
  };
  button.addEventListener("click", async () => {
    if (picker) {
      show(picker.element.hidden);
      return;
    }
    button.ariaBusy = "true";
    try {
      const { createPicker } = await import(button.dataset.emoji);
      picker ??= createPicker({ insert: (emoji, keepFocus) => insertText(field, emoji, { keepFocus }), close });
      onError("");
    } catch {
      onError(translate("chat.emoji.failed"));
      return;
    } finally {
      button.ariaBusy = null;
    }
    place.before(picker.element);
    show(true);
  });
  onKeyDown(field, (event) => {
    if (event.key !== "Escape" || !picker || picker.element.hidden) return;
    event.preventDefault();
    event.stopPropagation(); // the key is for the picker alone
    close();
  });
}
