// A chat that a supervisor follows. Its page polls for its parts (hx-trigger on main); this adds messages to the thread.
import { onPart } from "../lib/parts.js";
import { receive, startThread, thread } from "../lib/thread.js";

export function followChat() {
  if (!thread()) return;
  startThread();
  const main = document.getElementById("main");
  main.addEventListener("htmx:beforeRequest", (event) => {
    event.stopPropagation(); // it must not mark a button of the page as busy
    if (document.visibilityState === "hidden") event.preventDefault();
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
    for (const message of fresh.querySelectorAll(":scope > .msg")) {
      if (document.getElementById(message.id)?.dataset.status !== message.dataset.status || !document.getElementById(message.id)) receive(message);
    }
  });
}
