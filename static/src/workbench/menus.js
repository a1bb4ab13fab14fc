// Arrow keys in the presence menu, the drawer about the user, and what dialogs and menus do after their requests.
import { openDialog } from "../lib/dialog.js";
import { onKeyDown } from "../lib/keydown.js";
import { parseProblem } from "../lib/request.js";
import { translate } from "../lib/translate.js";

export function wireMenus() {
  document.addEventListener("toggle", onToggle, true);
  onKeyDown(document, onArrowKey);
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

function onToggle(event) {
  if (event.newState !== "open" || !event.target.matches?.(":has([role='menu'])")) return;
  (event.target.querySelector('[aria-checked="true"]') ?? items(event.target)[0])?.focus();
}

const items = (root) => [...root.querySelectorAll('[role^="menuitem"]')];

function onArrowKey(event) {
  const menu = event.target.closest?.('[role="menu"]');
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!menu || step === undefined) return;
  event.preventDefault();
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const to = Number.isFinite(step) ? (at + step + all.length) % all.length : step < 0 ? 0 : all.length - 1;
  all[to].focus();
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
