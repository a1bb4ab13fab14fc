// The panel in the frame: one conversation of one user.
import { at, scoped } from "./lib/base.js";
import { connectHost } from "./widget/host.js";
import { countUnread, recountUnread, startUnread } from "./widget/unread.js";
import { onState, startPanel, state } from "./widget/panel.js";
import { wireAttach } from "./lib/attach.js";
import { startDraft } from "./widget/draft.js";
import { followHostPage } from "./widget/host-page.js";
import { createSession } from "./widget/session.js";
import { wireComposer } from "./lib/composer.js";
import { acceptHTML } from "./lib/accept-html.js";
import { leaveEarlierPage, watchEarlier } from "./lib/earlier.js";
import { onKeyDown } from "./lib/keydown.js";
import { wireMenuKeys } from "./lib/menu-keys.js";
import { wireMessageChanges } from "./lib/message-changes.js";
import { endLive, onLive, openLive } from "./lib/live.js";
import { wireEmoji } from "./lib/emoji-button.js";
import { isBlank } from "./lib/is-blank.js";
import { createOutbox } from "./lib/outbox.js";
import { startPage } from "./lib/page.js";
import { elementsOf, onPart, placeParts } from "./lib/parts.js";
import { startReceipts } from "./lib/receipts.js";
import { credentials, csrf, post, upload } from "./lib/request.js";
import { placeEvent } from "./lib/replay.js";
import { hideTyping, raiseStatus, showTyping, startThread, thread, toEnd } from "./lib/thread.js";
import { toast } from "./lib/toast.js";
import { lang, translate } from "./lib/translate.js";

document.documentElement.classList.add("js");
startPage();
leaveEarlierPage();
startThread();
watchEarlier();

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
const site = followHostPage(host, base);

