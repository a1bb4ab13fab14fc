// Short messages at the edge of the screen. They are never the only place where something is shown.
const maxToasts = 3;
const visibleFor = 6000;

/** Shows text; options: title, error (stays until closed), action {label, run}, about (for removeToasts). */
export function toast(text, { title = "", error = false, action, about = "" } = {}) {
  const box = document.getElementById("toasts");
  const template = document.getElementById("toast");
  if (!box || !template || !(text || title)) return;
  const el = template.content.firstElementChild.cloneNode(true);
  el.querySelector('[data-slot="title"]').textContent = title;
  el.querySelector('[data-slot="text"]').textContent = text;
  el.classList.toggle("toast-red", error);
  el.setAttribute("role", error ? "alert" : "status");
  el.dataset.about = about;
  if (action) el.querySelector(".grow").append(button(action, el));
  while (box.children.length >= maxToasts) box.firstElementChild.remove();
  box.append(el);
  if (!error) removeLater(el);
}

function button({ label, run }, el) {
  const paragraph = document.createElement("p");
  const control = document.createElement("button");
  paragraph.className = "toast-x";
  control.type = "button";
  control.className = "btn btn-s btn-primary";
  control.textContent = label;
  control.addEventListener("click", () => {
    el.remove();
    run();
  });
  paragraph.append(control);
  return paragraph;
}

function removeLater(el) {
  const later = () => (el.matches(":hover, :focus-within") ? setTimeout(later, 1000) : el.remove());
  setTimeout(later, visibleFor);
}

/** Removes toasts about something that is now on the screen. */
export function removeToasts(about) {
  for (const el of document.querySelectorAll("#toasts > .toast")) if (el.dataset.about === about) el.remove();
}

export function wireToasts() {
  document.addEventListener("click", (event) => event.target.closest?.("[data-dismiss]")?.closest(".toast, .banner")?.remove());
}
