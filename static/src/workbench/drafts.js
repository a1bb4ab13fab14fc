// The drafts of an agent in the list of chats.
import { readDraft } from "../lib/drafts.js";
import { beginningOf } from "../lib/format.js";

/** Shows the beginning of the draft in a row of the list, in place of the last message. */
export function showDraft(row) {
  const line = row.querySelector("[data-draft]");
  if (!line) return;
  const text = row.matches("[aria-current]") ? "" : readDraft(row.dataset.chat, "reply");
  row.toggleAttribute("data-drafted", text !== "");
  line.textContent = beginningOf(text, 120);
}
