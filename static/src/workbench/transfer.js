// The dialog of a transfer: a field finds agents and departments, and Enter in it chooses the first one found.
import { onKeyDown } from "../lib/keydown.js";

export function wireTransfer() {
  document.addEventListener("input", ({ target }) => target.matches?.("[data-taker-filter]") && filter(target));
  onKeyDown(document, onKey);
}

const takersOf = (field) => [...field.form.querySelectorAll(".taker")];

function filter(field) {
  const text = field.value.trim().toLowerCase();
  for (const taker of takersOf(field)) taker.hidden = !taker.querySelector("b").textContent.toLowerCase().includes(text);
  field.form.querySelector("[data-no-taker]").hidden = takersOf(field).some((taker) => !taker.hidden);
}

function onKey(event) {
  const field = event.target;
  if (event.key !== "Enter" || !field.matches?.("[data-taker-filter]")) return;
  event.preventDefault();
  const first = takersOf(field).find((taker) => !taker.hidden)?.querySelector("input");
  if (!first || field.value.trim() === "") return;
  first.click();
  field.form.elements.wants.focus();
}
