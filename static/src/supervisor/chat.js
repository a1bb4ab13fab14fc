// A chat that is read along. Its page is fetched again every few seconds while somebody looks at it.
import { placeParts } from "../lib/parts.js";
import { receive, startThread, thread } from "../lib/thread.js";

const interval = 4000;
const parts = ["chat-state", "chat-facts", "read-only", "assign-list"];

export function followChat() {
  if (!thread()) return;
  startThread();
  const state = () => document.getElementById("chat-state")?.dataset.status;
  if (state() === "ended") return;
  const loop = async () => {
    if (document.visibilityState === "visible") await refresh(state());
    if (state() !== "ended") setTimeout(loop, interval);
  };
  setTimeout(loop, interval);
}

async function refresh(before) {
  let page;
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
    if (!response.ok || response.redirected) return;
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return; // the next one may succeed
  }
  // Another state has other forms; what is being typed into the old ones would have no use.
  if (page.getElementById("chat-state")?.dataset.status !== before) {
    location.reload();
    return;
  }
  placeParts(parts.map((id) => page.getElementById(id)).filter(Boolean));
  for (const message of page.querySelectorAll("#thread > .msg")) {
    const mine = document.getElementById(message.id);
    if (mine?.dataset.status !== message.dataset.status || !mine) receive(message.outerHTML);
  }
}
