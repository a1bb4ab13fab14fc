// Text that was begun and not sent, kept in this browser for each chat. owner tells apart the drafts of one chat, or of several users.
// Where there is no storage, or it is full, nothing is kept.
const prefix = "parley.draft.";
const keepFor = 30 * 24 * 3600 * 1000;

const name = (chat, owner) => `${prefix}${owner}.${chat}`;

/** The text that is kept, "" for none. */
export function readDraft(chat, owner) {
  try {
    return String(JSON.parse(localStorage.getItem(name(chat, owner)))?.text ?? "");
  } catch {
    return "";
  }
}

/** Keeps the text; an empty one forgets the draft. Tells the page through "parley:draft". Answers false where it cannot be kept. */
export function keepDraft(chat, owner, text) {
  try {
    if (text.trim() === "") localStorage.removeItem(name(chat, owner));
    else localStorage.setItem(name(chat, owner), JSON.stringify({ text, at: Date.now() }));
  } catch {
    return false; // the text is still in its field
  }
  document.dispatchEvent(new CustomEvent("parley:draft", { detail: { chat } }));
  return true;
}

/** Forgets drafts of more than 30 days ago, and what cannot be read. */
export function dropOldDrafts() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix) && !isRecent(key)) localStorage.removeItem(key);
  } catch {
    // nothing was kept
  }
}

function isRecent(key) {
  try {
    return Date.now() - JSON.parse(localStorage.getItem(key)).at <= keepFor;
  } catch {
    return false;
  }
}
