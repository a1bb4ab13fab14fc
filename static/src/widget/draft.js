// The user's draft: unsent text of the composer survives a reload, and appears on the next page of the site.
import { removeOldDrafts, keepDraft, readDraft } from "../lib/drafts.js";
import { onState, state } from "./panel.js";

const main = document.getElementById("main");
const isAnonymous = (user) => user.startsWith("anon-");

/**
 * Keeps the draft of a field; fit() is called when the field got another text, and text() is the draft. Returns save(), for a changed text; follow(),
 * for when the user may be another; insert(text), which adds what was typed elsewhere; and clear(), which ends it.
 */
export function startDraft(field, fit, text = () => field.value) {
  const openChat = () => (state.open() ? state.chat() : "");
  let user = "";
  let chat = openChat();
  let cleared = false;

  const setText = (text) => {
    field.value = text;
    fit();
  };
  const forget = (ofChat) => user && keepDraft(ofChat, user, "");
  const save = () => user && !cleared && keepDraft(chat, user, text());

  /** The stored text comes before what was typed since the page was loaded. */
  function restore() {
    const stored = readDraft(chat, user) || readDraft("", user);
    if (stored && !field.value.startsWith(stored)) setText(stored + field.value);
    save();
  }

  function follow() {
    const next = main.dataset.user ?? "";
    if (!next || next === user || cleared) return; // without a session the user cannot have changed yet
    if (user) {
      forget(chat);
      if (!isAnonymous(user)) setText(""); // another person; an anonymous user is the same person, who signed in
    }
    user = next;
    chat = openChat();
    restore();
  }

  // A new chat takes the draft along; a chat that has ended forgets it.
  onState(() => {
    const next = openChat();
    if (next === chat) return;
    forget(chat);
    const ended = chat !== "" && next === "";
    chat = next;
    if (!ended) save();
  });
  removeOldDrafts();
  follow();

  return {
    save,
    follow,
    insert(text) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    clear() {
      cleared = true;
      setText("");
      forget(chat);
    },
  };
}
