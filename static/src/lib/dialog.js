// data-open="id" opens the dialog with that id, data-close closes the one it is in. A form with data-confirm="id"
// is sent only after the dialog with that id was answered by its data-yes button.
export function wireDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open]");
    if (opener) {
      event.preventDefault();
      opener.closest("[popover]")?.hidePopover();
      openDialog(opener.dataset.open);
      return;
    }
    if (event.target.closest?.("[data-close]")) {
      event.preventDefault();
      event.target.closest("dialog")?.close();
    }
    // A click outside the dialog hits its backdrop, whose event target is the dialog itself.
    if (event.target.matches?.("dialog") && outside(event.target, event)) event.target.close();
  });
  document.addEventListener("submit", confirmFirst, true);
}

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  for (const error of dialog.querySelectorAll("[data-refused]")) error.hidden = true;
  dialog.showModal();
}

function outside(dialog, event) {
  const rect = dialog.getBoundingClientRect();
  return event.clientX < rect.left || event.clientX > rect.right || event.clientY < rect.top || event.clientY > rect.bottom;
}

function confirmFirst(event) {
  const form = event.target;
  const dialog = document.getElementById(form.dataset.confirm ?? "");
  if (!dialog || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  dialog.querySelector("[data-yes]").onclick = () => {
    form.dataset.confirmed = "yes";
    dialog.close();
    form.requestSubmit();
  };
  dialog.showModal();
}
