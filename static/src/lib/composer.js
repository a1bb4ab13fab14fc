// The field for a message: Enter sends, Shift+Enter breaks the line, Enter of an input method never sends.
import { isBlank } from "./is-blank.js";
import { onKeyDown } from "./keydown.js";
import { post } from "./request.js";

/** The length of a message in code points, as the server limits it. */
export const maxLength = 4000;

/**
 * onSend(text) gets the message. typingURL() is the address of the typing signal, "" for none. onTooLong(length) is called in
 * place of onSend for a text that is too long, onChange(text) for every change. A text for which canSend(text) is false stays.
 */
export function wireComposer({ form, field, onSend, typingURL = () => "", onTooLong = () => {}, canSend = () => true, onChange = () => {} }) {
  let typingSentAt = 0;
  const send = () => {
    const text = field.value.replace(/\s+$/, "");
    if (isBlank(text)) return;
    const length = [...text].length;
    if (length > maxLength) {
      onTooLong(length);
      return;
    }
    if (!canSend(text)) return;
    field.value = "";
    typingSentAt = 0;
    fit();
    onChange("");
    onSend(text);
  };
  const fit = () => {
    const button = form.querySelector('.send, [type="submit"]');
    button?.toggleAttribute("disabled", isBlank(field.value));
    if (CSS.supports("field-sizing", "content")) return;
    field.rows = Math.min(5, field.value.split("\n").length);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  });
  onKeyDown(field, (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  });
  field.addEventListener("input", () => {
    fit();
    onChange(field.value);
    const url = typingURL();
    if (!url || isBlank(field.value) || Date.now() - typingSentAt < 3000) return;
    typingSentAt = Date.now();
    post(url);
  });
  fit();
  return { fit };
}
