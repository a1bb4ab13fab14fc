// Sends receipts to the other side: delivered on arrival, read once the message is on a visible screen with the focus.
import { post } from "./request.js";
import { atEnd, thread } from "./thread.js";

const confirmed = { delivered: new Map(), read: new Map() };
const pending = { delivered: new Map(), read: new Map() };

/** base(chat) is the address of a chat's actions. attentive() is whether the user is at this page. */
export function startReceipts({ base, attentive = () => document.hasFocus() }) {
  const isRead = () => document.visibilityState === "visible" && attentive() && atEnd();
  const check = () => {
    const chat = thread()?.dataset.chat;
    const last = newest();
    if (!chat || !last) return;
    confirm("delivered", chat, last, base);
    if (isRead()) confirm("read", chat, last, base);
  };
  document.addEventListener("visibilitychange", check);
  window.addEventListener("focus", check);
  document.addEventListener("scroll", check, { passive: true, capture: true });
  check();
  return check;
}

// The newest message of the other side. System lines need no receipt.
function newest() {
  const theirs = thread()?.querySelectorAll(":scope > .msg[data-id]:not(.msg-own, .sys)") ?? [];
  return Number(theirs[theirs.length - 1]?.dataset.id ?? 0);
}

// Another chat may be open by the time a receipt is sent: each is for its own chat only.
function confirm(kind, chat, upTo, base) {
  if ((confirmed[kind].get(chat) ?? 0) >= upTo || pending[kind].has(chat)) return;
  const newestOf = () => (thread()?.dataset.chat === chat ? newest() : 0);
  const timer = setTimeout(async () => {
    const last = Math.max(newestOf(), upTo);
    const { ok, status } = await post(`${base(chat)}/mark-${kind}`, { up_to: last }, { keepalive: true });
    pending[kind].delete(chat);
    // A refusal is final; what did not get through is tried again with the next event.
    if (ok || (status >= 400 && status < 500 && status !== 429)) confirmed[kind].set(chat, last);
    if (ok && newestOf() > last) confirm(kind, chat, newestOf(), base);
  }, kind === "read" ? 250 : 100);
  pending[kind].set(chat, timer);
}
