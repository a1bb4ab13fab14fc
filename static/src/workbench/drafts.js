// What an agent has begun to write, kept for each chat and kind until it is sent.
import { isBlank } from "../blank.js";
import { beginningOf } from "../format.js";

const prefix = "parley.draft.";
const keepFor = 30 * 24 * 3600 * 1000;

const name = (chat, kind) => `${prefix}${kind}.${chat}`;

export function readDraft(chat, kind) {
  try {
    return JSON.parse(localStorage.getItem(name(chat, kind)))?.text ?? "";
  } catch {
    return "";
  }
}

/** Keeps the text; an empty one forgets the draft. Tells the lists of this tab through "parley:draft". */
export function keepDraft(chat, kind, text) {
  try {
    if (isBlank(text)) localStorage.removeItem(name(chat, kind));
    else localStorage.setItem(name(chat, kind), JSON.stringify({ text, at: Date.now() }));
  } catch {
    return false; // storage is full or forbidden: the text is still in its field
  }
  document.dispatchEvent(new CustomEvent("parley:draft", { detail: { chat } }));
  return true;
}

/** Writes the beginning of the draft into a row of the list, in the place of the last line. */
export function showDraft(row) {
  const line = row.querySelector("[data-draft]");
  if (!line) return;
  const text = row.matches("[aria-current]") ? "" : readDraft(row.dataset.chat, "reply");
  row.toggleAttribute("data-drafted", text !== "");
  line.textContent = beginningOf(text, 120);
}

/** Forgets what nobody came back to. */
export function dropOldDrafts() {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(prefix)) continue;
    try {
      if (Date.now() - JSON.parse(localStorage.getItem(key)).at > keepFor) localStorage.removeItem(key);
    } catch {
      localStorage.removeItem(key);
    }
  }
}
