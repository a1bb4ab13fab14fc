// Going from chat to chat without leaving the page: what stands beside the list is asked for and put in its place.
import { settle } from "../lib/parts.js";
import { problemOf } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { word } from "../lib/translate.js";
import { countInTitle } from "./notifications.js";
import { dress, unread } from "./list.js";

const patience = 150; // before a skeleton is shown
const longWait = 3000; // before words join it

let asking = null;
let entered = () => {};

/** Follows links with data-nav and the browser's back and forward. whenEntered(focus) is called after each arrival. */
export function wireOpening(whenEntered) {
  entered = whenEntered;
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
  asking?.abort();
  const mine = (asking = new AbortController());
  const timers = [setTimeout(skeleton, patience), setTimeout(stillLoading, longWait)];
  dress(decodeURIComponent(new URL(href, location.href).pathname.split("/chats/")[1] ?? ""));
  const answer = await ask(href, mine.signal);
  timers.forEach(clearTimeout);
  if (mine !== asking) return false;
  asking = null;
  if (!answer.element) {
    refuse(answer, href);
    return false;
  }
  document.getElementById("open").replaceWith(answer.element);
  settle(answer.element);
  if (push && location.href !== href) history.pushState({ parley: true }, "", href);
  dress();
  showTitle();
  entered(focus);
  return true;
}

async function ask(href, signal) {
  try {
    const response = await fetch(href, { headers: { "HX-Request": "true", Accept: "text/html, application/problem+json" }, signal });
    const type = response.headers.get("Content-Type") ?? "";
    const body = await response.text();
    if (!response.ok) return { status: response.status, problem: problemOf(type, body) };
    const box = document.createElement("template");
    box.innerHTML = body;
    const element = box.content.getElementById("open");
    return element ? { status: 200, element } : { status: 401, problem: {} };
  } catch {
    return { status: 0, problem: {} };
  }
}

function refuse({ status, problem }, href) {
  if (status === 401) {
    location.assign(href); // the page leads to the sign-in
    return;
  }
  toast(status === 0 ? word("ui.no_connection") : problem.detail || word("ui.went_wrong"), { error: true });
  const place = document.getElementById("open");
  if (place.dataset.shows) restore(place);
  dress();
}

const kept = document.createDocumentFragment();

// The chat that was there is kept aside, in case the next one does not come.
function skeleton() {
  const place = document.getElementById("open");
  if (place.dataset.shows) return;
  kept.replaceChildren(...place.childNodes);
  place.dataset.shows = "skeleton";
  place.append(document.getElementById("skeleton").content.cloneNode(true));
}

function restore(place) {
  place.replaceChildren(...kept.childNodes);
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
