// Rows that change place move there in 200 ms.
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Stores the positions of elements with ids; glide animates them from there after a change. */
export function measure(elements) {
  return new Map([...elements].map((el) => [el.id, el.getBoundingClientRect()]));
}

export function flip(elements, before) {
  if (reducedMotion.matches) return;
  for (const el of elements) {
    const from = before.get(el.id);
    if (!from) continue;
    const to = el.getBoundingClientRect();
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (Math.abs(x) < 1 && Math.abs(y) < 1) continue;
    el.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 200, easing: "cubic-bezier(.2,.7,.3,1)" });
  }
}
