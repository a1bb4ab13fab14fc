// Canned replies in the composer: "/" at the start of a word opens the list, whose module is loaded with the first use.
// A message that still contains placeholders is marked and sent only after a question.
import { openDialog } from "../lib/dialog.js";
import { listOf } from "../lib/format.js";
import { onKeyDownFirst } from "../lib/keydown.js";
import { getChangedJSON, post } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";
import { at } from "../lib/base.js";

const trigger = /(?:^|[\s([{（「“"'，。！？、；：])\/([^\s/]*)$/u;
const placeholder = /\{\{\s*[\p{L}\p{N}_.-]+\s*\}\}/gu;
const listURL = at("/workbench/canned-replies");
let picker = null;
let loading = null;

function load() {
  loading ??= import(document.getElementById("desk").dataset.canned)
    .then(({ createPicker }) => (picker = createPicker({ translate, listURL, getChangedJSON, onUse: (id) => post(`${listURL}/${encodeURIComponent(id)}/use`) })))
    .catch(() => {
      loading = null;
      toast(translate("workbench.canned.failed"), { error: true });
    });
  return loading;
}

/** Opens the list while the text before the caret ends with "/" and a part of a shortcut. */
export function wireCannedReplies(form, field) {
  let waits = false;
  picker?.close();
  const query = () => {
    const { selectionStart, selectionEnd, value } = field;
    return selectionStart === selectionEnd ? trigger.exec(value.slice(0, selectionStart))?.[1] : undefined;
  };
  const refresh = async () => {
    if (query() === undefined) {
      picker?.close();
      return;
    }
    if (!picker) {
      waits = true;
      await load();
      waits = false;
    }
    const typed = query();
    if (picker && typed !== undefined && field.isConnected && document.activeElement === field) picker.show(field, typed);
  };
  field.addEventListener("input", refresh);
  field.addEventListener("click", () => picker?.isOpen() && refresh());
  field.addEventListener("blur", () => picker?.close());
  const onKey = (event) => {
    if (event.target !== field) return;
    // Until the list is there, Enter must not send what was typed to find a reply.
    const taken = picker?.isOpen() ? picker.onKey(event) : (waits || picker?.isLoading()) && event.key === "Enter";
    if (!taken) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  onKeyDownFirst(form, onKey);
  wireCommand();
  form.querySelector("[data-canned-open]")?.addEventListener("click", () => {
    field.focus();
    const { selectionStart: from, value } = field;
    field.setRangeText(from > 0 && !/\s/.test(value[from - 1]) ? " /" : "/", from, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

let isWired = false;

// The command palette asks for one reply, by its id.
function wireCommand() {
  if (isWired) return;
  isWired = true;
  document.addEventListener("parley:canned", async ({ detail: id }) => {
    if (!picker) await load();
    const field = document.getElementById("composer-text");
    if (field) await picker?.use(field, id);
  });
}

const placeholdersIn = (text) => [...new Set(text.match(placeholder) ?? [])];

/** Says below the thread which placeholders of the text have no value. */
export function showPlaceholders(text) {
  const line = document.getElementById("composer-unfilled");
  const names = placeholdersIn(text);
  const words = names.length > 0 ? translate("workbench.canned.missing", { Names: listOf(names) }) : "";
  if (line && line.textContent !== words) line.textContent = words;
}

/** Returns true if the text has no placeholders, or was confirmed with them; else asks. */
export function confirmPlaceholders(form, text) {
  const names = placeholdersIn(text);
  const dialog = document.getElementById("unfilled");
  if (names.length === 0 || form.dataset.confirmedText === text) {
    delete form.dataset.confirmedText;
    return true;
  }
  dialog.querySelector("[data-unfilled]").textContent = translate("workbench.unfilled.detail", { Names: listOf(names) });
  dialog.querySelector("[data-yes]").onclick = () => {
    form.dataset.confirmedText = text;
    dialog.close();
    form.requestSubmit();
  };
  openDialog("unfilled");
  return false;
}
