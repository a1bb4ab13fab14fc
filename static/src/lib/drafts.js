// Text that was begun and not sent, kept in this browser for each chat. owner tells apart the drafts of one chat, or of several users.
// Where there is no storage, or it is full, nothing is kept.
import { scoped } from "./base.js";
import { isBlank } from "./is-blank.js";
import { local } from "./storage.js";

const prefix = scoped("parley.draft.");
const keepFor = 30 * 24 * 3600 * 1000;

const keyOf = (chat, owner) => `${prefix}${owner}.${chat}`;

/** The text that is kept, "" for none. */
export function readDraft(chat, owner) {
  try {
    return String(JSON.parse(local.get(keyOf(chat, owner)))?.text ?? "");
  } catch {
    return "";
  }
}

/** Keeps the text; an empty one forgets the draft. Tells the page through "parley:draft". Answers false where it cannot be kept. */
export function keepDraft(chat, owner, text) {
  const empty = isBlank(text);
  if (empty) local.remove(keyOf(chat, owner));
  else if (!local.set(keyOf(chat, owner), JSON.stringify({ text, at: Date.now() }))) return false; // the text is still in its field
  document.dispatchEvent(new CustomEvent("parley:draft", { detail: { chat } }));
  return true;
}

/** Forgets drafts of more than 30 days ago, and what cannot be read. */
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
