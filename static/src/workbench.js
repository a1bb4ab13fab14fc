// The workbench: connects its modules and handles the events of the live stream.
import { at } from "./lib/base.js";
import { openDialog } from "./lib/dialog.js";
import { leaveEarlierPage, watchEarlier } from "./lib/earlier.js";
import { wireDropdowns } from "./lib/dropdown.js";
import { removeOldDrafts } from "./lib/drafts.js";
import { onLive } from "./lib/live.js";
import { startPage } from "./lib/page.js";
import { showLinkedMessage, showsLinkedMessage } from "./lib/linked-message.js";
import { wirePalette } from "./lib/palette.js";
import { onPart } from "./lib/parts.js";
import { renewPush, watchSignOut } from "./lib/push.js";
import { placeEvent } from "./lib/replay.js";
import { startReceipts } from "./lib/receipts.js";
import { hideTyping, raiseStatus, showTyping, startThread } from "./lib/thread.js";
import { removeToasts, toast } from "./lib/toast.js";
import { translate } from "./lib/translate.js";
import { chatURL } from "./workbench/chat-url.js";
import { confirmDelivery } from "./workbench/confirm-delivery.js";
import { wireShortcuts, wireHelp } from "./workbench/keys.js";
import { electLeader, isOpenInSomeTab, shareOpenChat } from "./workbench/tab-leader.js";
import * as list from "./workbench/list.js";
import { remind, startReminders } from "./workbench/reminders.js";
import { reportInput } from "./workbench/report-input.js";
import { watchConnection } from "./workbench/contact-lost.js";
import { openChatDialog, wireMenus } from "./workbench/menus.js";
import { notify, wireNotifications } from "./workbench/notifications.js";
import { acceptOffer, declineOffer, wireOffers } from "./workbench/offers.js";
import { open, openChat, showTitle, wireNavigation } from "./workbench/navigate.js";
import { startSharedDrafts } from "./workbench/shared-drafts.js";
import { wireReader } from "./workbench/reader.js";
import { wireTransfer } from "./workbench/transfer.js";
import { startUserPanel, wireUserPanel } from "./workbench/user-panel.js";
import { wireWrapUp } from "./workbench/wrap-up.js";
import { startAssistant } from "./workbench/assistant.js";
import { flushAll, showPending, showWhisperTab, startComposer, focusComposer } from "./workbench/compose.js";

const narrow = () => matchMedia("(max-width: 767px)").matches;
const nameOf = (chat) => list.latestRow(chat)?.dataset.name ?? "";

startPage();
removeOldDrafts();
startSharedDrafts();
wireDropdowns();
wirePalette();
list.watchList();
wireUserPanel();
wireReader();
wireMenus();
wireWrapUp();
wireTransfer();
startAssistant();
wireOffers(open);
wireNotifications(document.getElementById("bell"), open);
watchSignOut();
renewPush(document.getElementById("bell").dataset.worker);
wireHelp(document.getElementById("keys"));
wireNavigation(enter);
onPart("list", (fresh) => {
  list.receiveList(fresh);
  showTitle();
  remind();
});
onPart("list-row", (fresh) => {
  list.receiveRow(fresh);
  showTitle();
  remind();
});
const check = startReceipts({ base: chatURL });
electLeader(confirmUnopenedChats);
onLive("message", ({ messages }) => messages.forEach(onMessage));
onLive("message_status", (status) => placeEvent(() => raiseStatus(status)));
onLive("replayed", check);
onLive("typing", onTyping);
onLive("arrived", onChatAssigned);
onLive("whispered", onWhisper);
onLive("taken_over", onTakenOver);
onLive("erased", onChatsErased);
onLive("state", showPending);
onLive("reconnected", () => {
  flushAll();
  confirmUnopenedChats();
});
onLive("refused", ({ status }) => status === 401 && location.assign(at(`/login?next=${encodeURIComponent(location.pathname)}`)));
watchConnection();
reportInput();
enter(!narrow());
startReminders(open);
flushAll();

/** Wires the chat that was opened. */
function enter(focus) {
  if (!showsLinkedMessage() && leaveEarlierPage()) return;
  startThread();
  showLinkedMessage();
  watchEarlier();
  startComposer();
  if (openChat()) onPart(`write-${openChat()}`, keepOpenComposer);
  if (openChat()) startUserPanel();
  removeToasts(openChat() || "none");
  updateOpenChat();
  check();
  showTitle();
  remind();
  if (!focus) return;
  const field = document.getElementById("composer-text");
  if (field && !narrow()) field.focus();
  else if (openChat()) document.getElementById("talk").focus({ preventScroll: true });
}

// An open composer stays as it is, with the text in it.
function keepOpenComposer(fresh) {
  const box = document.getElementById(fresh.id);
  if (box && !(box.querySelector("#composer") && fresh.querySelector("#composer"))) box.replaceWith(fresh);
}

