// The composer of the open chat: replies go through the outbox of their chat, notes stay in the field until they are stored.
import { wireAttach } from "../lib/attach.js";
import { scoped } from "../lib/base.js";
import { wireMessageChanges } from "../lib/message-changes.js";
import { isBlank } from "../lib/is-blank.js";
import { maxLength, wireComposer } from "../lib/composer.js";
import { wireEmoji } from "../lib/emoji-button.js";
import { timeOf } from "../lib/format.js";
import { onKeyDown } from "../lib/keydown.js";
import { createOutbox } from "../lib/outbox.js";
import { post, upload } from "../lib/request.js";
import { session } from "../lib/storage.js";
import { lastSeen, receive, thread } from "../lib/thread.js";
import { lang, translate } from "../lib/translate.js";
import { keepDraft, readDraft } from "../lib/drafts.js";
import { closeAssistant, wireAssistant } from "./assistant.js";
import { confirmPlaceholders, showPlaceholders, wireCannedReplies } from "./canned.js";
import { chatURL } from "./chat-url.js";
import { begunIn, followText } from "./draft-origin.js";
import { askQuestion, questionOf, toastQuestion, wireQuestion } from "./send-question.js";
import { shareDrafts } from "./shared-drafts.js";
import { wireFormatKeys } from "./format-keys.js";

const outboxPrefix = scoped("parley.outbox.");
const wiredForms = new WeakSet();
const outboxes = new Map();
const number = new Intl.NumberFormat(lang);
let savedTimer;
let fit = () => {};

const isInternal = (form) => form.dataset.kind !== "reply"; // the user does not get it
const composer = () => document.getElementById("composer");
const field = () => document.getElementById("composer-text");
const changes = wireMessageChanges({
  composer: () => composer() && { form: composer(), field: field() },
  base: (chat) => chatURL(chat),
  begin: (isNote) => switchKind(composer(), isNote ? "note" : "reply"),
  onText: () => show(composer()),
  showError: (chat, text) => showError(chat, text),
});

/** Wires the open chat's composer, restores its draft, and continues sending what is in its outbox. */
export function startComposer() {
  const form = composer();
  if (!form || wiredForms.has(form)) return;
  wiredForms.add(form);
  const chat = form.dataset.chat;
  wireQuestion(form, () => outboxOf(chat));
  wireCannedReplies(form, field());
  ({ fit } = wireComposer({
    form,
    field: field(),
    onSend: (text) => send(form, chat, text),
    typingURL: () => (form.dataset.kind === "reply" ? `${chatURL(chat)}/typing` : ""),
    canSend: (text) => isInternal(form) || confirmPlaceholders(form, text),
    onTooLong: (length) => showError(chat, translate("chat.too_long", { Length: number.format(length) })),
    onChange: (text) => onChange(form, chat, text),
  }));
  wireAttach({
    form,
    field: field(),
    onFile: (file) => outboxOf(chat).addFile(file),
    onError: (text) => showError(chat, text),
    closedReason: () => (isInternal(form) ? translate("workbench.write.not_to_note") : ""),
  });
  wireEmoji({ form, field: field(), place: document.getElementById("composer-say"), onError: (text) => showError(chat, text) });
  wireFormatKeys(field());
  wireAssistant({
    form,
    field: field(),
    toReply: () => switchKind(form, "reply"),
    onText: (text) => {
      onChange(form, chat, text);
      show(form);
    },
    showError: (text) => showError(chat, text),
  });
  wireTabs(form);
  if (!field().value) field().value = readDraft(chat, "reply");
  followText(form, field());
  show(form);
  showWhisperTab();
  shareDrafts({ form, field: field(), isEditing: changes.isEditing, show, switchTo: focusComposer });
  outboxOf(chat).restore();
  showQuestion(chat);
}

function send(form, chat, text) {
  closeAssistant(form);
  if (changes.isEditing()) changes.save(text);
  else if (isInternal(form)) addNote(form, chat, text);
  else outboxOf(chat).add(text, { seen: thread()?.dataset.chat === chat ? lastSeen() : undefined, begun: begunIn(form) });
}

function onChange(form, chat, text) {
  showError(chat, "");
  if (changes.isEditing()) {
    showCount(form, text);
    return;
  }
  showPlaceholders(isInternal(form) ? "" : text);
  const kept = keepDraft(chat, form.dataset.kind, text);
  showCount(form, text);
  clearTimeout(savedTimer);
  const savedText = form.querySelector("[data-saved]");
  savedText.textContent = "";
  if (kept && !isBlank(text)) savedTimer = setTimeout(() => (savedText.textContent = translate("workbench.write.saved", { Time: timeOf(new Date()) })), 800);
}

