// Short messages at the edge. Never the only place where a thing is said.
const most = 3;
const stays = 6000;

/** Shows text; options: title, error (stays until closed). */
export function toast(text, { title = "", error = false } = {}) {
  const box = document.getElementById("toasts");
  const mould = document.getElementById("toast");
  if (!box || !mould || !text) return;
  const el = mould.content.firstElementChild.cloneNode(true);
  el.querySelector('[data-slot="title"]').textContent = title;
  el.querySelector('[data-slot="text"]').textContent = text;
  el.classList.toggle("toast-red", error);
  el.setAttribute("role", error ? "alert" : "status");
  while (box.children.length >= most) box.firstElementChild.remove();
  box.append(el);
  if (!error) leave(el);
}

function leave(el) {
  const later = () => (el.matches(":hover, :focus-within") ? setTimeout(later, 1000) : el.remove());
  setTimeout(later, stays);
}

export function wireToasts() {
  document.addEventListener("click", (event) => event.target.closest?.("[data-dismiss]")?.closest(".toast, .banner")?.remove());
}
