// The workbench: puts the parts together and says what each event of the stream means.
import { at } from "./lib/base.js";
import { openDialog } from "./lib/dialog.js";
import { startPage } from "./lib/page.js";
import { elementsOf, onPart, placeParts } from "./lib/parts.js";
import { startReceipts } from "./lib/receipts.js";
import { csrf } from "./lib/request.js";
import { openStream } from "./lib/stream.js";
import { hideTyping, raiseStatus, receive, showTyping, startThread } from "./lib/thread.js";
import { dropToasts, toast } from "./lib/toast.js";
import { lang, word } from "./lib/translate.js";
import { confirmArrival } from "./workbench/confirm-delivery.js";
import { dropOldDrafts } from "./lib/drafts.js";
import { listenForKeys, wireHelp } from "./workbench/keys.js";
import { isLookedAt, stand, tellLooking } from "./workbench/tab-leader.js";
import * as list from "./workbench/list.js";
import { watchContact } from "./workbench/contact-lost.js";
import { pressAct, wireMenus } from "./workbench/menus.js";
import { announce, wireNotices } from "./workbench/notifications.js";
import { open, openChat, showTitle, wireOpening } from "./workbench/navigate.js";
import { flushAll, showWaiting, startWriting, writeKind } from "./workbench/compose.js";

const pathOf = (chat) => at(`/workbench/chats/${encodeURIComponent(chat)}`);
const narrow = () => matchMedia("(max-width: 767px)").matches;
const nameOf = (chat) => list.latestRow(chat)?.dataset.name ?? "";

startPage();
dropOldDrafts();
list.watchList();
wireMenus();
wireNotices(document.getElementById("bell"), open);
wireHelp(document.getElementById("keys"));
wireOpening(enter);
onPart("list", (fresh) => {
  list.receiveList(fresh);
  showTitle();
});
const check = startReceipts({ base: pathOf });
stand(confirmUnopened);
const stream = openStream(
  {
    message: (html) => hearMessage(html),
    message_status: (json) => raiseStatus(JSON.parse(json)),
    typing: (json) => hearTyping(JSON.parse(json)),
    part: (html) => placeParts(elementsOf(html)),
    arrived: (json) => hearArrival(JSON.parse(json)),
    erased: (json) => hearErased(JSON.parse(json)),
  },
  {
    share: `parley.workbench ${lang} ${csrf()}`, // what one tab of the same session hears is what they all hear
    state: showWaiting,
    back() {
      flushAll();
      confirmUnopened();
    },
    refused(status) {
      if (status === 401) location.assign(at(`/login?next=${encodeURIComponent(location.pathname)}`));
      return false;
    },
  },
);
watchContact(stream);
enter(!narrow());
flushAll();

/** Does what every arrival at a chat needs. */
function enter(focus) {
  startThread();
  startWriting();
  if (openChat()) onPart(`write-${openChat()}`, keepWriting);
  dropToasts(openChat() || "none");
  look();
  check();
  showTitle();
  if (!focus) return;
  const field = document.getElementById("composer-text");
  if (field && !narrow()) field.focus();
  else if (openChat()) document.getElementById("talk").focus({ preventScroll: true });
}

// A composer that is open stays as it is, with what is being written in it.
function keepWriting(fresh) {
  const box = document.getElementById(fresh.id);
  if (box && !(box.querySelector("#composer") && fresh.querySelector("#composer"))) box.replaceWith(fresh);
}

function hearMessage(html) {
  const [el] = elementsOf(html);
  if (!el) return;
  const { chat, from, id } = el.dataset;
  const shown = receive(html);
  if (from !== "user") return;
  list.stopTyping(chat);
  if (shown) {
    hideTyping();
    check();
    if (!shown.fresh) return;
  } else {
    confirmArrival(chat, Number(id));
  }
  if (isLookedAt(chat)) return;
  const words = el.dataset.says ?? el.querySelector(".say")?.textContent.trim() ?? "";
  announce(el.dataset.name || nameOf(chat), words, { kind: "message", chat, path: pathOf(chat), open });
}

function hearTyping({ chat_id: chat, sender_type: who }) {
  if (who !== "user") return;
  list.showTyping(chat);
  if (chat === openChat()) showTyping(nameOf(chat));
}

function hearArrival({ chat_id: chat, user_name: name, content }) {
  const title = word("workbench.notice.new_chat", { Name: name });
  if (chat !== openChat()) toast(content, { title, about: chat, action: { label: word("workbench.notice.open"), run: () => open(pathOf(chat)) } });
  announce(title, content, { kind: "chat", chat, path: pathOf(chat), open });
}

// What there is no more must not stay on a screen.
function hearErased({ chat_ids: chats }) {
  if (!chats.includes(openChat())) return;
  open(at("/workbench"));
  toast(word("workbench.notice.erased"));
}

// The tab that leads says for all tabs that messages arrived.
function confirmUnopened() {
  for (const row of list.latestRows()) {
    if (Number(row.dataset.unread) > 0 && row.dataset.chat !== openChat()) confirmArrival(row.dataset.chat);
  }
}

function look() {
  tellLooking(document.visibilityState === "visible" && document.hasFocus() ? openChat() : "");
}
for (const name of ["focus", "blur"]) window.addEventListener(name, look);
document.addEventListener("visibilitychange", look);
document.addEventListener("parley:part", (event) => {
  if (!event.target.matches(".write-box")) return;
  startWriting();
  if (document.activeElement === document.body) document.getElementById("talk").focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-longest]")) return;
  event.preventDefault();
  goTo(list.longestWaiting()) || open(at("/workbench"));
});

document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful || !detail.elt.closest("#transfer")) return;
  toast(word("workbench.transfer.done", { Name: nameOf(openChat()) || document.querySelector("#open h2 .clip")?.textContent }));
  goTo(list.longestWaiting()) || open(at("/workbench"));
});

function goTo(row) {
  if (!row) return false;
  open(row.href);
  row.scrollIntoView({ block: "nearest" });
  return true;
}

const actions = {
  KeyJ: () => goTo(list.neighbour(1)),
  KeyK: () => goTo(list.neighbour(-1)),
  KeyN: () => goTo(list.longestWaiting()) || toast(word("workbench.empty.answered_title")),
  KeyR: () => writeKind("reply"),
  KeyP: () => writeKind("note"),
  KeyT: () => pressAct("transfer"),
  KeyE: () => pressAct("end"),
  KeyS: () => document.getElementById("presence").togglePopover(),
};
for (const n of [1, 2, 3, 4, 5]) actions[`Digit${n}`] = () => goTo(list.nth(n));
listenForKeys(actions, () => openDialog("keys"));
