// Why a chat waits, in a drawer of the live page or on a page of its own. The drawer is one form for all rows: this points it at a row, and
// htmx reads the answer again while it is shown. Without scripts the link of the row leads to the page.
import { openDialog } from "../lib/dialog.js";
import { resume } from "./pause-updates.js";

const drawer = () => document.getElementById("why");

export const whyIsOpen = () => Boolean(drawer()?.open);

export function wireWhy() {
  const form = document.getElementById("why-form");
  if (!form) return;
  form.addEventListener("htmx:beforeRequest", (event) => {
    event.stopPropagation(); // it must not mark a button of the page as busy
    if ((drawer() && !whyIsOpen()) || document.visibilityState === "hidden") event.preventDefault();
  });
  // The next answer may succeed: errors of one are not shown.
  for (const name of ["htmx:sendError", "htmx:timeout"]) form.addEventListener(name, (event) => event.stopPropagation());
  form.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status < 400) return;
    event.stopPropagation();
    event.detail.shouldSwap = false;
  });
  if (!drawer()) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-why]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-disabled") !== "true") open(form, link);
  });
  drawer().addEventListener("close", resume);
}

function open(form, link) {
  form.reset();
  form.setAttribute("hx-get", link.getAttribute("href"));
  window.htmx.process(form);
  document.getElementById("why-h").textContent = link.textContent;
  document.getElementById("why-body").replaceChildren();
  openDialog("why");
  window.htmx.trigger(form, "why:open");
}
