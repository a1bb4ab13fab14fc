// What is asked before a reply is sent after all: the user wrote meanwhile, or the text was begun in another chat.
import { beginningOf } from "../lib/format.js";
import { isBlank } from "../lib/is-blank.js";
import { onKeyDown } from "../lib/keydown.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";
import * as list from "./list.js";
import { open } from "./navigate.js";

const nameOf = (chat) => list.latestRow(chat)?.dataset.name ?? "";

/** The question of a refusal, undefined for one without: {code, quote, change, all}, the last two for outbox.answer. */
export function questionOf({ status, problem }, entry) {
  if (status !== 409) return undefined;
  const newer = problem.newer_message;
  if (problem.code === "newer_message" && newer) {
    const said = newer.message_type === "image" ? translate("chat.file.picture") : newer.content;
    return { code: problem.code, quote: beginningOf(said, 300), change: { seen: newer.id }, all: true };
  }
  if (problem.code === "draft_of_other_chat") return { code: problem.code, from: entry.begun, quote: entry.text, change: { begun: undefined } };
  return undefined;
}

/** Shows a question at the composer; undefined removes it. */
export function askQuestion(form, question) {
  const box = boxOf(form);
  box.hidden = !question;
  if (!question) return;
  const name = nameOf(form.dataset.chat);
  const title = question.code === "newer_message" ? translate("workbench.ask.newer", { Name: name }) : translate("workbench.ask.other_chat", { Name: nameOf(question.from) || translate("workbench.ask.someone"), Other: name });
  box.querySelector('[data-slot="title"]').textContent = title;
  box.querySelector('[data-slot="quote"]').textContent = beginningOf(question.quote, 300);
}

/** Says that a chat that is not open has a question. */
export function toastQuestion(chat, address) {
  toast(translate("workbench.ask.elsewhere", { Name: nameOf(chat) }), { error: true, about: chat, action: { label: translate("workbench.notice.open"), run: () => open(address) } });
}

/** Wires the answers: the buttons, Enter in an empty field, and Esc. The composer must be wired after it: its Enter empties the field. */
export function wireQuestion(form, outbox) {
  const box = boxOf(form);
  const field = form.querySelector("textarea");
  const sendNow = () => {
    const asked = outbox().asked();
    askQuestion(form, undefined);
    if (asked) outbox().answer(asked.question);
    field.focus();
  };
  const takeBack = () => {
    askQuestion(form, undefined);
    const text = outbox().takeBack();
    field.value = isBlank(field.value) ? text : `${text}\n${field.value}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  };
  box.querySelector("[data-send-now]").addEventListener("click", sendNow);
  box.querySelector("[data-take-back]").addEventListener("click", takeBack);
  onKeyDown(field, (event) => {
    if (box.hidden || form.querySelector("[data-editing-line]:not([hidden])") || event.repeat || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && isBlank(field.value)) {
      event.preventDefault();
      sendNow();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      takeBack();
    }
  });
}

const boxOf = (form) => form.parentElement.querySelector("[data-ask]");
