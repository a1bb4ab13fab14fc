// The drawer about the user, and what dialogs and menus do after their requests.
import { openDialog } from "../lib/dialog.js";
import { onKeyDown } from "../lib/keydown.js";
import { wireMenuKeys } from "../lib/menu-keys.js";
import { parseProblem } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";

export function wireMenus() {
  wireMenuKeys();
  document.addEventListener("click", onClick);
  onKeyDown(document, (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open")) closeDrawer();
  });
  document.addEventListener("htmx:beforeSwap", showErrorInDialog, true);
  document.addEventListener("htmx:afterSettle", ({ target }) => target.id === "transfer-place" && openDialog("transfer"));
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    detail.elt.closest("[popover]")?.hidePopover();
    detail.elt.closest("dialog")?.close();
    const act = detail.elt.closest("[data-mail-act]");
    if (!act) return;
    const details = act.closest("details");
    details.open = false;
    details.querySelector("summary").focus();
    toast(act.dataset.mailAct.replace("\u2026", () => act.elements.email?.value ?? ""));
  });
}

// A toast would lie behind the dialog: its errors are shown inside it.
function showErrorInDialog(event) {
  const { xhr, requestConfig } = event.detail;
  const line = requestConfig.elt.closest("dialog")?.querySelector("[data-refused]");
  if (!line || xhr.status < 400) return;
  event.stopPropagation();
  event.detail.shouldSwap = false;
  line.textContent = parseProblem(xhr.getResponseHeader("Content-Type") ?? "", xhr.responseText).detail || translate("ui.went_wrong");
  line.hidden = false;
}

function onClick(event) {
  const { target } = event;
  const link = target.closest?.("[data-drawer], [data-drawer-close]");
  if (link) event.preventDefault();
  if (link?.matches("[data-drawer]")) openDrawer(link);
  else if (link || !target.closest?.("#about, dialog, .toasts, [data-dialog]")) closeDrawer(Boolean(link));
}

let opener = null;

function openDrawer(from) {
  const about = document.getElementById("about");
  opener = from;
  about.classList.add("is-open");
  about.focus();
}

function closeDrawer(back = true) {
  const about = document.querySelector("#about.is-open");
  if (!about) return;
  about.classList.remove("is-open");
  if (back && opener?.isConnected) opener.focus();
}

/** Presses the link that opens a dialog, if the open chat has it. */
export function openChatDialog(name) {
  const link = document.querySelector(`#open [data-dialog="${name}"]`);
  link?.click();
  return Boolean(link);
}
