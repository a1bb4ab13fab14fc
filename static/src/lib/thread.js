// The conversation on the screen: each message once, in order, grouped by day, and the reader's position in it.
import { now } from "./clock.js";
import { keepPicture } from "./file-links.js";
import { dayLabel, localise, minuteOf, sameDay } from "./format.js";
import { elementsOf } from "./parts.js";
import { drawFile } from "./upload-card.js";
import { translate } from "./translate.js";

const endMargin = 48; // pixels from the end that still count as being there
const rank = { sending: 0, sent: 1, delivered: 2, read: 3 };

export const thread = () => document.getElementById("thread");
const scroller = () => thread()?.parentElement;
const messages = () => [...thread().querySelectorAll(":scope > .msg")];

let unseen = 0;
let following = true;
let top = 0; // where the reader was
let watcher;

/** Starts to keep the thread in order. Call again when another thread took its place. */
export function startThread() {
  const box = scroller();
  if (!box) return;
  unseen = 0;
  arrange();
  toEnd();
  box.addEventListener("scroll", onScroll, { passive: true });
  // A composer that grows or a panel that appears pushes the thread up; it never covers the newest message.
  watcher?.disconnect();
  watcher = new ResizeObserver(() => following && toEnd());
  for (const el of [box, ...box.children]) watcher.observe(el);
  newMessagesPill()?.addEventListener("click", () => toEnd(true));
}

/**
 * Puts a message in its place. Returns {element, isOpen, fresh}: whether its chat is the one on the screen, and whether the
 * message was not there before.
 */
export function receive(message) {
  const el = typeof message === "string" ? elementsOf(message)[0] : message;
  if (el.dataset.chat !== thread()?.dataset.chat) return { element: el, isOpen: false, fresh: false };
  const old = findExisting(el);
  if (isOutdated(old, el)) return { element: el, isOpen: true, fresh: false };
  el.removeAttribute("data-replaces");
  if (old) {
    if (Number(el.dataset.changed) > Number(old.dataset.changed ?? 0)) el.classList.add("is-changed");
    keepStatus(old, el);
    keepPicture(old, el);
    old.replaceWith(el);
  } else {
    insert(el);
  }
  localise(el);
  arrange();
  if (!old) onArrival(el);
  return { element: el, isOpen: true, fresh: !old };
}

function findExisting(el) {
  const byId = el.id && document.getElementById(el.id);
  if (byId) return byId;
  const client = el.dataset.clientId;
  return client ? messages().find((m) => m.dataset.clientId === client && m.dataset.from === el.dataset.from) : null;
}

// An edited or withdrawn message takes the place of what it was, and has none where that is not shown. An answer that comes late does not
// bring back an earlier text.
function isOutdated(old, el) {
  return old ? Number(old.dataset.changed ?? 0) > Number(el.dataset.changed ?? 0) : "replaces" in el.dataset;
}

// A status never goes back, whatever order the frames come in.
function keepStatus(old, el) {
  if (rank[old.dataset.status] > rank[el.dataset.status]) setStatus(el, old.dataset.status);
}

function insert(el) {
  const id = Number(el.dataset.id);
  // What the server does not have yet stays below everything that it has.
  const after = messages().find((m) => (m.dataset.id ? Number(m.dataset.id) > id : true));
  thread().insertBefore(el, after ?? null);
}

/** Adds an own message that the server does not have yet: a text, or a file with its name, size and type. */
export function addOwn(entry, file) {
  const { clientId, text, at } = entry;
  const el = document.getElementById("bubble").content.firstElementChild.cloneNode(true);
  el.dataset.chat = thread().dataset.chat;
  el.dataset.clientId = clientId;
  el.dataset.at = new Date(at).toISOString();
  if (entry.name === undefined) el.querySelector(".say").textContent = text;
  else drawFile(el, entry, file);
  el.querySelector("time").dateTime = el.dataset.at;
  el.classList.add("is-new");
  thread().append(el);
  localise(el);
  arrange();
  toEnd();
  return el;
}

/** Shows a status as icon and text. text replaces the usual one. */
export function setStatus(el, status, text) {
  el.dataset.status = status;
  const slot = el.querySelector('[data-slot="status"]');
  if (!slot) return;
  const other = thread()?.dataset.other;
  const usual = status === "delivered" ? translate(other ? "chat.status.delivered" : "chat.status.delivered_unnamed", { Name: other }) : translate(`chat.status.${status}`);
  if (slot.textContent !== (text ?? usual)) slot.textContent = text ?? usual;
}