wireMenuKeys();
const form = document.getElementById("composer");
const changes = wireMessageChanges({
  composer: () => (state.open() ? { form, field } : null),
  base,
  onText: () => fit(),
  showError: (_, text) => showComposerError(text),
});
const { fit } = wireComposer({
  form,
  field,
  onSend(text) {
    hideIdle();
    if (changes.isEditing()) changes.save(text);
    else outbox.add(text);
  },
  typingURL: () => (state.name() === "active" ? `${base(state.chat())}/typing` : ""),
  canSend: canAsk,
  onTooLong: (length) => showComposerError(translate("chat.too_long", { Length: length.toLocaleString(lang + "-u-nu-latn") })),
  onChange() {
    stillHere();
    if (changes.isEditing()) showComposerError("");
    draft.save();
  },
});
const draft = startDraft(field, fit, () => changes.draft() ?? field.value);
wireAttach({
  form: document.getElementById("composer"),
  field,
  onFile(file) {
    if (!canAsk()) return;
    hideIdle();
    outbox.addFile(file);
  },
  onError: showComposerError,
});
wireEmoji({
  form: document.getElementById("composer"),
  field,
  place: document.getElementById("composer-say"),
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
let sending = Promise.resolve();
let ready = false;
let labels = null; // the unverified name and email from the host page

const streamName = () => `parley.stream ${document.documentElement.lang} ${main.dataset.team} ${state.asked().department} ${csrf()}`;

// A change of the session waits for the message that is being sent; messages written in the meantime wait for the change.
async function changeSession(step) {
  ready = false;
  await sending;
  const known = await step();
  ready = true;
  draft.follow();
  if (known) openLive({ share: streamName(), fetch: session.stream });
  else endLive();
  if (known && labels) sendLabels();
  outbox.flush();
}

function sendLabels() {
  session.introduce(labels);
  labels = null;
}

onLive("message", ({ messages }) => {
  if (!messages.some(({ element, fresh }) => fresh && !element.matches(".msg-own"))) return;
  hideTyping();
  countUnread();
  checkReceipts();
});
onLive("message_status", (status) => placeEvent(() => raiseStatus(status)));
onLive("typing", ({ chat_id: chat, sender_type: from }) => {
  if (from !== "user" && chat === thread().dataset.chat) showTyping(state.agent() || main.dataset.team);
});
onLive("state", ({ state: name }) => {
  if (name === "reconnecting") pendingBefore = outbox.size();
  outbox.show();
});
onLive("reconnected", () => {
  const sent = Math.max(pendingBefore, outbox.size());
  pendingBefore = 0;
  toast(sent > 0 ? translate("chat.back_sent", { Count: sent }) : translate("chat.back"));
  outbox.flush();
  checkReceipts();
});
onLive("refused", ({ status }) => (status === 401 || status === 403) && renewSession());

onState((now) => {
  if (!state.open()) changes.stop();
  host.send("status", { chat: ["connecting", "waiting", "active"].includes(now) });
  if (now !== "locked") outbox.release();
  const rating = now === "ended" && document.querySelector("[data-rating]");
  if (rating) import(rating.dataset.rating).then(({ wireRating }) => wireRating(main), console.error);
  outbox.flush();
});
const focusField = () => matchMedia("(pointer: coarse)").matches || field.focus(); // on a touch screen the keyboard would cover the messages

// The loader keeps the focus and what is typed until "focused" reports that the field is ready. Without focus the user is
// writing elsewhere. Older loaders do not send focus.
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
// Keys that reach the panel itself, while its frame gets the focus, belong to the field.
onKeyDown(document, ({ target, key, ctrlKey, metaKey, altKey }) => {
  if (target === document.body && key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey) field.focus();
});
// The button below the questions sends what is in the composer too.
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.id !== "w-before" || isBlank(field.value)) return;
    event.preventDefault();
    event.stopPropagation();
    form.requestSubmit();
  },
  true,
);
document.addEventListener("toggle", ({ target }) => target.dataset.leave && import(target.dataset.leave).then(({ wireLeave }) => wireLeave(field, onPart, outbox.addFile), console.error), true);
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
  endLive();
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
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open], :popover-open")) host.send("close");
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) host.send("close");
  const link = event.target.closest("a[data-again],a[data-topic]");
  if (link) {
    event.preventDefault(); // a link would add a step to the history of the host page
    changeSession(() => session.go(link.href)).then(focusField); // the stream draws what the page asks for
  }
  const quick = event.target.closest(".quick .btn");
  if (quick) {
    event.preventDefault();
    quick.closest(".quick").remove(); // it is sent once
    outbox.add(quick.value);
    focusField();
  }
  if (event.target.closest("#w-person .btn")) focusField(); // the button goes away
  const transcript = event.target.closest("a[data-transcript]");
  if (transcript && !transcript.search) {
    event.preventDefault();
    import(transcript.dataset.transcript).then(({ download }) => download(transcript, credentials()), console.error);
  }
  const menu = document.querySelector(".w-more[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

async function send(entry, options) {
  const { text, clientId } = entry;
  await session.whenIdle();
  if (!ready) return retryLater;
  if (state.name() === "locked") return locked; // it is kept, and sent once the site has identified the user
  if (state.name() === "ended") return ended; // the user may send it again in a new chat
  const chat = state.open() ? state.chat() : "";
  if (entry.name !== undefined) {
    sending = sendFile(chat, entry, options);
    return sending;
  }
  if (!chat) state.ask();
  sending = chat
    ? post(`${base(chat)}/messages`, { content: text, client_message_id: clientId })
    : assign({ message: text, client_message_id: clientId });
  return sending;
}

// Answers that are refused come back in their form. The message is kept, and sent once the chat has begun.
async function assign(message) {
  const asked = await post(at("/widget/assign"), { ...message, ...state.asked() });
  if (asked.status !== 422 || !asked.html) return asked;
  state.refused();
  placeParts(elementsOf(asked.html), { isAnswer: true });
  return { ...asked, held: true };
}

/** Whether the questions before the chat are answered; if not, the browser leads to the first one that is not. */
function canAsk() {
  return document.getElementById("w-before")?.reportValidity() ?? true;
}

// A file needs a chat: when it is sent first, the chat starts without a message.
async function sendFile(chat, { clientId, part }, options) {
  if (!chat) {
    state.ask();
    const asked = await assign();
    if (!asked.ok) return asked;
    acceptHTML(asked.html);
    if (!state.chat()) return { ...asked, ok: false, status: 0 };
  }
  // A user who is uploading is present, however long it takes.
  const onProgress = (part) => {
    stillHere();
    options.onProgress(part);
  };
  return upload(`${base(chat || state.chat())}/files?part_of=${part ?? ""}`, { client_message_id: clientId }, options.file, { ...options, onProgress });
}

// A message that was refused because the session is over is sent again in the next session.
function onRefused({ status, problem }) {
  const lostIt = status === 401 || ["identity_required", "csrf_failed"].includes(problem.code);
  if (lostIt) renewSession();
  return lostIt;
}

// The session is over, or belongs to another user.
function renewSession() {
  if (ready) changeSession(session.renew);
}

// Typing, or focusing the field, answers "Still there?".
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
