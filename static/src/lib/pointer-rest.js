// Which lists the mouse is on. Their rows keep their places until it has left them.
const lists = new Map(); // selector → {pointed, release}

/** Calls release whenever the mouse leaves the elements that match selector, and whenever the focus moves. */
export function watchPointer(selector, release) {
  if (lists.size === 0) listen();
  lists.set(selector, { pointed: false, release });
}

export const isPointed = (selector) => lists.get(selector)?.pointed ?? false;

function listen() {
  document.addEventListener("pointerover", (event) => {
    for (const [selector, list] of lists) {
      const over = event.pointerType === "mouse" && Boolean(event.target.closest?.(selector));
      if (over === list.pointed) continue;
      list.pointed = over;
      if (!over) list.release();
    }
  });
  document.documentElement.addEventListener("pointerleave", () => {
    for (const list of lists.values()) list.pointed = false;
    releaseAll();
  });
  document.addEventListener("focusout", () => setTimeout(releaseAll));
}

function releaseAll() {
  for (const list of lists.values()) list.release();
}
