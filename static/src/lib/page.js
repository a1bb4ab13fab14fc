// What every page with a script does: clocks, times, toasts, dialogs, and how requests of htmx are sent and their errors shown.
import { startClocks } from "./clock.js";
import { wireDialogs } from "./dialog.js";
import { wireFiles } from "./file-links.js";
import { localise } from "./format.js";
import { elementsOf, placeParts } from "./parts.js";
import { credentials, parseProblem } from "./request.js";
import { toast, wireToasts } from "./toast.js";
import { translate } from "./translate.js";

export function startPage() {
  localise();
  startClocks();
  wireDialogs();
  wireToasts();
  wireFiles();
  wireForms();
}

function wireForms() {
  const body = document.body;
  body.addEventListener("htmx:configRequest", (event) => {
    Object.assign(event.detail.headers, credentials());
  });
  body.addEventListener("htmx:beforeRequest", (event) => setBusy(event.detail, true));
  body.addEventListener("htmx:afterRequest", (event) => setBusy(event.detail, false));
  for (const name of ["htmx:sendError", "htmx:timeout"]) body.addEventListener(name, () => toast(translate("ui.no_connection"), { error: true }));
  // htmx ignores error responses: place their parts, or show their reason.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400) return;
    event.detail.shouldSwap = false;
    const type = xhr.getResponseHeader("Content-Type") ?? "";
    if (type.startsWith("text/html") && placeParts(elementsOf(xhr.responseText), { isAnswer: true }).length > 0) return;
    toast(parseProblem(type, xhr.responseText).detail || translate("ui.went_wrong"), { error: true });
  });
  body.addEventListener("htmx:afterSettle", (event) => localise(event.detail.elt));
}

function setBusy({ elt, requestConfig }, on) {
  const button = requestConfig?.triggeringEvent?.submitter ?? elt.querySelector?.('[type="submit"]');
  if (!button) return;
  if (on) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
}
