// The panel in the frame: one conversation of one user.
import { at, scoped } from "./lib/base.js";
import { connectHost } from "./widget/host.js";
import { countUnread, recountUnread, startUnread } from "./widget/unread.js";
import { onState, startPanel, state } from "./widget/panel.js";
import { wireRating } from "./widget/rating.js";
import { wireAttach } from "./lib/attach.js";
import { startDraft } from "./widget/draft.js";
import { followHostPage } from "./widget/host-page.js";
import { createSession } from "./widget/session.js";
import { wireComposer } from "./lib/composer.js";
import { acceptHTML } from "./lib/accept-html.js";
import { onKeyDown } from "./lib/keydown.js";
import { createOutbox } from "./lib/outbox.js";
import { startPage } from "./lib/page.js";
import { startReceipts } from "./lib/receipts.js";
import { csrf, post, upload } from "./lib/request.js";
import { openStream } from "./lib/stream.js";
import { hideTyping, raiseStatus, showTyping, startThread, thread, toEnd } from "./lib/thread.js";
import { toast } from "./lib/toast.js";
import { translate } from "./lib/translate.js";

document.documentElement.classList.add("js");
startPage();
startThread();

const main = document.getElementById("main");
const field = document.getElementById("composer-text");
const host = connectHost(main.dataset.origin);
const base = (chat) => at(`/widget/chats/${encodeURIComponent(chat)}`);
const retryLater = { ok: false, status: 0, html: "", problem: {}, retryAfter: 0 };
const locked = { ok: false, status: 403, html: "", problem: {}, retryAfter: 0, held: true };
const ended = { ok: false, status: 409, html: "", problem: {}, retryAfter: 0 };
const showComposerError = (text) => (document.getElementById("composer-say").textContent = text);

const outbox = createOutbox({ key: scoped("parley.outbox"), send, showError: showComposerError, onRefused });
const checkReceipts = startReceipts({ base, attentive: host.attentive });
startUnread(host);
startPanel();
wireRating(main);
const site = followHostPage(host, base);

const { fit } = wireComposer({
  form: document.getElementById("composer"),
  field,
  onSend(text) {
    hideIdle();
    outbox.add(text);
  },
  typingURL: () => (state.name() === "active" ? `${base(state.chat())}/typing` : ""),
  onTooLong: (length) => showComposerError(translate("chat.too_long", { Length: length.toLocaleString() })),
  onChange() {
    stillHere();
    draft.save();
  },
});
const draft = startDraft(field, fit);
wireAttach({
  form: document.getElementById("composer"),
  field,
  onFile(file) {
    hideIdle();
    outbox.addFile(file);
  },
  onError: showComposerError,
});
field.addEventListener("focus", stillHere);

const session = createSession({
  onPage() {
    site.redrawn();
    draft.follow();
    recountUnread();
    outbox.restore();
  },
  onLocked: () => host.send("error", { code: "identity_required" }),
  onFailed: (code) => host.send("error", { code }),
});

let pendingBefore = 0;
let stream = null;
let sending = Promise.resolve();
let ready = false;
let labels = null; // what the page says of the user without a proof

const streamName = () => `parley.stream ${document.documentElement.lang} ${main.dataset.team} ${csrf()}`;

// What changes who the user is waits for the message on its way, and what is written meanwhile waits for it.
async function changeSession(step) {
  ready = false;
  await sending;
  const known = await step();
  ready = true;
  draft.follow();
  if (!known) stream?.end();
  else if (stream) stream.restart(streamName());
  else connect();
  if (known && labels) sendLabels();
  outbox.flush();
}

function sendLabels() {
  session.introduce(labels);
  labels = null;
}

