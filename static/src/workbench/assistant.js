// The assistant of the open chat, where one is configured: it drafts a reply, translates what the agent wrote and what the user wrote, and
// summarizes the chat for a transfer. Its texts go into fields and beside messages; only the agent sends.
import { isBlank } from "../lib/is-blank.js";
import { onKeyDown } from "../lib/keydown.js";
import { postForEvents } from "../lib/request.js";
import { thread } from "../lib/thread.js";
import { translate } from "../lib/translate.js";
import { chatURL } from "./chat-url.js";

const template = (name) => document.getElementById(`assistant-${name}`);
const copyOf = (name) => template(name).content.firstElementChild.cloneNode(true);
let running = null; // {stop} of the answer that is being written into the composer

/**
 * Asks for an answer in a chat and calls onText with the whole text so far. Returns {ok, text, detail}; detail says why there is none, and is
 * empty if the signal was aborted.
 */
async function ask(chat, fields, onText, signal) {
  let text = "";
  let problem = {};
  let isDone = false;
  const answer = await postForEvents(`${chatURL(chat)}/assistant`, fields, ({ name, data }) => {
    const body = JSON.parse(data);
    if (name === "text") onText((text += body.text));
    else if (name === "failed") problem = body;
    else if (name === "done") {
      text = body.text;
      isDone = true;
    }
  }, signal);
  if (signal.aborted) return { ok: false, text, detail: "" };
  if (isDone) return { ok: true, text, detail: "" };
  return { ok: false, text, detail: problem.detail || answer.problem.detail || translate("workbench.assistant.failed") };
}

/** Adds a button to the messages of users and to the dialog of a transfer, in each chat that is opened. */
export function startAssistant() {
  if (!template("menu")) return;
  document.addEventListener("parley:thread", offerTranslations);
  document.addEventListener("parley:part", offerTranslations);
  document.addEventListener("htmx:afterSettle", ({ target }) => target.id === "transfer-place" && offerSummary());
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-translate-message]");
    if (button) translateMessage(button.closest(".msg"));
    const toggle = target.closest?.("[data-toggle-original]");
    if (toggle) showOriginal(toggle.closest(".msg"), toggle.dataset.shows === "translation");
  });
}

/** Adds the menu to the composer of a chat. toReply() leaves notes, onText() follows a new text in the field, showError(text) tells a refusal. */
export function wireAssistant({ form, field, toReply, onText, showError }) {
  if (!template("menu")) return;
  running?.stop();
  const menu = copyOf("menu");
  const translation = menu.querySelector("[data-translate-text]");
  form.querySelector("[data-emoji]").after(menu);
  menu.addEventListener("toggle", () => (translation.disabled = isBlank(field.value)));
  menu.querySelector("[data-draft]").addEventListener("click", () => {
    menu.open = false;
    toReply();
    write({ task: "draft" });
  });
  translation.addEventListener("click", () => {
    menu.open = false;
    write({ task: "translation", text: field.value, language: menu.querySelector("[data-language]").value });
  });

  async function write(fields) {
    running?.stop();
    closeAssistant(form);
    showError("");
    const { chat } = form.dataset;
    const before = field.value;
    const abort = new AbortController();
    const line = copyOf("line");
    const says = line.querySelector("[data-says]");
    const put = (text) => {
      field.value = text;
      onText(text);
      field.scrollTop = field.scrollHeight;
    };
    const close = () => {
      line.remove();
      field.focus();
    };
    const call = { stop: () => abort.abort() };
    running = call;
    line.querySelector("[data-stop]").addEventListener("click", call.stop);
    form.before(line);
    says.textContent = translate("workbench.assistant.writing");
    field.readOnly = true;
    field.focus();
    const answer = await ask(chat, fields, (text) => field.isConnected && put(text), abort.signal);
    if (running === call) running = null;
    field.readOnly = false;
    if (!field.isConnected || form.dataset.chat !== chat) return;
    if (!answer.ok && !answer.text) {
      put(before);
      close();
      showError(answer.detail);
      return;
    }
    if (!answer.ok) showError(answer.detail);
    put(answer.text);
    says.textContent = translate(answer.ok ? "workbench.assistant.check" : "workbench.assistant.unfinished");
    line.querySelector("[data-stop]").hidden = true;
    const undo = line.querySelector("[data-undo]");
    undo.hidden = false;
    undo.addEventListener("click", () => {
      put(before);
      close();
    });
    field.addEventListener("input", () => isBlank(field.value) && line.remove());
    field.setSelectionRange(field.value.length, field.value.length);
  }

  onKeyDown(field, (event) => {
    if (event.key !== "Escape" || !running) return;
    event.preventDefault();
    event.stopPropagation();
    running.stop();
  });
}

/** Removes the line above the composer, whose text was sent. */
export const closeAssistant = (form) => form.parentElement.querySelector(".assistant-line")?.remove();

const isTranslatable = (el) => el.matches('[data-from="user"]:not(.msg-withdrawn)') && el.querySelector(":scope > .bubble > .say");

function offerTranslations() {
  for (const el of thread()?.querySelectorAll(":scope > .msg") ?? []) {
    if (isTranslatable(el) && el.dataset.id && !el.querySelector("[data-translate-message]")) el.querySelector(".bubble").append(copyOf("translate"));
  }
}

async function translateMessage(el) {
  if (el.querySelector(".translation")) {
    showOriginal(el, el.querySelector(".translation").hidden);
    return;
  }
  const bubble = el.querySelector(".bubble");
  const part = copyOf("translation");
  const says = part.querySelector("[data-says]");
  const into = part.querySelector("[data-translated]");
  says.textContent = translate("workbench.assistant.translating");
  bubble.append(part);
  const answer = await ask(el.dataset.chat, { task: "translation", message_id: el.dataset.id }, (text) => (into.textContent = text), new AbortController().signal);
  if (!answer.ok) {
    into.remove();
    says.textContent = answer.detail;
    setTimeout(() => part.remove(), 10_000);
    return;
  }
  into.textContent = answer.text;
  showOriginal(el, true);
}

// Shows either the translation of a message or what the user wrote.
function showOriginal(el, translated) {
  const part = el.querySelector(".translation");
  el.querySelector(".bubble > .say").hidden = translated;
  part.querySelector("[data-translated]").hidden = !translated;
  part.querySelector("[data-says]").textContent = translated ? translate("workbench.assistant.translated") : "";
  const toggle = part.querySelector("[data-toggle-original]");
  toggle.textContent = translate(translated ? "workbench.assistant.original" : "workbench.assistant.show_translation");
  toggle.dataset.shows = translated ? "original" : "translation";
}

function offerSummary() {
  const form = document.querySelector("#transfer form");
  const field = form?.elements.tried;
  if (!field || form.querySelector("[data-summarize]")) return;
  const part = copyOf("summary");
  const says = part.querySelector("[data-says]");
  const chat = document.getElementById("open").dataset.chat;
  field.closest(".field").before(part);
  part.querySelector("[data-summarize]").addEventListener("click", async ({ currentTarget: button }) => {
    const before = field.value;
    const abort = new AbortController();
    form.closest("dialog").addEventListener("close", () => abort.abort(), { once: true });
    button.disabled = true;
    says.textContent = translate("workbench.assistant.writing");
    const answer = await ask(chat, { task: "summary" }, (text) => (field.value = text.slice(0, field.maxLength)), abort.signal);
    button.disabled = false;
    if (!answer.ok) field.value = before;
    says.textContent = answer.ok ? translate("workbench.assistant.check_summary") : answer.detail;
    if (answer.ok) field.focus();
  });
}
