// Marks messages as delivered, also in chats that are not open. Only the open chat marks them as read.
import { post } from "../lib/request.js";
import { chatURL } from "./chat-url.js";
import { isLeader } from "./tab-leader.js";

const waiting = new Map();

/** Confirms the messages of a chat up to one, or all of them. Many in a row are one request. */
export function confirmDelivery(chat, upTo) {
  if (!isLeader()) return;
  const was = waiting.get(chat);
  clearTimeout(was?.timer);
  const last = upTo && was?.last !== undefined ? Math.max(upTo, was.last) : upTo;
  const timer = setTimeout(() => {
    waiting.delete(chat);
    post(`${chatURL(chat)}/mark-delivered`, last ? { up_to: last } : {}, { keepalive: true });
  }, 150);
  waiting.set(chat, { timer, last });
}
