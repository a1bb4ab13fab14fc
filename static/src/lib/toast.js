// Short messages at the edge. Never the only place where a thing is said.
const most = 3;
const stays = 6000;

/** Shows text; options: title, error (stays until closed), action {label, run}, about (what dropToasts takes away). */
export function toast(text, { title = "", error = false, action, about = "" } = {}) {
  const box = document.getElementById("toasts");
  const mould = document.getElementById("toast");
  if (!box || !mould || !(text || title)) return;
  const el = mould.content.firstElementChild.cloneNode(true);
  el.querySelector('[data-slot="title"]').textContent = title;
  el.querySelector('[data-slot="text"]').textContent = text;
  el.classList.toggle("toast-red", error);
  el.setAttribute("role", error ? "alert" : "status");
  el.dataset.about = about;
  if (action) el.querySelector(".grow").append(button(action, el));
  while (box.children.length >= most) box.firstElementChild.remove();
  box.append(el);
  if (!error) leave(el);
}

function button({ label, run }, el) {
  const line = document.createElement("p");
  const press = document.createElement("button");
  line.className = "toast-x";
  press.type = "button";
  press.className = "btn btn-s btn-primary";
  press.textContent = label;
  press.addEventListener("click", () => {
    el.remove();
    run();
  });
  line.append(press);
  return line;
}

function leave(el) {
  const later = () => (el.matches(":hover, :focus-within") ? setTimeout(later, 1000) : el.remove());
  setTimeout(later, stays);
}

/** Takes away what was said about something that is now on the screen. */
export function dropToasts(about) {
  for (const el of document.querySelectorAll("#toasts > .toast")) if (el.dataset.about === about) el.remove();
}

export function wireToasts() {
  document.addEventListener("click", (event) => event.target.closest?.("[data-dismiss]")?.closest(".toast, .banner")?.remove());
}
