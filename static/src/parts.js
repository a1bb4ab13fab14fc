// A page is made of parts with ids. The stream, and answers to forms, send parts again; each takes the place of the
// one with its id. A part that has no place on this page is dropped.
import { tick } from "./clock.js";
import { localise } from "./format.js";

const special = new Map();

/** Lets receive(fresh) place the part with that id itself. */
export function onPart(id, receive) {
  special.set(id, receive);
}

/** Turns a frame into its elements. */
export function elementsOf(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return [...box.content.children];
}

/** Puts each element of a frame or a fragment in its place; answers those that were placed. */
export function placeParts(elements) {
  return elements.map(place).filter(Boolean);
}

function place(fresh) {
  if (!fresh.id) return null;
  const receive = special.get(fresh.id);
  if (receive) {
    receive(fresh);
    return settle(document.getElementById(fresh.id));
  }
  const old = document.getElementById(fresh.id);
  if (!old) return null;
  // The field that has the focus keeps what is typed in it.
  window.Idiomorph.morph(old, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true });
  return settle(document.getElementById(fresh.id));
}

/** Brings a part that was put into the page to life. */
export function settle(el) {
  if (!el) return null;
  window.htmx?.process(el);
  localise(el.parentNode ?? document);
  tick(el.parentNode ?? document);
  el.dispatchEvent(new CustomEvent("parley:part", { bubbles: true }));
  return el;
}

// hx-swap="parts": the answer of a form is parts too.
window.htmx?.defineExtension("parts", {
  isInlineSwap: (style) => style === "parts",
  handleSwap: (style, _target, fragment) => style === "parts" && placeParts([...fragment.children]),
});