/** Raises the status of one own message, and of all up to an id. */
export function raiseStatus({ chat_id: chat, message_id: one, up_to: upTo, status }) {
  if (thread()?.dataset.chat !== chat) return;
  for (const el of messages()) {
    const id = Number(el.dataset.id);
    if (!el.dataset.status || !id || (id > upTo && id !== one)) continue;
    if (rank[status] > rank[el.dataset.status]) setStatus(el, status);
  }
  arrange();
}

/** Groups messages and puts a separator before each day. Doing it again changes nothing. Dispatches parley:thread. */
export function arrange() {
  const root = thread();
  if (!root) return;
  const days = new Map([...root.querySelectorAll(":scope > .day")].map((el) => [el.dataset.day, el]));
  const today = new Date(now());
  let before = null;
  const all = messages();
  all.forEach((el, i) => {
    const at = new Date(el.dataset.at);
    if (!before || !sameDay(before, at)) placeDay(days, el, at, today);
    before = at;
    if (!el.matches(".sys")) el.classList.toggle("msg-end", !sameGroup(el, all[i + 1]));
  });
  for (const stale of days.values()) stale.remove();
  document.dispatchEvent(new CustomEvent("parley:thread"));
}

function placeDay(days, el, at, today) {
  const key = at.toDateString();
  const label = dayLabel(at, today);
  let separator = days.get(key);
  days.delete(key);
  if (!separator) {
    separator = document.createElement("div");
    separator.className = "day";
    separator.dataset.day = key;
    separator.append(document.createElement("span"));
  }
  if (separator.textContent !== label) separator.firstElementChild.textContent = label;
  if (el.previousElementSibling !== separator) el.before(separator);
}

function sameGroup(a, b) {
  if (!b || b.matches(".sys, .msg-note") || a.matches(".msg-note")) return false;
  const [x, y] = [a.dataset, b.dataset];
  return x.from === y.from && x.name === y.name && x.status === y.status && minuteOf(new Date(x.at)) === minuteOf(new Date(y.at));
}

function onArrival(el) {
  el.classList.add("is-new");
  const own = el.matches(".msg-own");
  if (following || own) {
    toEnd();
    return;
  }
  if (el.matches(".sys")) return;
  unseen += 1;
  updatePill();
}

function onScroll() {
  const box = scroller();
  if (!box) return;
  // Content that grows later, such as a picture, does not end following: only scrolling up does.
  following = box.scrollHeight - box.scrollTop - box.clientHeight < endMargin || (following && box.scrollTop >= top);
  top = box.scrollTop;
  if (!following || unseen === 0) return;
  unseen = 0;
  updatePill();
}

/** Shows the newest message. */
export function toEnd(smooth = false) {
  const box = scroller();
  if (!box) return;
  following = true;
  unseen = 0;
  updatePill();
  box.scrollTo({ top: box.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  top = box.scrollTop;
}

export const atEnd = () => following;

/** The id of the last message of the chat that the reader can see, 0 for none. */
export function lastSeen() {
  const end = scroller().getBoundingClientRect().bottom;
  const seen = messages().findLast((el) => el.dataset.id && (following || el.getBoundingClientRect().top < end));
  return Number(seen?.dataset.id ?? 0);
}

const newMessagesPill = () => document.getElementById("pill");

function updatePill() {
  if (!newMessagesPill()) return;
  newMessagesPill().hidden = unseen === 0;
  if (unseen > 0) newMessagesPill().querySelector("[data-slot]").textContent = translate("chat.new_messages", { Count: unseen });
}

let typingTimer;

/** Shows for 5 seconds that the other side is typing. */
export function showTyping(name) {
  const el = document.getElementById("typing");
  if (!el) return;
  el.hidden = false;
  const text = translate("chat.typing", { Name: name });
  const separator = el.querySelector(".meta");
  if (separator.textContent !== text) separator.textContent = text;
  if (following) toEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, 5000);
}

export function hideTyping() {
  clearTimeout(typingTimer);
  const el = document.getElementById("typing");
  if (el) el.hidden = true;
}
