// Answering: replies go through an outbox of their chat, notes are kept in the field until the server has them.
import { wireAttach } from "../lib/attach.js";
import { at, scoped } from "../lib/base.js";
import { isBlank } from "../lib/is-blank.js";
import { wireComposer } from "../lib/composer.js";
import { timeOf } from "../lib/format.js";
import { onKeyDown } from "../lib/keydown.js";
import { createOutbox } from "../lib/outbox.js";
import { post, upload } from "../lib/request.js";
import { session } from "../lib/storage.js";
import { receive } from "../lib/thread.js";
import { lang, word } from "../lib/translate.js";
import { keepDraft, readDraft } from "../lib/drafts.js";

const most = 4000;
const prefix = scoped("parley.outbox.");
const wired = new WeakSet();
const outboxes = new Map();
const number = new Intl.NumberFormat(lang);
let savedTimer;

const composer = () => document.getElementById("composer");
const field = () => document.getElementById("composer-text");
const address = (chat) => at(`/workbench/chats/${encodeURIComponent(chat)}`);

/** Makes the open chat's composer work: its draft is back, and what was not sent goes on being sent. */
export function startWriting() {
  const form = composer();
  if (!form || wired.has(form)) return;
  wired.add(form);
  const chat = form.dataset.chat;
  wireComposer({
    form,
    field: field(),
    onSend: (text) => (form.dataset.kind === "note" ? addNote(form, chat, text) : outboxOf(chat).add(text)),
    typing: () => (form.dataset.kind === "reply" ? `${address(chat)}/typing` : ""),
    tooLong: (length) => say(chat, word("chat.too_long", { Length: number.format(length) })),
    changed: (text) => changed(form, chat, text),
  });
  wireAttach({
    form,
    field: field(),
    give: (file) => outboxOf(chat).addFile(file),
    say: (text) => say(chat, text),
    closed: () => (form.dataset.kind === "note" ? word("chat.file.not_to_note") : ""),
  });
  wireTabs(form);
  if (!field().value) field().value = readDraft(chat, "reply");
  show(form);
  outboxOf(chat).restore();
}

function changed(form, chat, text) {
  say(chat, "");
  const kept = keepDraft(chat, form.dataset.kind, text);
  count(form, text);
  clearTimeout(savedTimer);
  const saved = form.querySelector("[data-saved]");
  saved.textContent = "";
  if (kept && !isBlank(text)) savedTimer = setTimeout(() => (saved.textContent = word("workbench.write.saved", { Time: timeOf(new Date()) })), 800);
}

function count(form, text) {
  const length = [...text].length;
  const at = form.querySelector("[data-count]");
  at.textContent = !isBlank(text) ? word("workbench.write.count", { Used: number.format(length), Most: number.format(most) }) : "";
  at.classList.toggle("is-over", length > most);
}

async function addNote(form, chat, text) {
  const answer = await post(form.dataset.notes, { content: text });
  if (answer.ok) {
    if (answer.html) receive(answer.html);
    return;
  }
  // Nothing is lost: the words go back where they came from.
  keepDraft(chat, "note", text);
  if (composer()?.dataset.chat === chat && composer().dataset.kind === "note" && field().value === "") field().value = text;
  if (composer()) show(composer());
  say(chat, answer.problem.detail || word("workbench.write.note_kept"));
}

function wireTabs(form) {
  const tabs = [...form.querySelectorAll('[role="tab"]')];
  for (const tab of tabs) {
    tab.addEventListener("click", () => writeKind(tab.dataset.kind));
    onKeyDown(tab, (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs.find((t) => t !== tab);
      choose(form, other.dataset.kind);
      other.focus();
    });
  }
}

/** Goes to the composer, for a "reply" or a "note". */
export function writeKind(kind) {
  const form = composer();
  if (!form) return false;
  choose(form, kind);
  field().focus();
  return true;
}

function choose(form, kind) {
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
  form.querySelector("[data-send-word]").textContent = note ? word("workbench.write.add_note") : word("workbench.write.send");
  form.querySelector("[data-send]").toggleAttribute("disabled", isBlank(field().value));
  form.querySelector("[data-saved]").textContent = "";
  count(form, field().value);
}

function say(chat, text) {
  const line = document.getElementById("composer-say");
  if (line && composer()?.dataset.chat === chat && line.textContent !== text) line.textContent = text;
}

function outboxOf(chat) {
  if (!outboxes.has(chat)) {
    outboxes.set(chat, createOutbox({
      key: prefix + chat,
      send: ({ text, name, clientId }, how) =>
        name === undefined
          ? post(`${address(chat)}/messages`, { content: text, client_message_id: clientId })
          : upload(`${address(chat)}/files`, { client_message_id: clientId }, how.file, how),
      say: (text) => say(chat, text),
    }));
  }
  return outboxes.get(chat);
}

/** Goes on sending in every chat, open or not. */
export function flushAll() {
  for (const key of session.keys()) if (key.startsWith(prefix)) outboxOf(key.slice(prefix.length));
  for (const box of outboxes.values()) box.flush();
}

/** Says on each message that waits what the line does. */
export function showWaiting() {
  for (const box of outboxes.values()) box.show();
}
