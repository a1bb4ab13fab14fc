// Drafts of unsent text, kept in this browser for each chat. owner distinguishes drafts of one chat, or of several users.
// Without storage, or when it is full, nothing is kept.
import { scoped } from "./base.js";
import { isBlank } from "./is-blank.js";
import { local } from "./storage.js";

const prefix = scoped("parley.draft.");
const keepFor = 30 * 24 * 3600 * 1000;

const keyOf = (chat, owner) => `${prefix}${owner}.${chat}`;

/** The stored text, "" for none. */
export function readDraft(chat, owner) {
  try {
    return String(JSON.parse(local.get(keyOf(chat, owner)))?.text ?? "");
  } catch {
    return "";
  }
}

/** Stores the text; an empty one removes the draft. Dispatches "parley:draft" with chat and owner. Returns false if it cannot be stored. */
export function keepDraft(chat, owner, text) {
  const empty = isBlank(text);
  if (empty) local.remove(keyOf(chat, owner));
  else if (!local.set(keyOf(chat, owner), JSON.stringify({ text, at: Date.now() }))) return false; // the text is still in its field
  document.dispatchEvent(new CustomEvent("parley:draft", { detail: { chat, owner } }));
  return true;
}

/** Removes drafts older than 30 days, and unreadable ones. */
export function removeOldDrafts() {
  for (const key of local.keys()) if (key.startsWith(prefix) && !isRecent(key)) local.remove(key);
}

function isRecent(key) {
  try {
    return Date.now() - JSON.parse(local.get(key)).at <= keepFor;
  } catch {
    return false;
  }
}
