// The drafts of an agent in the list of chats.
import { readDraft } from "../lib/drafts.js";
import { beginningOf } from "../lib/format.js";

/** Writes the beginning of the draft into a row of the list, in the place of the last line. */
export function showDraft(row) {
  const line = row.querySelector("[data-draft]");
  if (!line) return;
  const text = row.matches("[aria-current]") ? "" : readDraft(row.dataset.chat, "reply");
  row.toggleAttribute("data-drafted", text !== "");
  line.textContent = beginningOf(text, 120);
}
