// The fields below a chat that a supervisor watches: whispers to its agent and, after joining, messages to the user. A text stays in its field
// until it is stored, and a text or file that is sent again after a lost answer is stored once.
import { rejectionReason } from "../lib/attach.js";
import { isBlank } from "../lib/is-blank.js";
import { onKeyDown } from "../lib/keydown.js";
import { post, upload } from "../lib/request.js";
import { translate } from "../lib/translate.js";
import { showProgress } from "../lib/upload-card.js";

const typingEvery = 3000;
const unsentFiles = new Map(); // ids, by what tells files apart
const unsent = new Map(); // by kind: the text and the id of a send that was not answered
let typingAt = 0;

/** Wires the fields by their place, since the page draws them again. */
export function wireAssist() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-assist]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    send(form);
  }, true);
  onKeyDown(document, (event) => {
    const form = event.target.closest?.("form[data-assist]");
    if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener("input", ({ target }) => {
    const url = target.closest?.("form[data-typing]")?.dataset.typing;
    if (!url || isBlank(target.value) || Date.now() - typingAt < typingEvery) return;
    typingAt = Date.now();
    post(url);
  });
  document.addEventListener("click", ({ target }) => {
    target.closest?.("[data-choose-file]")?.form.querySelector('input[type="file"]').click();
  });
  document.addEventListener("change", async ({ target }) => {
    const form = target.closest?.("form[data-files]");
    if (target.type !== "file" || !form) return;
    const files = [...target.files];
    target.value = "";
    for (const file of files) await sendFile(form.dataset.files, file);
  });
}

// The message comes with the stream. The form may be drawn again meanwhile, so its lines are looked up each time.
async function sendFile(url, file) {
  const refused = rejectionReason(file);
  if (refused) return showError("message", refused);
  const key = [url, file.name, file.size, file.lastModified].join();
  const id = unsentFiles.get(key) ?? crypto.randomUUID();
  unsentFiles.set(key, id);
  showError("message", "");
  const say = (words) => {
    const line = formOf("message")?.querySelector("[data-sending]");
    if (line) line.textContent = words;
  };
  const answer = await upload(url, { client_message_id: id }, file, { onProgress: (part) => say(`${file.name} · ${showProgress(null, part)}`) });
  say("");
  if (answer.ok) unsentFiles.delete(key);
  else showError("message", answer.problem.detail || translate("supervisor.assist.failed"));
}

async function send(form) {
  const { assist: kind } = form.dataset;
  const field = form.elements.content;
  const text = field.value;
  if (isBlank(text) || form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const id = unsent.get(kind)?.text === text ? unsent.get(kind).id : crypto.randomUUID();
  unsent.set(kind, { text, id });
  const answer = await post(form.action, { content: text, client_message_id: id });
  form.ariaBusy = "false";
  showError(kind, answer.ok ? "" : answer.problem.detail || translate("supervisor.assist.failed"));
  if (!answer.ok) return;
  unsent.delete(kind);
  const now = fieldOf(kind);
  if (now?.value === text) now.value = "";
  now?.focus();
}

const formOf = (kind) => document.querySelector(`form[data-assist="${kind}"]`);
const fieldOf = (kind) => formOf(kind)?.elements.content;

function showError(kind, text) {
  const line = formOf(kind)?.querySelector("[data-error]");
  if (line) line.textContent = text;
}
