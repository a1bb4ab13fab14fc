// Chats that other agents offer to this one, and what became of the agent's own offers. The cards are parts of the page; this
// announces them, and their keys answer them.
import { at } from "../lib/base.js";
import { onLive } from "../lib/live.js";
import { onPart } from "../lib/parts.js";
import { removeToasts, toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";
import { chatURL } from "./chat-url.js";
import { notify } from "./notifications.js";

const cards = () => [...document.querySelectorAll("#offers .offer:not([hidden])")];

/** Announces offers; open(path) goes to a page. */
export function wireOffers(open) {
  // The new card, and not the event of the offer, is announced: after a gap the page has the card alone.
  onPart("offers", (fresh) => placeCards(fresh).forEach((card) => announceOffer(card, open)));
  onLive("transfer_answered", (offer) => (offer.is_mine ? announceAnswer(offer, open) : announceEnd(offer)));
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    const card = detail.elt.closest("#offers .offer");
    if (card?.hidden) card.remove();
    if (detail.successful && card && detail.elt.dataset.accept) open(chatURL(detail.elt.dataset.accept));
  });
}

// A card does not change: the one on the screen stays, with the reason that the agent is typing. Returns the new ones.
function placeCards(fresh) {
  const box = document.getElementById("offers");
  const kept = new Set([...fresh.children].map(({ id }) => id));
  for (const card of cards().filter(({ id }) => !kept.has(id))) {
    // The stream may be faster than the answer to a form of the card, which has to stay in the page until then.
    if (card.querySelector(".htmx-request")) card.hidden = true;
    else card.remove();
  }
  const added = [...fresh.children].filter(({ id }) => !document.getElementById(id));
  box.append(...added);
  return added;
}

function announceOffer(card, open) {
  const title = card.dataset.offer;
  say(title);
  // On a narrow screen the list, and the card in it, is behind the open chat.
  if (!card.checkVisibility()) toast(title, { about: card.id, action: { label: translate("workbench.offer.show"), run: () => open(at("/workbench")) } });
  notify(title, card.dataset.wants, { kind: "chat", chat: card.id, path: at("/workbench"), open });
}

function announceEnd(offer) {
  removeToasts(`offer-${offer.offer_id}`);
  if (["withdrawn", "expired"].includes(offer.state)) say(translate("workbench.offer.gone", { Name: offer.user_name }));
}

function announceAnswer(offer, open) {
  const title = answerTo(offer);
  if (!title) return;
  toast(title);
  notify(title, "", { kind: "message", chat: `offer-${offer.offer_id}`, path: at("/workbench"), open });
}

function answerTo({ state, department, reason, service_name: agent, user_name: name }) {
  const values = { Agent: agent, Name: name, Reason: reason };
  if (state === "accepted") return translate("workbench.offer.accepted_by", values);
  if (!["declined", "expired"].includes(state)) return "";
  if (department) return translate("workbench.offer.went_to_queue", values);
  if (state === "expired") return translate("workbench.offer.unanswered_by", values);
  return translate(reason ? "workbench.offer.declined_why" : "workbench.offer.declined_by", values);
}

function say(text) {
  document.getElementById("offer-says").textContent = text;
}

/** Accepts the offer that ends first. Returns false if there is none. */
export function acceptOffer() {
  const form = cards()[0]?.querySelector("[data-accept]");
  form?.requestSubmit();
  return Boolean(form);
}

/** Asks why the offer that ends first is declined. Returns false if there is none. */
export function declineOffer() {
  const reasons = cards()[0]?.querySelector(".offer-decline");
  if (!reasons?.checkVisibility()) return false;
  reasons.open = true;
  reasons.querySelector("form button").focus();
  return true;
}
