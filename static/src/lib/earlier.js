// The earlier messages of a thread. Its first row is a link to them. htmx loads them when the link is clicked, or when this
// file triggers "near" because the reader comes near the start of what is loaded.
import { onPart } from "./parts.js";
import { insertEarlier, thread } from "./thread.js";
import { translate } from "./translate.js";

const margin = 800; // pixels between the start of what is loaded and the screen at which the next page is loaded

const row = () => document.getElementById("earlier");
const link = () => row()?.querySelector("a[data-earlier]");

let observer;
let isWired = false;
let movedFocus = false; // from the link to the thread, while messages are loaded

/** Watches the start of the thread. Call again when another thread took its place. */
export function watchEarlier() {
  wire();
  observer?.disconnect();
  const box = thread()?.parentElement;
  if (!box || !link()) return;
  observer = new IntersectionObserver(onIntersection, { root: box, rootMargin: `${margin}px 0px 0px` });
  observer.observe(row());
}

/** Leaves a page of earlier messages, which is for browsers without scripts, for the last messages. Returns whether it does. */
export function leaveEarlierPage() {
  const latest = thread()?.dataset.latest;
  if (latest) location.replace(latest);
  return Boolean(latest);
}

function onIntersection(entries) {
  if (!entries.at(-1).isIntersecting || row()?.dataset.state) return;
  if (link()) window.htmx.trigger(link(), "near");
}

function wire() {
  if (isWired) return;
  isWired = true;
  onPart("earlier-page", receive);
  // What goes wrong is shown in the row, and not as an error of the page.
  const events = {
    "htmx:beforeRequest": () => {
      // The link is hidden while it loads: the focus goes to the thread, where the keys scroll on.
      movedFocus = row().contains(document.activeElement);
      if (movedFocus) thread().focus({ preventScroll: true });
      show("loading");
    },
    "htmx:afterRequest": ({ detail }) => {
      if (detail.successful) return;
      show("error");
      if (movedFocus && document.activeElement === thread()) link().focus({ preventScroll: true });
    },
    "htmx:sendError": (event) => event.stopPropagation(),
    "htmx:timeout": (event) => event.stopPropagation(),
    "htmx:beforeSwap": (event) => {
      if (event.detail.xhr.status < 400) return;
      event.stopPropagation();
      event.detail.shouldSwap = false;
    },
  };
  for (const [name, handle] of Object.entries(events)) {
    document.addEventListener(name, (event) => event.target.matches?.("[data-earlier], #earlier") && handle(event), true);
  }
}

function show(state) {
  if (!row()) return;
  row().dataset.state = state;
  row().querySelector(".earlier-wait").hidden = state !== "loading";
  row().querySelector(".earlier-error").hidden = state !== "error";
  link().textContent = translate(state === "error" ? "chat.earlier.retry" : "chat.earlier.link");
  say(state === "error" ? translate("chat.earlier.failed") : "");
}

function say(text) {
  row().querySelector('[role="status"]').textContent = text;
}

// The answer may be of a chat that was left, or of a page that is there already.
function receive(fresh) {
  const current = row();
  if (!current || fresh.dataset.chat !== thread().dataset.chat || fresh.dataset.end !== current.dataset.before) return;
  const count = insertEarlier([...fresh.querySelectorAll(":scope > .msg")]);
  show("");
  delete current.dataset.state;
  current.dataset.before = fresh.dataset.before;
  current.querySelector("[data-earlier]").replaceWith(fresh.querySelector("[data-earlier]"));
  window.htmx.process(current);
  say(translate("chat.earlier.loaded", { Count: count }));
  watchEarlier();
}
