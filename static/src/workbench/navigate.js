// Going from chat to chat without leaving the page: what stands beside the list is asked for and put in its place.
import { activate } from "../lib/parts.js";
import { parseProblem } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";
import { countInTitle } from "./notifications.js";
import { restoreLocalState, unread } from "./list.js";

const skeletonDelay = 150; // before a skeleton is shown
const stillLoadingDelay = 3000; // before words join it

let request = null;
let onArrival = () => {};

/** Follows links with data-nav and the browser's back and forward. whenEntered(focus) is called after each arrival. */
export function wireNavigation(onArrive) {
  onArrival = onArrive;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-nav]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link.href);
  });
  window.addEventListener("popstate", () => open(location.href, { push: false }));
}

export const openChat = () => document.getElementById("open")?.dataset.chat ?? "";

/** Puts the chat (or the empty place) of that address beside the list. */
export async function open(href, { push = true, focus = true } = {}) {
  request?.abort();
  const current = (request = new AbortController());
  const timers = [setTimeout(skeleton, skeletonDelay), setTimeout(stillLoading, stillLoadingDelay)];
  restoreLocalState(decodeURIComponent(new URL(href, location.href).pathname.split("/chats/")[1] ?? ""));
  const answer = await ask(href, current.signal);
  timers.forEach(clearTimeout);
  if (current !== request) return false;
  request = null;
  if (!answer.element) {
    onFailure(answer, href);
    return false;
  }
  document.getElementById("open").replaceWith(answer.element);
  activate(answer.element);
  if (push && location.href !== href) history.pushState({ parley: true }, "", href);
  restoreLocalState();
  showTitle();
  onArrival(focus);
  return true;
}

async function ask(href, signal) {
  try {
    const response = await fetch(href, { headers: { "HX-Request": "true", Accept: "text/html, application/problem+json" }, signal });
    const type = response.headers.get("Content-Type") ?? "";
    const body = await response.text();
    if (!response.ok) return { status: response.status, problem: parseProblem(type, body) };
    const box = document.createElement("template");
    box.innerHTML = body;
    const element = box.content.getElementById("open");
    return element ? { status: 200, element } : { status: 401, problem: {} };
  } catch {
    return { status: 0, problem: {} };
  }
}

function onFailure({ status, problem }, href) {
  if (status === 401) {
    location.assign(href); // the page leads to the sign-in
    return;
  }
  toast(status === 0 ? translate("ui.no_connection") : problem.detail || translate("ui.went_wrong"), { error: true });
  const place = document.getElementById("open");
  if (place.dataset.shows) restore(place);
  restoreLocalState();
}

const previous = document.createDocumentFragment();

// The chat that was there is kept aside, in case the next one does not come.
function skeleton() {
  const place = document.getElementById("open");
  if (place.dataset.shows) return;
  previous.replaceChildren(...place.childNodes);
  place.dataset.shows = "skeleton";
  place.append(document.getElementById("skeleton").content.cloneNode(true));
}

function restore(place) {
  place.replaceChildren(...previous.childNodes);
  delete place.dataset.shows;
}

function stillLoading() {
  document.querySelector(".skel-words")?.removeAttribute("hidden");
}

/** Names the page after what is open, with the number of unread messages before it. */
export function showTitle() {
  const title = document.getElementById("open")?.dataset.title;
  if (title) document.title = `${title} · Parley`;
  countInTitle(unread());
}
