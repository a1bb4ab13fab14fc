// Changes the text of a field as typing does: the change can be undone, and the field dispatches "input".

/** Replaces the selection of a field with a text, unless the field cannot be changed at the moment. keepFocus: the focus stays where it is, and with it the keyboard of a touch screen. */
export function insertText(field, text, { keepFocus = false } = {}) {
  if (field.readOnly) return;
  if (!keepFocus) {
    field.focus();
    if (document.execCommand("insertText", false, text)) return; // the only way that keeps the undo history of a field
  }
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
