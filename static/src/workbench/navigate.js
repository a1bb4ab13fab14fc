// Going from chat to chat without leaving the page. Links declare it with hx-get and hx-target="#open". This adds the
// address bar, a skeleton for slow answers, errors, and the mark of the open chat in the list.
import { onPart } from "../lib/parts.js";
import { restoreLocalState, unread } from "./list.js";
import { countInTitle } from "./notifications.js";

const skeletonDelay = 150;
const stillLoadingDelay = 3000; // before the skeleton shows that loading takes long

const place = () => document.getElementById("open");
let timers = [];

export const openChat = () => place()?.dataset.chat ?? "";

/** Wires links and the browser's back and forward. onArrive(focus) is called after each arrival. */
export function wireNavigation(onArrive) {
  onPart("open", (fresh) => place().replaceWith(fresh));
  for (const [name, handle] of Object.entries({ beforeRequest: start, beforeSwap: decide, sendError: showPrevious, timeout: showPrevious, afterRequest: stop })) {
    document.addEventListener(`htmx:${name}`, (event) => event.detail.target?.id === "open" && handle(event), true);
  }
  document.addEventListener("parley:part", ({ target }) => {
    if (target.id !== "open") return;
    restoreLocalState();
    showTitle();
    onArrive(true);
  });
  window.addEventListener("popstate", () => open(location.href));
  document.addEventListener("click", leaveToBrowser, true);
}

// With a modifier key a link opens another tab or window.
function leaveToBrowser(event) {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (modified && event.target.closest?.("a[hx-get]:not([data-dialog])")) event.stopPropagation();
}

/** Opens the chat at that address, or the view without a chat, like a link to it. */
export function open(href) {
  window.htmx.ajax("GET", href, { source: ".top-home" });
}

function start({ detail }) {
  stop();
  timers = [setTimeout(showSkeleton, skeletonDelay), setTimeout(showStillLoading, stillLoadingDelay)];
  restoreLocalState(decodeURIComponent(urlOf(detail).pathname.split("/chats/")[1]?.split("/")[0] ?? ""));
}

function decide(event) {
  const { detail } = event;
  const { status, responseText } = detail.xhr;
  const { href } = urlOf(detail);
  if (status === 401 || (status === 200 && !responseText.includes('id="open"'))) {
    event.stopPropagation();
    detail.shouldSwap = false;
    location.assign(href); // the page leads to the sign-in
  } else if (status >= 400) {
    showPrevious();
  } else if (location.href !== href) {
    history.pushState({ parley: true }, "", href);
  }
}

const urlOf = ({ requestConfig }) => new URL(requestConfig.path, location.href);

function stop() {
  timers.forEach(clearTimeout);
}

// The chat that was there stays hidden, in case the next one does not come.
function showSkeleton() {
  if (skeleton().length > 0) return;
  for (const el of place().children) el.hidden = true;
  place().append(document.getElementById("skeleton").content.cloneNode(true));
}

const skeleton = () => place().querySelectorAll("[data-skeleton]");

function showStillLoading() {
  document.querySelector(".skel-words")?.removeAttribute("hidden");
}

function showPrevious() {
  if (skeleton().length > 0) {
    for (const el of skeleton()) el.remove();
    for (const el of place().children) el.hidden = false;
  }
  restoreLocalState();
}

/** Names the page after what is open, with the number of unread messages before it. */
export function showTitle() {
  const title = place()?.dataset.title;
  if (title) document.title = `${title} · Parley`;
  countInTitle(unread());
}
