// The chat in which the text of the composer was begun: another one when it was copied from there, so that no user gets by mistake what was
// meant for another.
let copied = { chat: "", text: "" };

/** Follows where the text in the field of a composer comes from. */
export function followText(form, field) {
  for (const type of ["copy", "cut"]) {
    field.addEventListener(type, () => (copied = { chat: form.dataset.chat, text: field.value.slice(field.selectionStart, field.selectionEnd) }));
  }
  field.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text/plain").replace(/\r\n/g, "\n") ?? "";
    if (pasted !== "" && pasted === copied.text && copied.chat !== form.dataset.chat) form.dataset.begun = copied.chat;
  });
  field.addEventListener("input", () => field.value === "" && delete form.dataset.begun);
}

/** The chat in which the text was begun, undefined for the composer's own. The next text is the composer's own again. */
export function begunIn(form) {
  const { begun } = form.dataset;
  delete form.dataset.begun;
  return begun;
}
