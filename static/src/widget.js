// The panel in the frame: one conversation of one user.
import { bridge } from "./widget/bridge.js";
import { countUnread, startUnread } from "./widget/unread.js";
import { onState, startPanel, state } from "./widget/panel.js";
import { remember, remembered } from "./widget/store.js";
import { wireRating } from "./widget/rating.js";
import { wireComposer } from "./composer.js";
import { acceptHTML } from "./frames.js";
import { createOutbox } from "./outbox.js";
import { startPage } from "./page.js";
import { startReceipts } from "./receipts.js";
import { csrf, post } from "./request.js";
import { openStream } from "./stream.js";
import { hideTyping, raiseStatus, showTyping, startThread, thread, toEnd } from "./thread.js";
import { toast } from "./toast.js";
import { word } from "./words.js";

document.documentElement.classList.add("js");
startPage();
startThread();

const main = document.getElementById("main");
const field = document.getElementById("composer-text");
const host = bridge(main.dataset.origin);
const base = (chat) => `/widget/chats/${encodeURIComponent(chat)}`;
const ended = { ok: false, status: 409, html: "", problem: {}, retryAfter: 0 };
const sayAtComposer = (text) => (document.getElementById("composer-say").textContent = text);

const outbox = createOutbox({ key: "parley.outbox", send, say: sayAtComposer, refused });
const checkReceipts = startReceipts({ base, attentive: host.attentive });
startUnread(host);
startPanel();
wireRating(main);

wireComposer({
  form: document.getElementById("composer"),
  field,
  onSend(text) {
    hideIdle();
    outbox.add(text);
  },
  typing: () => (state.name() === "active" ? `${base(state.chat())}/typing` : ""),
  tooLong: (length) => sayAtComposer(word("chat.too_long", { Length: length.toLocaleString() })),
  changed: stillHere,
});
field.addEventListener("focus", stillHere);
outbox.restore();

let waitingBefore = 0;
openStream(
  {
    part: (html) => acceptHTML(html),
    message: (html) => {
      const got = acceptHTML(html).messages[0];
      if (!got?.fresh || got.element.matches(".msg-own")) return;
      hideTyping();
      countUnread();
      checkReceipts();
    },
    message_status: (json) => raiseStatus(JSON.parse(json)),
    typing: (json) => {
      const { chat_id: chat, sender_type: from } = JSON.parse(json);
      if (from !== "user" && chat === thread().dataset.chat) showTyping(state.agent() || main.dataset.team);
    },
  },
  {
    state(name) {
      if (name === "reconnecting") waitingBefore = outbox.size();
      outbox.show();
    },
    back() {
      const sent = Math.max(waitingBefore, outbox.size());
      waitingBefore = 0;
      toast(sent > 0 ? word("chat.back_sent", { Count: sent }) : word("chat.back"));
      outbox.flush();
      checkReceipts();
    },
    share: `parley.stream ${document.documentElement.lang} ${main.dataset.team} ${csrf()}`,
    refused(status) {
      if (status === 401) signInAgain();
    },
  },
);

onState((now) => {
  host.tell("status", { chat: ["connecting", "waiting", "active"].includes(now) });
  outbox.flush();
});
host.on("open", () => {
  toEnd();
  checkReceipts();
  if (!matchMedia("(pointer: coarse)").matches) field.focus(); // a finger would get the keyboard over the words
});
host.on("attention", checkReceipts);
host.on("page", ({ url, title }) => state.page(url, title));
host.on("identify", ({ token }) => change("/widget/identify", { token }));
host.on("logout", () => change("/widget/logout"));
host.tell("hello");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) host.tell("close");
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) host.tell("close");
  const menu = document.querySelector(".w-more[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

function send({ text, clientId }) {
  if (state.name() === "ended") return ended; // in a new chat it can be sent again, or not
  const chat = state.open() ? state.chat() : "";
  if (chat) return post(`${base(chat)}/messages`, { content: text, client_message_id: clientId });
  state.ask();
  return post("/widget/assign", { message: text, client_message_id: clientId, ...state.asked() });
}

function refused({ status }) {
  if (status === 401) signInAgain();
}

// The session is over: the page makes a new one, unless the browser keeps none for a frame, which a reload cannot mend.
function signInAgain() {
  const last = Number(remembered("parley.reloaded")) || 0;
  if (Date.now() - last < 30_000) {
    sayAtComposer(word("widget.no_session"));
    return;
  }
  remember("parley.reloaded", Date.now());
  location.reload();
}

// Any key, or coming back to the field, is an answer to "Still there?".
function stillHere() {
  const form = document.querySelector("#w-idle:not([hidden]) [data-still-here]");
  if (!form) return;
  hideIdle();
  form.requestSubmit();
}

function hideIdle() {
  const card = document.getElementById("w-idle");
  if (card) card.hidden = true;
}

async function change(url, fields) {
  const { ok, status, problem } = await post(url, fields);
  if (!ok) host.tell("error", { code: problem.code ?? "failed" });
  if (status === 205) location.reload();
}
