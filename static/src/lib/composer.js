// The field one writes in: Enter sends, Shift+Enter breaks the line, a text being composed is never sent by Enter.
import { isBlank } from "./is-blank.js";
import { onKeyDown } from "./keydown.js";
import { post } from "./request.js";

const most = 4000;

/** onSend(text) takes the text; typing() gives the address to tell the other side, or "". tooLong(length) says so. */
export function wireComposer({ form, field, onSend, typing = () => "", tooLong = () => {}, changed = () => {} }) {
  let toldAt = 0;
  const send = () => {
    const text = field.value.replace(/\s+$/, "");
    if (isBlank(text)) return;
    const length = [...text].length;
    if (length > most) {
      tooLong(length);
      return;
    }
    field.value = "";
    toldAt = 0;
    fit();
    changed("");
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
    changed(field.value);
    const address = typing();
    if (!address || isBlank(field.value) || Date.now() - toldAt < 3000) return;
    toldAt = Date.now();
    post(address);
  });
  fit();
  return { fit };
}
