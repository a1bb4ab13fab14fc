// Counts unread messages; the loader shows the number on its button and in the title of the page. Tabs of the same user
// agree: what one has shown, none counts.
import { scoped } from "../lib/base.js";
import { thread } from "../lib/thread.js";

let host;
let count = 0;
let channel;

export function startUnread(connection) {
  host = connection;
  try {
    channel = new BroadcastChannel(scoped("parley.seen"));
    channel.onmessage = ({ data }) => data === thread()?.dataset.chat && set(0);
  } catch {
    // a frame without storage has no channel either
  }
  host.on("open", markSeen);
  host.on("attention", markSeen);
  window.addEventListener("focus", markSeen);
  recountUnread();
}

/** Counts the unread messages of the thread. */
export function recountUnread() {
  set(thread().querySelectorAll('.msg[data-seen="sent"], .msg[data-seen="delivered"]').length);
}

/** A message of the other side arrived. */
export function countUnread() {
  if (host.attentive()) markSeen();
  else set(count + 1);
}

function markSeen() {
  if (!host.attentive()) return;
  set(0);
  channel?.postMessage(thread().dataset.chat);
}

function set(next) {
  count = next;
  host.send("unread", { count });
}
