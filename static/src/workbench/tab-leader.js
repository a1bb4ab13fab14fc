// One tab of the workbench leads, and one of the supervisors’ page: only it plays sounds, shows notifications and confirms what arrives in chats that are
// not open. Tabs share which chat is on a visible screen.
import { scoped } from "../lib/base.js";
import { local } from "../lib/storage.js";

let isLeading = false;

export const isLeader = () => isLeading;

/** Takes part in the election among the pages of a kind; whenLeading is called once this tab leads. */
export function electLeader(whenLeading, kind = "parley-workbench") {
  if (navigator.locks) {
    navigator.locks
      .request(scoped(kind), () => {
        isLeading = true;
        whenLeading();
        return new Promise(() => {}); // held until the tab is gone
      })
      .catch(() => lease(whenLeading, kind)); // a browser may have locks and refuse them
    return;
  }
  lease(whenLeading, kind);
}

// Plain http on another host has no locks: a lease in localStorage, renewed while the tab lives.
function lease(whenLeading, kind) {
  const id = String(Math.random());
  const leaseKey = scoped(kind === "parley-workbench" ? "parley.lead" : `${kind}.lead`); // the former is stored by earlier releases
  const renew = () => {
    const [holder, until] = (local.get(leaseKey) || " 0").split(" ");
    const was = isLeading;
    isLeading = holder === id || Number(until) < Date.now();
    if (isLeading) local.set(leaseKey, `${id} ${Date.now() + 5000}`);
    if (isLeading && !was) whenLeading();
  };
  renew();
  setInterval(renew, 2000);
  window.addEventListener("pagehide", () => isLeading && local.remove(leaseKey));
}

const openChatKey = scoped("parley.looking");

/** Shares with the other tabs which chat is on screen here, "" for none. */
export function shareOpenChat(chat) {
  if (chat) local.set(openChatKey, chat);
  else if (document.visibilityState === "hidden" || !document.hasFocus()) local.remove(openChatKey);
}

export const isOpenInSomeTab = (chat) => local.get(openChatKey) === chat;
