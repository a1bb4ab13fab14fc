// A chat that a supervisor watches. The stream brings messages, statuses and typing; chat_changed makes the page request its other parts
// (hx-trigger on main), which are also requested now and then for what is not part of the chat, such as positions and loads.
import { onLive } from "../lib/live.js";
import { leaveEarlierPage, watchEarlier } from "../lib/earlier.js";
import { showLinkedMessage, showsLinkedMessage } from "../lib/linked-message.js";
import { onPart } from "../lib/parts.js";
import { placeEvent } from "../lib/replay.js";
import { hideTyping, raiseStatus, receive, replaceMessages, showTyping, startThread, thread } from "../lib/thread.js";
import { wireAssist } from "./assist.js";

export function followChat() {
  if (!thread() || (!showsLinkedMessage() && leaveEarlierPage())) return;
  startThread();
  showLinkedMessage();
  watchEarlier();
  wireAssist();
  onLive("message", hideTyping);
  onLive("message_status", (status) => placeEvent(() => raiseStatus(status)));
  onLive("typing", ({ sender_type: who }) => showTyping(who === "user" ? thread().dataset.other : chatState().dataset.agent));
  // The chat has ended meanwhile, or the session has.
  onLive("refused", () => location.reload());
  const main = document.getElementById("main");
  main.addEventListener("htmx:beforeRequest", (event) => {
    event.stopPropagation(); // it must not mark a button of the page as busy
    if (event.target === main && document.visibilityState === "hidden") event.preventDefault();
  });
  // The next poll may succeed: its errors are not shown.
  for (const name of ["htmx:sendError", "htmx:timeout"]) main.addEventListener(name, (event) => event.stopPropagation());
  main.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status < 400) return;
    event.stopPropagation();
    event.detail.shouldSwap = false;
  });
  // Another status has other forms, so what is typed into the old ones is of no use.
  const { status } = chatState().dataset;
  onPart("chat-state", (fresh) => (fresh.dataset.status === status ? chatState().replaceWith(fresh) : location.reload()));
  onPart("thread", (fresh) => {
    const messages = [...fresh.querySelectorAll(":scope > .msg")];
    if (messages.length > 0 && thread().querySelector(":scope > .msg") && !messages.some(({ id }) => document.getElementById(id))) {
      replaceMessages(fresh); // more came, while the page was hidden, than a poll brings
      watchEarlier();
      return;
    }
    for (const message of messages) {
      if (document.getElementById(message.id)?.dataset.status !== message.dataset.status || !document.getElementById(message.id)) receive(message);
    }
  });
}

const chatState = () => document.getElementById("chat-state");
