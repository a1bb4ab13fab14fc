// Of all tabs of the workbench one leads: it alone makes sounds, shows notices and confirms what arrives in chats that
// are not open. Tabs tell one another which chat is being looked at.
import { scoped } from "../lib/base.js";
import { local } from "../lib/storage.js";

const lead = scoped("parley.lead");
let leads = false;

export const isLeader = () => leads;

/** Stands for the lead; whenLeading is called once this tab has it. */
export function stand(whenLeading) {
  if (navigator.locks) {
    navigator.locks
      .request(scoped("parley-workbench"), () => {
        leads = true;
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
  const me = String(Math.random());
  const renew = () => {
    const [holder, until] = (local.get(lead) || " 0").split(" ");
    const was = leads;
    leads = holder === me || Number(until) < Date.now();
    if (leads) local.set(lead, `${me} ${Date.now() + 5000}`);
    if (leads && !was) whenLeading();
  };
  renew();
  setInterval(renew, 2000);
  window.addEventListener("pagehide", () => leads && local.remove(lead));
}

const looking = scoped("parley.looking");

/** Tells the other tabs which chat this one shows to somebody, "" for none. */
export function tellLooking(chat) {
  if (chat) local.set(looking, chat);
  else if (document.visibilityState === "hidden" || !document.hasFocus()) local.remove(looking);
}

export const isLookedAt = (chat) => local.get(looking) === chat;