function showCount(form, text) {
  const length = [...text].length;
  const counter = form.querySelector("[data-count]");
  counter.textContent = !isBlank(text) ? translate("workbench.write.count", { Used: number.format(length), Most: number.format(maxLength) }) : "";
  counter.classList.toggle("is-over", length > maxLength);
}

async function addNote(form, chat, text) {
  const { kind } = form.dataset;
  const answer = await post(kind === "note" ? form.dataset.notes : form.dataset.whispers, { content: text });
  if (answer.ok) {
    if (answer.html) receive(answer.html);
    return;
  }
  // Nothing is lost: the text returns to the field.
  keepDraft(chat, kind, text);
  if (composer()?.dataset.chat === chat && composer().dataset.kind === kind && field().value === "") field().value = text;
  if (composer()) show(composer());
  showError(chat, answer.problem.detail || translate("workbench.write.note_kept"));
}

function wireTabs(form) {
  const tabs = [...form.querySelectorAll('[role="tab"]')];
  for (const tab of tabs) {
    tab.addEventListener("click", () => focusComposer(tab.dataset.kind));
    onKeyDown(tab, (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const shown = tabs.filter((t) => !t.hidden);
      const step = event.key === "ArrowLeft" ? shown.length - 1 : 1;
      const other = shown[(shown.indexOf(tab) + step) % shown.length];
      switchKind(form, other.dataset.kind);
      other.focus();
    });
  }
}

/** Offers to answer whispers once the chat has one. */
export function showWhisperTab() {
  const tab = composer()?.querySelector('[role="tab"][data-kind="whisper"]');
  if (tab && thread()?.querySelector(":scope > .msg-whisper")) tab.hidden = false;
}

/** Goes to the composer, for a "reply", a "note" or a "whisper". */
export function focusComposer(kind) {
  const form = composer();
  if (!form) return false;
  switchKind(form, kind);
  field().focus();
  return true;
}

function switchKind(form, kind) {
  changes.stop();
  if (form.dataset.kind === kind) return;
  keepDraft(form.dataset.chat, form.dataset.kind, field().value);
  form.dataset.kind = kind;
  field().value = readDraft(form.dataset.chat, kind);
  show(form);
}

function show(form) {
  const { kind } = form.dataset;
  const label = form.dataset[`${kind}Label`];
  document.getElementById("composer-label").textContent = label;
  field().placeholder = label;
  for (const tab of form.querySelectorAll('[role="tab"]')) {
    const on = tab.dataset.kind === form.dataset.kind;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  const words = { note: "workbench.write.add_note", reply: "workbench.write.send", whisper: "workbench.write.whisper" };
  const word = translate(changes.isEditing() ? "chat.changed.save" : words[kind]);
  form.querySelector("[data-send-word]").textContent = word;
  form.querySelector("[data-send]").toggleAttribute("disabled", isBlank(field().value));
  form.querySelector("[data-saved]").textContent = "";
  showCount(form, field().value);
  showPlaceholders(isInternal(form) ? "" : field().value);
  fit();
}

function showError(chat, text) {
  const line = document.getElementById("composer-say");
  if (line && composer()?.dataset.chat === chat && line.textContent !== text) line.textContent = text;
}

function outboxOf(chat) {
  if (!outboxes.has(chat)) {
    outboxes.set(chat, createOutbox({
      key: outboxPrefix + chat,
      send: ({ text, name, clientId, seen, begun }, options) =>
        name === undefined
          ? post(`${chatURL(chat)}/messages`, { content: text, client_message_id: clientId, ...(seen !== undefined && { last_seen_id: seen }), draft_chat_id: begun ?? chat })
          : upload(`${chatURL(chat)}/files`, { client_message_id: clientId }, options.file, options),
      showError: (text) => showError(chat, text),
      questionOf,
      onQuestion: () => showQuestion(chat),
    }));
  }
  return outboxes.get(chat);
}

function showQuestion(chat) {
  const asked = outboxOf(chat).asked();
  if (composer()?.dataset.chat === chat) askQuestion(composer(), asked?.question);
  else if (asked) toastQuestion(chat, chatURL(chat));
}

/** Continues sending in every chat, open or not. */
export function flushAll() {
  for (const key of session.keys()) if (key.startsWith(outboxPrefix)) outboxOf(key.slice(outboxPrefix.length));
  for (const box of outboxes.values()) box.flush();
}

/** Shows on each pending message whether there is a connection. */
export function showPending() {
  for (const box of outboxes.values()) box.show();
}
