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
let top = 0; // the last scroll position
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
  } else if (isBeforeStart(el)) {
    return { element: el, isOpen: true, fresh: false }; // it comes with the earlier messages
  } else {
    insert(el);
  }
  wire(el);
  arrangeAt(el);
  if (!old) onArrival(el);
  return { element: el, isOpen: true, fresh: !old };
}

function findExisting(el) {
  const byId = el.id && document.getElementById(el.id);
  if (byId) return byId;
  const client = el.dataset.clientId;
  return client ? messages().find((m) => m.dataset.clientId === client && m.dataset.from === el.dataset.from) : null;
}

// Between it and the first message that is loaded there may be others.
function isBeforeStart(el) {
  const before = thread().querySelector(":scope > .earlier:has(a[data-earlier])")?.dataset.before;
  return Boolean(before) && Number(el.dataset.id) < Number(before);
}

// An edited or withdrawn message takes the place of what it was, and has none where that is not shown. An answer that comes late does not
// bring back an earlier text.
function isOutdated(old, el) {
  return old ? Number(old.dataset.changed ?? 0) > Number(el.dataset.changed ?? 0) : "replaces" in el.dataset;
}

// A status never goes back, in any order of frames.
function keepStatus(old, el) {
  if (rank[old.dataset.status] > rank[el.dataset.status]) setStatus(el, old.dataset.status);
}

// Few messages have links that htmx follows: those that came by e-mail.
function wire(el) {
  if (el.querySelector("[hx-get]")) window.htmx?.process(el);
  localise(el);
}

function insert(el) {
  const id = Number(el.dataset.id);
  // Messages that the server does not have yet stay below all others.
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
  arrangeAt(el);
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
  const raised = messages().filter((el) => {
    const id = Number(el.dataset.id);
    return el.dataset.status && id && (id <= upTo || id === one) && rank[status] > rank[el.dataset.status];
  });
  for (const el of raised) setStatus(el, status);
  if (raised.length > 20) arrange();
  else raised.forEach(arrangeAt);
}

/** Replaces the messages on the screen by those of another thread of the same chat, between which nothing was seen. */
export function replaceMessages(fresh) {
  thread().replaceChildren(...fresh.children);
  for (const el of messages()) wire(el);
  arrange();
  toEnd();
}

/**
 * Puts earlier messages of the chat before those on the screen; what the reader sees stays where it is. Returns how many
 * there were. Their sizes are measured apart from the long thread and kept, so that the browser lays them out only near
 * the screen.
 */
export function insertEarlier(earlier) {
  const box = scroller();
  const root = thread();
  const fresh = earlier.filter((el) => !findExisting(el));
  const anchor = firstVisible(box);
  const before = anchor?.getBoundingClientRect().top;
  for (const el of fresh) wire(el);
  keepSizes(fresh, root);
  root.ariaLive = "off"; // a log announces what is added to it, and this is not new
  box.style.overflowAnchor = "none"; // the browser would move the messages as well, if it can
  const row = root.querySelector(":scope > .earlier");
  if (row) row.after(...fresh);
  else root.prepend(...fresh);
  arrange();
  if (anchor) box.scrollTop += anchor.getBoundingClientRect().top - before;
  top = box.scrollTop;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    box.style.overflowAnchor = "";
    root.ariaLive = "polite";
  }));
  return fresh.length;
}

// The last of them may end another group than it does alone, and system lines have padding besides: they are few.
function keepSizes(fresh, root) {
  const measure = root.cloneNode();
  for (const name of ["id", "role", "aria-live", "tabindex"]) measure.removeAttribute(name);
  measure.inert = true;
  Object.assign(measure.style, { position: "fixed", top: 0, visibility: "hidden", width: `${root.getBoundingClientRect().width}px` });
  measure.append(...fresh);
  root.after(measure);
  const sized = fresh.slice(0, -1).filter((el) => !el.matches(".sys"));
  const sizes = sized.map((el) => el.getBoundingClientRect());
  sized.forEach((el, n) => {
    el.style.containIntrinsicSize = `auto ${sizes[n].width}px auto ${sizes[n].height}px`;
    el.classList.add("is-earlier");
  });
  measure.remove();
}

function firstVisible(box) {
  const start = box.getBoundingClientRect().top;
  return messages().find((el) => el.getBoundingClientRect().bottom > start);
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
  announceChange();
}

const announceChange = () => document.dispatchEvent(new CustomEvent("parley:thread"));

// Does the same for one message and its neighbours, unless it begins or ends a day.
function arrangeAt(el) {
  const before = neighbour(el, "previousElementSibling");
  const after = neighbour(el, "nextElementSibling");
  const at = new Date(el.dataset.at);
  const sameDayAs = (other) => sameDay(new Date(other.dataset.at), at);
  if (!before || !sameDayAs(before) || (after && !sameDayAs(after))) {
    arrange();
    return;
  }
  if (!before.matches(".sys")) before.classList.toggle("msg-end", !sameGroup(before, el));
  if (!el.matches(".sys")) el.classList.toggle("msg-end", !sameGroup(el, after));
  announceChange();
}

function neighbour(el, direction) {
  let other = el[direction];
  while (other && !other.matches(".msg")) other = other[direction];
  return other;
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
  const label = el.querySelector(".meta");
  if (label.textContent !== text) label.textContent = text;
  if (following) toEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, 5000);
}

export function hideTyping() {
  clearTimeout(typingTimer);
  const el = document.getElementById("typing");
  if (el) el.hidden = true;
}
