// Outcome and tags in the dialogs that end and wrap up a chat: a field finds tags, and Enter in it adds or removes the
// first one found. Enter in the empty field sends the form with what is chosen, which at first is what is suggested.
import { openDialog } from "../lib/dialog.js";
import { onKeyDown } from "../lib/keydown.js";

export function wireWrapUp() {
  document.addEventListener("input", ({ target }) => target.matches?.("[data-tag-filter]") && filter(target));
  onKeyDown(document, onKey);
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id === "wrap-up-place") openDialog("wrap-up");
    if (target.id === "wrap-up-place" || target.id === "end-wrap-up") focusFirst(target);
  });
}

const choicesOf = (field) => [...field.closest("[data-tags]").querySelectorAll(".choice")];
const found = (field) => choicesOf(field).filter((choice) => !choice.hidden);

function filter(field) {
  const text = field.value.trim().toLowerCase();
  const choices = choicesOf(field);
  for (const choice of choices) choice.hidden = !choice.textContent.toLowerCase().includes(text);
  const first = found(field)[0];
  for (const choice of choices) choice.classList.toggle("is-next", text !== "" && choice === first);
  field.closest("[data-tags]").querySelector("[data-no-tag]").hidden = Boolean(first);
}

function onKey(event) {
  const field = event.target;
  if (event.key !== "Enter" || !field.matches?.("[data-tag-filter]") || field.value.trim() === "") return;
  event.preventDefault();
  const first = found(field)[0]?.querySelector("input");
  if (!first) return;
  first.click();
  field.value = "";
  filter(field);
}

// A field in which the agent has begun to write keeps the focus.
function focusFirst(root) {
  const { activeElement: active } = document;
  if (active?.matches("dialog input:not([type=radio], [type=checkbox])") && active.value) return;
  (root.querySelector("[data-tag-filter]") ?? root.querySelector(":checked") ?? root.querySelector("input[type=radio]"))?.focus();
}
