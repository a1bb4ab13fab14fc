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
  wirePlainForms();
}

const resendAfter = 10_000; // a form whose answer is a file leaves the page as it is

// A plain form is sent once. A second click while its answer is on its way would send it again, and with that discard the first answer.
function wirePlainForms() {
  const sent = new Map();
  const release = (form) => {
    clearTimeout(sent.get(form).timer);
    sent.get(form).button?.removeAttribute("aria-busy");
    sent.delete(form);
  };
  // On the window, after everything that sends a form in another way.
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (sent.has(form)) return event.preventDefault();
    event.submitter?.setAttribute("aria-busy", "true");
    sent.set(form, { button: event.submitter, timer: setTimeout(release, resendAfter, form) });
  });
  addEventListener("pageshow", () => [...sent.keys()].forEach(release)); // the page is shown again from the browser's history
}

function wireForms() {
  const body = document.body;
  body.addEventListener("htmx:configRequest", (event) => {
    Object.assign(event.detail.headers, credentials());
  });
  body.addEventListener("htmx:beforeRequest", (event) => {
    // No event means a poll ("every 10s"). While the page is hidden, its answer would not be seen.
    if (document.hidden && !event.detail.requestConfig.triggeringEvent) event.preventDefault();
    else setBusy(event.detail, true);
  });
  document.addEventListener("visibilitychange", () => document.hidden || body.dispatchEvent(new Event("page:visible")));
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