function connect() {
  stream = openStream(
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
      onState(name) {
        if (name === "reconnecting") pendingBefore = outbox.size();
        outbox.show();
      },
      onReconnect() {
        const sent = Math.max(pendingBefore, outbox.size());
        pendingBefore = 0;
        toast(sent > 0 ? translate("chat.back_sent", { Count: sent }) : translate("chat.back"));
        outbox.flush();
        checkReceipts();
      },
      open: session.stream,
      share: streamName(),
      onRefused(status) {
        if (status === 401 || status === 403) renewSession();
      },
    },
  );
}

onState((now) => {
  host.send("status", { chat: ["connecting", "waiting", "active"].includes(now) });
  if (now !== "locked") outbox.release();
  outbox.flush();
});
const focusField = () => matchMedia("(pointer: coarse)").matches || field.focus(); // a finger would get the keyboard over the words

// The loader holds the focus, and what is typed, until it hears that the field can take it. Without focus somebody writes elsewhere. Loaders of
// before know of no such thing.
host.on("open", ({ focus }) => {
  toEnd();
  checkReceipts();
  if (focus === undefined) focusField();
  host.send("focused");
});
host.on("typed", ({ text, focus }) => {
  if (text && typeof text === "string") draft.insert(text);
  if (focus) focusField();
});
// Keys that come to the panel itself, while its frame gets the focus, are for the field.
onKeyDown(document, ({ target, key, ctrlKey, metaKey, altKey }) => {
  if (target === document.body && key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey) field.focus();
});
host.on("attention", checkReceipts);
host.on("identify", ({ token, name, email }) => {
  if (token) {
    session.receiveToken(token);
    if (ready) changeSession(session.identify);
  } else if (name || email) {
    labels = { name: String(name ?? ""), email: String(email ?? "") };
    if (ready) sendLabels();
  }
});
host.on("logout", async () => {
  stream?.end();
  outbox.clear();
  draft.clear();
  await session.logOut();
  host.send("out");
  location.replace(location.href);
});
outbox.restore();
if (main.dataset.refused) host.send("error", { code: main.dataset.refused });
host.hello().then(() => changeSession(session.start));

onKeyDown(document, (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) host.send("close");
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) host.send("close");
  const link = event.target.closest("a[data-again]");
  if (link) {
    event.preventDefault(); // a link would be one more step back to the page before
    session.go(link.href).then(focusField);
  }
  const menu = document.querySelector(".w-more[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

async function send(entry, options) {
  const { text, clientId } = entry;
  await session.whenIdle();
  if (!ready) return retryLater;
  if (state.name() === "locked") return locked; // it is kept, and sent once the site has said who the user is
  if (state.name() === "ended") return ended; // in a new chat it can be sent again, or not
  const chat = state.open() ? state.chat() : "";
  if (entry.name !== undefined) {
    sending = sendFile(chat, clientId, options);
    return sending;
  }
  if (!chat) state.ask();
  sending = chat
    ? post(`${base(chat)}/messages`, { content: text, client_message_id: clientId })
    : post(at("/widget/assign"), { message: text, client_message_id: clientId, ...state.asked() });
  return sending;
}

// A file needs a chat to go to; when it is the first thing that is said, the chat begins without words.
async function sendFile(chat, clientId, options) {
  if (!chat) {
    state.ask();
    const asked = await post(at("/widget/assign"), state.asked());
    if (!asked.ok) return asked;
    acceptHTML(asked.html);
    if (!state.chat()) return { ...asked, ok: false, status: 0 };
  }
  // Who sends something is there, however long it takes.
  const onProgress = (part) => {
    stillHere();
    options.onProgress(part);
  };
  return upload(`${base(chat || state.chat())}/files`, { client_message_id: clientId }, options.file, { ...options, onProgress });
}

// What was refused because of who sent it is sent again by whoever that is next.
function onRefused({ status, problem }) {
  const lostIt = status === 401 || ["identity_required", "csrf_failed"].includes(problem.code);
  if (lostIt) renewSession();
  return lostIt;
}

// The session is over, or belongs to somebody else by now.
function renewSession() {
  if (ready) changeSession(session.renew);
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