function onMessage({ element: el, isOpen, fresh }) {
  const { chat, from, id } = el.dataset;
  if (from !== "user") return;
  list.stopTyping(chat);
  if (isOpen) {
    hideTyping();
    check();
    if (!fresh) return;
  } else {
    confirmDelivery(chat, Number(id));
  }
  if ("replaces" in el.dataset || el.matches(".msg-withdrawn") || isOpenInSomeTab(chat)) return;
  const text = el.dataset.says ?? el.querySelector(".say")?.textContent.trim() ?? "";
  notify(el.dataset.name || nameOf(chat), text, { kind: "message", chat, path: chatURL(chat), open });
}

function onTyping({ chat_id: chat, sender_type: who }) {
  if (who !== "user") return;
  list.showTyping(chat);
  if (chat === openChat()) showTyping(nameOf(chat));
}

function onChatAssigned({ chat_id: chat, user_name: name, content }) {
  const title = translate("workbench.notice.new_chat", { Name: name });
  if (chat !== openChat()) toast(content, { title, about: chat, action: { label: translate("workbench.notice.open"), run: () => open(chatURL(chat)) } });
  notify(title, content, { kind: "chat", chat, path: chatURL(chat), open });
}

function onWhisper({ chat_id: chat, by, content }) {
  showWhisperTab();
  const title = translate("workbench.assist.whispered", { Name: by });
  if (chat !== openChat()) toast(content, { title, about: chat, action: { label: translate("workbench.notice.open"), run: () => open(chatURL(chat)) } });
  notify(title, content, { kind: "message", chat, path: chatURL(chat), open });
}

// The form that raises a hand closes once it is stored.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!detail.successful || !target.matches?.("[data-hand]")) return;
  target.reset();
  target.closest("[popover]").hidePopover();
});

function onTakenOver({ chat_id: chat, user_name: name, by }) {
  const text = translate("workbench.assist.taken_over", { By: by, Name: name });
  toast(text, { about: chat });
  notify(by, text, { kind: "message", chat, path: chatURL(chat), open });
}

// Erased data must not stay on a screen.
function onChatsErased({ chat_ids: chats }) {
  if (!chats.includes(openChat())) return;
  open(at("/workbench"));
  toast(translate("workbench.notice.erased"));
}

// The leading tab confirms delivery for all tabs.
function confirmUnopenedChats() {
  for (const row of list.latestRows()) {
    if (Number(row.dataset.unread) > 0 && row.dataset.chat !== openChat()) confirmDelivery(row.dataset.chat);
  }
}

function updateOpenChat() {
  shareOpenChat(document.visibilityState === "visible" && document.hasFocus() ? openChat() : "");
}
for (const name of ["focus", "blur"]) window.addEventListener(name, updateOpenChat);
document.addEventListener("visibilitychange", updateOpenChat);
// The end of a break is announced once, also to an agent whose workbench is in the background.
let breakOver = document.querySelector("[data-break-over]")?.dataset.breakOver ?? "";
document.addEventListener("parley:part", ({ target }) => {
  if (target.id !== "presence-note") return;
  const title = target.querySelector("[data-break-over]")?.dataset.breakOver ?? "";
  if (title && !breakOver) notify(title, target.querySelector("p").textContent.trim(), { kind: "chat", chat: "break", path: at("/workbench"), open });
  breakOver = title;
});
document.addEventListener("parley:part", (event) => {
  if (!event.target.matches(".write-box")) return;
  startComposer();
  if (document.activeElement === document.body) document.getElementById("talk").focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-longest]")) return;
  event.preventDefault();
  goTo(list.longestWaiting()) || open(at("/workbench"));
});

document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful || !detail.elt.closest("#transfer")) return;
  if (document.querySelector(".talk-offer:not([hidden])")) return; // offered to an agent: the chat stays until it is accepted
  toast(translate("workbench.transfer.done", { Name: nameOf(openChat()) || document.querySelector("#open h2 .clip")?.textContent }));
  goTo(list.longestWaiting()) || open(at("/workbench"));
});

function goTo(row) {
  if (!row) return false;
  open(row.href);
  row.scrollIntoView({ block: "nearest" });
  return true;
}

/** Returns false while there is nothing to skip. */
function skipWrapUps() {
  const form = document.querySelector("#list-wrap-up:has(li) .skip-all");
  form?.requestSubmit();
  return Boolean(form);
}

const actions = {
  KeyJ: () => goTo(list.neighbour(1)),
  KeyK: () => goTo(list.neighbour(-1)),
  KeyN: () => goTo(list.longestWaiting()) || toast(translate("workbench.empty.answered_title")),
  KeyR: () => focusComposer("reply"),
  KeyP: () => focusComposer("note"),
  KeyH: () => {
    const hand = document.getElementById("hand");
    hand?.togglePopover();
    return Boolean(hand);
  },
  KeyT: () => openChatDialog("transfer"),
  KeyA: acceptOffer,
  KeyD: declineOffer,
  KeyE: () => openChatDialog("end") || openChatDialog("wrap-up"),
  KeyU: () => skipWrapUps(),
  KeyS: () => document.getElementById("presence").togglePopover(),
};
for (const n of [1, 2, 3, 4, 5]) actions[`Digit${n}`] = () => goTo(list.nth(n));
wireShortcuts(actions, () => openDialog("keys"));
document.addEventListener("parley:key", ({ detail }) => actions[detail]());
