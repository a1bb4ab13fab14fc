// Editing and withdrawing one's own messages, for as long as the server allows it: a menu at each of them, and the composer, which holds
// the text of the message that is being edited. The draft returns afterwards.
import { acceptHTML } from "./accept-html.js";
import { now } from "./clock.js";
import { openDialog } from "./dialog.js";
import { onKeyDown } from "./keydown.js";
import { post } from "./request.js";
import { thread } from "./thread.js";
import { toast } from "./toast.js";
import { translate } from "./translate.js";

const longPress = 500; // milliseconds

/**
 * composer() returns {form, field} while the person may write, else null. base(chat) is the address of a chat's actions. begin(isNote)
 * is called before a text goes into the field, onText() after the field got another text, showError(chat, text) for a refusal.
 *
 * Returns isEditing(), save(text), stop(), and draft(), the text that the field had before, undefined unless a message is being edited.
 */
export function wireMessageChanges({ composer, base, begin = () => {}, onText, showError }) {
  let editing = null; // {form, field, chat, id, text, draft}
  let selected = null; // the message whose menu was opened
  let timer;

  const isEditing = () => Boolean(editing?.form.isConnected);
  const canChange = (el) => Date.parse(el.dataset.changeUntil) > now();
  const changeable = () => (composer() ? [...(thread()?.querySelectorAll(":scope > .msg[data-change-until]") ?? [])].filter(canChange) : []);

  // Puts a button on each message that can be changed, and takes it off the others.
  function offer() {
    clearTimeout(timer);
    const all = changeable();
    for (const button of thread()?.querySelectorAll("[data-more]") ?? []) if (!all.includes(button.closest(".msg"))) button.remove();
    for (const el of all) {
      if (!el.querySelector("[data-more]")) el.querySelector(".bubble").append(document.getElementById("msg-more").content.cloneNode(true));
    }
    const ends = Math.min(...all.map((el) => Date.parse(el.dataset.changeUntil)));
    if (Number.isFinite(ends)) timer = setTimeout(offer, Math.max(50, ends - now() + 50));
    if (selected && !all.includes(selected)) document.querySelector("#msg-menu:popover-open")?.hidePopover();
  }

  function openMenu(el) {
    const menu = document.getElementById("msg-menu");
    const button = el.querySelector("[data-more]");
    if (!menu || !button) return;
    selected = el;
    menu.querySelector("[data-edit-message]").hidden = el.dataset.text === undefined;
    menu.showPopover({ source: button });
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const top = at.bottom + height + 4 < innerHeight ? at.bottom + 4 : Math.max(4, at.top - height - 4);
    menu.style.inset = `${top}px auto auto ${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    button.setAttribute("aria-expanded", "true");
  }

  function edit(el) {
    stop();
    begin(el.matches(".msg-note"));
    const { form, field } = composer();
    editing = { form, field, chat: el.dataset.chat, id: el.dataset.id, text: el.dataset.text, draft: field.value };
    lineOf(form).hidden = false;
    field.value = editing.text;
    onText();
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function stop() {
    if (!editing) return;
    const { form, field, draft } = editing;
    editing = null;
    if (!form.isConnected) return;
    lineOf(form).hidden = true;
    field.readOnly = false;
    field.value = draft;
    onText();
  }

  async function save(text) {
    const { field, chat, id } = editing;
    const change = editing;
    if (text === change.text.trimEnd()) {
      stop();
      return;
    }
    field.value = text;
    field.readOnly = true;
    const answer = await post(`${base(chat)}/messages/${id}`, { content: text });
    if (answer.ok) acceptHTML(answer.html);
    if (editing !== change) return; // given up meanwhile
    if (answer.ok) {
      stop();
      return;
    }
    field.readOnly = false;
    onText();
    showError(chat, answer.problem.detail || translate("chat.changed.failed"));
  }

  function withdraw({ dataset: { chat, id } }) {
    const dialog = document.getElementById("withdraw");
    dialog.querySelector("[data-yes]").onclick = async () => {
      dialog.close();
      if (editing?.id === id) stop();
      const answer = await post(`${base(chat)}/messages/${id}/withdraw`);
      if (answer.ok) acceptHTML(answer.html);
      else toast(answer.problem.detail || translate("chat.changed.failed"), { error: true });
      composer()?.field.focus();
    };
    openDialog("withdraw");
  }

  // The last own message with a text, of the kind that the composer is set to.
  function lastOwn() {
    const note = composer()?.form.dataset.kind === "note";
    return changeable().findLast((el) => el.dataset.text !== undefined && el.matches(".msg-note") === note);
  }

  document.addEventListener("parley:thread", offer);
  document.addEventListener("parley:part", offer);
  document.addEventListener("toggle", ({ target, newState }) => {
    if (target.id !== "msg-menu" || newState !== "closed") return;
    thread()?.querySelector('[data-more][aria-expanded="true"]')?.setAttribute("aria-expanded", "false");
  }, true);
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-more], [data-edit-message], [data-withdraw-message], [data-stop-editing]");
    if (!button) return;
    if (button.matches("[data-stop-editing]")) {
      stop();
      composer()?.field.focus();
      return;
    }
    if (button.matches("[data-more]")) {
      openMenu(button.closest(".msg"));
      return;
    }
    const el = selected;
    document.getElementById("msg-menu").hidePopover();
    if (!el?.isConnected || !composer()) return;
    if (button.matches("[data-edit-message]")) edit(el);
    else withdraw(el);
  });
  wireLongPress((el) => canChange(el) && openMenu(el));
  onKeyDown(document, (event) => {
    const field = composer()?.field;
    if (!field || event.target !== field || event.defaultPrevented) return;
    if (event.key === "Escape" && isEditing()) {
      event.preventDefault();
      stop();
    } else if (event.key === "ArrowUp" && !isEditing() && field.value === "" && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const el = lastOwn();
      if (!el) return;
      event.preventDefault();
      edit(el);
    }
  });
  offer();

  return { isEditing, save, stop, draft: () => (isEditing() ? editing.draft : undefined) };
}

// The line that says that a message is being edited is part of the form, or stands before it.
const lineOf = (form) => form.parentElement.querySelector("[data-editing-line]");

// On a touch screen the menu also opens when a finger rests on the message.
function wireLongPress(open) {
  let timer;
  let pressed = null;
  const cancel = () => clearTimeout(timer);
  document.addEventListener("pointerdown", ({ target, pointerType }) => {
    cancel();
    pressed = pointerType === "touch" ? (target.closest?.(".msg[data-change-until] .bubble")?.closest(".msg") ?? null) : null;
    if (pressed) timer = setTimeout(() => open(pressed), longPress);
  });
  for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) document.addEventListener(name, cancel, { capture: true, passive: true });
  document.addEventListener("contextmenu", (event) => pressed?.contains(event.target) && event.preventDefault());
}
