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
    canSend: (text) => form.dataset.kind === "note" || confirmPlaceholders(form, text),
    onTooLong: (length) => showError(chat, translate("chat.too_long", { Length: number.format(length) })),
    onChange: (text) => onChange(form, chat, text),
  }));
  wireAttach({
    form,
    field: field(),
    onFile: (file) => outboxOf(chat).addFile(file),
    onError: (text) => showError(chat, text),
    closedReason: () => (form.dataset.kind === "note" ? translate("chat.file.not_to_note") : ""),
  });
  wireEmoji({ form, field: field(), place: document.getElementById("composer-say"), onError: (text) => showError(chat, text) });
  wireFormatKeys(field());
  wireTabs(form);
  if (!field().value) field().value = readDraft(chat, "reply");
  followText(form, field());
  show(form);
  shareDrafts({ form, field: field(), isEditing: changes.isEditing, show, switchTo: focusComposer });
  outboxOf(chat).restore();
  showQuestion(chat);
}

function send(form, chat, text) {
  if (changes.isEditing()) changes.save(text);
  else if (form.dataset.kind === "note") addNote(form, chat, text);
  else outboxOf(chat).add(text, { seen: thread()?.dataset.chat === chat ? lastSeen() : undefined, begun: begunIn(form) });
}

function onChange(form, chat, text) {
  showError(chat, "");
  if (changes.isEditing()) {
    showCount(form, text);
    return;
  }
  showPlaceholders(form.dataset.kind === "note" ? "" : text);
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
  const answer = await post(form.dataset.notes, { content: text });
  if (answer.ok) {
    if (answer.html) receive(answer.html);
    return;
  }
  // Nothing is lost: the text returns to the field.
  keepDraft(chat, "note", text);
  if (composer()?.dataset.chat === chat && composer().dataset.kind === "note" && field().value === "") field().value = text;
  if (composer()) show(composer());
  showError(chat, answer.problem.detail || translate("workbench.write.note_kept"));
}

function wireTabs(form) {
  const tabs = [...form.querySelectorAll('[role="tab"]')];
  for (const tab of tabs) {
    tab.addEventListener("click", () => focusComposer(tab.dataset.kind));
    onKeyDown(tab, (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs.find((t) => t !== tab);
      switchKind(form, other.dataset.kind);
      other.focus();
    });
  }
}

/** Goes to the composer, for a "reply" or a "note". */
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
  const note = form.dataset.kind === "note";
  const label = note ? form.dataset.noteLabel : form.dataset.replyLabel;
  document.getElementById("composer-label").textContent = label;
  field().placeholder = label;
  for (const tab of form.querySelectorAll('[role="tab"]')) {
    const on = tab.dataset.kind === form.dataset.kind;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  const word = changes.isEditing() ? translate("chat.changed.save") : note ? translate("workbench.write.add_note") : translate("workbench.write.send");
  form.querySelector("[data-send-word]").textContent = word;
  form.querySelector("[data-send]").toggleAttribute("disabled", isBlank(field().value));
  form.querySelector("[data-saved]").textContent = "";
  showCount(form, field().value);
  showPlaceholders(note ? "" : field().value);
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
