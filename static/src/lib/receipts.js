// Sends receipts to the other side: delivered on arrival, read once the message is on a visible screen with the focus.
import { post } from "./request.js";
import { atEnd, thread } from "./thread.js";

const confirmed = new Map(); // the last message, by kind of receipt and chat
const pending = new Set();

/** base(chat) is the address of a chat's actions. attentive() is whether the user is at this page. */
export function startReceipts({ base, attentive = () => document.hasFocus() }) {
  const isRead = () => document.visibilityState === "visible" && attentive() && atEnd();
  const check = () => {
    const chat = thread()?.dataset.chat;
    const last = newest();
    if (!chat || !last) return;
    confirm("delivered", chat, last);
    if (isRead()) confirm("read", chat, last);
  };
  // Another chat may be open by the time a receipt is sent, and the user elsewhere: each covers its own chat only, and as read
  // only what the user had in front of them.
  const confirm = (kind, chat, upTo) => {
    const key = kind + chat;
    if (confirmed.get(key) >= upTo || pending.has(key)) return;
    const send = async () => {
      const isCurrent = thread()?.dataset.chat === chat && (kind === "delivered" || isRead());
      const last = isCurrent ? newest() : upTo;
      const { ok, status } = await post(`${base(chat)}/mark-${kind}`, { up_to: last }, { keepalive: true });
      pending.delete(key);
      // A refusal is final; what did not get through is tried again with the next event.
      if (ok || (status >= 400 && status < 500 && status !== 429)) confirmed.set(key, last);
      if (ok) check();
    };
    pending.add(key);
    setTimeout(send, kind === "read" ? 250 : 100);
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
