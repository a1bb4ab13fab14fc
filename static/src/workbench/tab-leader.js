// Of all tabs of the workbench one leads: it alone makes sounds, shows notices and confirms what arrives in chats that
// are not open. Tabs tell one another which chat is being looked at.
import { scoped } from "../lib/base.js";
import { local } from "../lib/storage.js";

const leaseKey = scoped("parley.lead");
let isLeading = false;

export const isLeader = () => isLeading;

/** Stands for the lead; whenLeading is called once this tab has it. */
export function electLeader(whenLeading) {
  if (navigator.locks) {
    navigator.locks
      .request(scoped("parley-workbench"), () => {
        isLeading = true;
        whenLeading();
        return new Promise(() => {}); // held until the tab is gone
      })
      .catch(() => lease(whenLeading)); // a browser may have locks and refuse them
    return;
  }
  lease(whenLeading);
}

// Plain http on another host has no locks: a lease in localStorage, renewed while the tab lives.
function lease(whenLeading) {
  const id = String(Math.random());
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

/** Tells the other tabs which chat this one shows to somebody, "" for none. */
export function shareOpenChat(chat) {
  if (chat) local.set(openChatKey, chat);
  else if (document.visibilityState === "hidden" || !document.hasFocus()) local.remove(openChatKey);
}

export const isOpenInSomeTab = (chat) => local.get(openChatKey) === chat;
