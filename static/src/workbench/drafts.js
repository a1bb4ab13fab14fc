// What an agent has begun to write, kept for each chat and kind until it is sent.
import { scoped } from "../base.js";
import { isBlank } from "../blank.js";
import { beginningOf } from "../format.js";
import { local } from "../storage.js";

const prefix = scoped("parley.draft.");
const keepFor = 30 * 24 * 3600 * 1000;

const name = (chat, kind) => `${prefix}${kind}.${chat}`;

export function readDraft(chat, kind) {
  try {
    return JSON.parse(local.get(name(chat, kind)))?.text ?? "";
  } catch {
    return "";
  }
}

/** Keeps the text; an empty one forgets the draft. Tells the lists of this tab through "parley:draft". */
export function keepDraft(chat, kind, text) {
  const empty = isBlank(text);
  if (empty) local.remove(name(chat, kind));
  const kept = empty || local.set(name(chat, kind), JSON.stringify({ text, at: Date.now() }));
  document.dispatchEvent(new CustomEvent("parley:draft", { detail: { chat } }));
  return kept;
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
  for (const key of local.keys()) {
    if (!key.startsWith(prefix)) continue;
    try {
      if (Date.now() - JSON.parse(local.get(key)).at > keepFor) local.remove(key);
    } catch {
      local.remove(key);
    }
  }
}
