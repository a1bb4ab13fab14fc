// A chat that a supervisor follows. Its page polls for its parts (hx-trigger on main); this adds messages to the thread.
import { leaveEarlierPage, watchEarlier } from "../lib/earlier.js";
import { showLinkedMessage, showsLinkedMessage } from "../lib/linked-message.js";
import { onPart } from "../lib/parts.js";
import { receive, replaceMessages, startThread, thread } from "../lib/thread.js";

export function followChat() {
  if (!thread() || (!showsLinkedMessage() && leaveEarlierPage())) return;
  startThread();
  showLinkedMessage();
  watchEarlier();
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
  const status = document.getElementById("chat-state").dataset.status;
  onPart("chat-state", (fresh) => (fresh.dataset.status === status ? document.getElementById("chat-state").replaceWith(fresh) : location.reload()));
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
