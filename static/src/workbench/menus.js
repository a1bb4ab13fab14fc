// The presence menu by arrows, the drawer of the person, and the dialogs that end a chat or hand it over.
import { openDialog } from "../lib/dialog.js";
import { onKeyDown } from "../lib/keydown.js";
import { activate } from "../lib/parts.js";
import { parseProblem } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";

export function wireMenus() {
  document.addEventListener("toggle", onToggle, true);
  onKeyDown(document, onArrowKey);
  document.addEventListener("click", onClick);
  onKeyDown(document, (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open")) closeDrawer();
  });
  document.addEventListener("htmx:beforeSwap", showErrorInDialog, true);
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    detail.elt.closest("[popover]")?.hidePopover();
    detail.elt.closest("dialog")?.close();
  });
}

// A toast would lie behind the dialog: what was refused in it is said in it.
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
  const el = event.target.closest?.("[data-dialog], [data-drawer], [data-drawer-close], a[data-close]");
  if (!el) {
    if (!event.target.closest?.("#about, dialog, .toasts")) closeDrawer(false);
    return;
  }
  event.preventDefault();
  if (el.matches("[data-dialog]")) act(el);
  else if (el.matches("[data-drawer]")) openDrawer(el);
  else if (el.matches("[data-drawer-close]")) closeDrawer();
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

async function act(link) {
  link.closest("[popover]")?.hidePopover();
  if (link.dataset.dialog === "end") {
    const dialog = openDialog("end");
    dialog.querySelector("[data-refused]").hidden = true;
    dialog.querySelector('input:not([type="hidden"])').focus();
    return;
  }
  // Who has room changes by the second, so the choice is asked for when it is wanted.
  const answer = await ask(link.href);
  if (!answer.html) {
    toast(answer.why, { error: true });
    return;
  }
  const place = document.getElementById("transfer-place");
  place.innerHTML = answer.html;
  activate(place.firstElementChild);
  openDialog("transfer")?.querySelector("textarea")?.focus();
}

async function ask(href) {
  try {
    const response = await fetch(href, { headers: { "HX-Request": "true", Accept: "text/html, application/problem+json" } });
    const body = await response.text();
    if (response.ok) return { html: body };
    return { why: parseProblem(response.headers.get("Content-Type") ?? "", body).detail || translate("ui.went_wrong") };
  } catch {
    return { why: translate("ui.no_connection") };
  }
}

/** Presses the link that opens a dialog, if the open chat has it. */
export function openChatDialog(name) {
  const link = document.querySelector(`#open [data-dialog="${name}"]`);
  if (!link) return false;
  act(link);
  return true;
}
