// Rows that change place move there in 200 ms.
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Notes where elements with ids are; glide moves them from there after a change. */
export function places(elements) {
  return new Map([...elements].map((el) => [el.id, el.getBoundingClientRect()]));
}

export function glide(elements, before) {
  if (still.matches) return;
  for (const el of elements) {
    const was = before.get(el.id);
    if (!was) continue;
    const is = el.getBoundingClientRect();
    const [x, y] = [was.left - is.left, was.top - is.top];
    if (Math.abs(x) < 1 && Math.abs(y) < 1) continue;
    el.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 200, easing: "cubic-bezier(.2,.7,.3,1)" });
  }
}
