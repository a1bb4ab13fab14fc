// A page is made of parts with ids. The live stream and the answers to requests send parts again, and each replaces the
// one with the same id. A part that has no place on this page is dropped. hx-swap="parts", which every page sets on its
// body, does the same with what htmx receives.
import { tick } from "./clock.js";
import { localise } from "./format.js";

const special = new Map();

/** Lets receive(fresh) place the part with that id itself. */
export function onPart(id, receive) {
  special.set(id, receive);
}

/** Parses HTML into its elements. */
export function elementsOf(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  // Only the parser of a page takes their content as text. Here it would become elements, and fields of a form.
  for (const el of box.content.querySelectorAll("noscript")) el.remove();
  return [...box.content.children];
}

/**
 * Puts each element in its place; returns those that were placed. What a person has entered in
 * a form survives, and so does what is open, unless the element is the answer to that form: isAnswer.
 * Such an answer also moves the focus to its element with autofocus; with data-complete-answer it replaces even the field that has the focus.
 */
export function placeParts(elements, { isAnswer = false } = {}) {
  const placed = elements.map((fresh) => place(fresh, isAnswer)).filter(Boolean);
  if (isAnswer) placed.map((part) => (part.autofocus ? part : part.querySelector("[autofocus]"))).find(Boolean)?.focus();
  return placed;
}

function place(fresh, isAnswer) {
  if (!fresh.id) return null;
  const receive = special.get(fresh.id);
  if (receive) {
    receive(fresh);
    return activate(document.getElementById(fresh.id));
  }
  const old = document.getElementById(fresh.id);
  if (!old) return null;
  const kept = isAnswer ? new Set() : editedControls(old, fresh);
  window.Idiomorph.morph(old, fresh, {
    morphStyle: "outerHTML",
    ignoreActiveValue: !(isAnswer && "completeAnswer" in fresh.dataset), // the field that has the focus
    callbacks: { beforeAttributeUpdated: (name, el) => (isAnswer || name !== "open") && (!kept.has(el) || !enteredAttributes.includes(name)) },
  });
  return activate(document.getElementById(fresh.id));
}

const enteredAttributes = ["value", "checked", "selected", "aria-invalid"];

/** The controls and options of old that differ from what the server sent, in forms that fresh still has. */
function editedControls(old, fresh) {
  const edited = new Set();
  for (const form of old.querySelectorAll("form")) {
    if (!fresh.querySelector(`form[action="${CSS.escape(form.getAttribute("action") ?? "")}"]`)) continue;
    const groups = new Set();
    for (const control of form.elements) {
      if (control.options ? [...control.options].some((o) => o.selected !== o.defaultSelected) : isEdited(control)) groups.add(control.name);
    }
    for (const control of form.elements) {
      if (!groups.has(control.name)) continue;
      edited.add(control);
      for (const option of control.options ?? []) edited.add(option);
    }
  }
  return edited;
}

function isEdited(control) {
  if (control.ariaInvalid === "true") return true;
  return control.type === "radio" || control.type === "checkbox" ? control.checked !== control.defaultChecked : control.value !== control.defaultValue;
}

/** Wires a part that was put into the page: hx-* attributes, times and clocks. Dispatches parley:part on it. */
export function activate(el) {
  if (!el) return null;
  window.htmx?.process(el);
  localise(el.parentNode ?? document);
  tick(el.parentNode ?? document);
  el.dispatchEvent(new CustomEvent("parley:part", { bubbles: true }));
  return el;
}

window.htmx?.defineExtension("parts", {
  isInlineSwap: (style) => style === "parts",
  handleSwap: (style, _target, fragment) => {
    if (style !== "parts") return false;
    placeParts([...fragment.children], { isAnswer: true });
    return true; // not the elements: htmx would focus the one with autofocus again after 20 ms, when a person may have moved on
  },
});
