// Drafts on the server: they are the same on every device of an agent, and the agent who gets a chat next sees what was left.
// The text is also kept in this browser (lib/drafts.js), which holds it while there is no connection.
//
// Each draft has a version. A save names the version that it continues, so that the text of a tab that has not received a newer
// one is refused. A newer text takes the place of one that was not touched here; otherwise the agent chooses.
import { at, scoped } from "../lib/base.js";
import { chatURL } from "./chat-url.js";
import { keepDraft, readDraft } from "../lib/drafts.js";
import { beginningOf } from "../lib/format.js";
import { isBlank } from "../lib/is-blank.js";
import { onLive } from "../lib/live.js";
import { getJSON, post } from "../lib/request.js";
import { local } from "../lib/storage.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";

const saveAfter = 1000;
const retryAfter = 5;
const kinds = ["reply", "note"];
const prefix = scoped("parley.draft-base.");
const states = new Map(); // by keyOf
let left = []; // drafts of other agents, the newest last
let open = null; // the composer on the screen

const keyOf = (chat, kind) => `${kind}.${chat}`;
const urlOf = (chat) => `${chatURL(chat)}/draft`;
const same = (a, b) => a.trim() === b.trim(); // the server stores texts without surrounding white space
const isOpen = (chat, kind) => open?.form.isConnected && open.chat === chat && (!kind || open.form.dataset.kind === kind);
const isShown = (chat, kind) => isOpen(chat, kind) && !open.isEditing(); // otherwise the field has the text of a sent message
const textOf = ({ chat, kind }) => (isShown(chat, kind) ? open.field.value : readDraft(chat, kind));
const isTouched = (draft) => !same(textOf(draft), draft.text);

/** Reads the drafts, and keeps them up to date. It is called once, before a composer is wired. */
export function startSharedDrafts() {
  document.addEventListener("parley:draft", ({ detail }) => kinds.includes(detail.owner) && saveSoon(stateOf(detail.chat, detail.owner)));
  onLive("draft", receive);
  for (const event of ["drafts_changed", "reconnected", "arrived"]) onLive(event, load);
  onLive("erased", ({ chat_ids: chats }) => chats.forEach(forget));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && saveAll());
  window.addEventListener("pagehide", () => saveAll(true));
  window.addEventListener("pageshow", (event) => event.persisted && load());
  load();
}

/** Shares the drafts of an open composer, except while isEditing(), when it has the text of a sent message. show(form) draws it after its text changed; switchTo(kind) goes to a reply or a note. */
export function shareDrafts({ form, field, isEditing, show, switchTo }) {
  open = { chat: form.dataset.chat, form, field, isEditing, show, switchTo };
  field.addEventListener("blur", () => kinds.includes(form.dataset.kind) && save(stateOf(form.dataset.chat, form.dataset.kind)));
  const box = boxOf();
  box.querySelector("[data-take]").addEventListener("click", () => (offer()?.isNewer ? useNewer() : takeOver()));
  box.querySelector("[data-discard]").addEventListener("click", () => (offer()?.isNewer ? keepMine() : discard(offer())));
  for (const kind of kinds) {
    const state = stateOf(open.chat, kind);
    state.refused = null; // the chat may have come back
    saveSoon(state); // what was typed before it could be saved
  }
  showOffer();
}

// What the server has: version 0 without a draft; seen is the latest version of all, and at when it was learned. newer is a
// draft between which and the text here the agent has to choose, sent a text whose save was not answered yet, waiting an event
// that came meanwhile, refused a text that the server does not take, taken the draft of another agent that the text contains.
function stateOf(chat, kind) {
  const key = keyOf(chat, kind);
  if (!states.has(key)) {
    const { version = 0, text = "", sent = null } = parse(local.get(prefix + key));
    states.set(key, { chat, kind, version, text, sent, seen: version, at: 0, newer: null, saving: false, waiting: null, refused: null, taken: null, timer: undefined });
  }
  return states.get(key);
}

function parse(stored) {
  try {
    return JSON.parse(stored) ?? {};
  } catch {
    return {};
  }
}

function remember(state, version, text) {
  Object.assign(state, { version: text === "" ? 0 : version, text, sent: null, seen: Math.max(state.seen, version), at: performance.now(), newer: null });
  persist(state);
}

function persist({ chat, kind, version, text, sent }) {
  const key = prefix + keyOf(chat, kind);
  if (version > 0 || sent) local.set(key, JSON.stringify({ version, text, sent }));
  else local.remove(key);
}

function saveSoon(state) {
  clearTimeout(state.timer);
  if (isTouched(state)) state.timer = setTimeout(() => save(state), saveAfter);
}

function saveAll(leaving = false) {
  for (const state of states.values()) save(state, leaving);
}

async function save(state, leaving = false) {
  clearTimeout(state.timer);
  if (state.newer || !isTouched(state) || (state.saving && !leaving)) return;
  const text = isBlank(textOf(state)) ? "" : textOf(state);
  if (text === state.refused) return;
  const fields = { kind: state.kind, content: text };
  const { taken } = state;
  // While another save is on its way its version is unknown. This one is newer, so it is sent without a version: the order of arrival is not known.
  if (!state.saving) fields.version = state.version;
  state.saving = true;
  state.sent = text;
  persist(state); // the page may end before the answer comes
  const answer = await post(urlOf(state.chat), fields, { json: true, keepalive: true });
  state.saving = false;
  if (answer.status !== 0) state.sent = null;
  if (answer.ok) {
    remember(state, answer.json.version, text);
    if (taken) discardTaken(state, taken);
  }
  else if (answer.problem.code === "draft_outdated") await load();
  else if (answer.status === 0 || answer.status === 429 || answer.status >= 500) {
    state.timer = setTimeout(() => save(state), (answer.retryAfter || retryAfter) * 1000);
  } else state.refused = text; // the chat has ended or left, or the text is too long
  const { waiting } = state;
  state.waiting = null;
  if (waiting) receive(waiting);
  if (answer.ok && !state.newer) saveSoon(state); // what was typed meanwhile
}

function discardTaken(state, draft) {
  state.taken = null;
  post(`${urlOf(state.chat)}/discard`, { kind: draft.kind, service_id: draft.service_id });
}

async function load() {
  const asked = performance.now();
  const drafts = await getJSON(at("/api/customer-service/drafts"));
  if (!drafts) return; // "reconnected" follows
  left = drafts.filter((draft) => !draft.is_mine);
  const found = new Set();
  for (const draft of drafts.filter((d) => d.is_mine)) {
    found.add(keyOf(draft.chat_id, draft.kind));
    const state = stateOf(draft.chat_id, draft.kind);
    if (state.at <= asked && draft.version !== state.version) take(state, draft);
  }
  for (const key of local.keys()) {
    const [, kind, chat] = key.startsWith(prefix) ? /^(\w+)\.(.*)$/.exec(key.slice(prefix.length)) : [];
    if (kinds.includes(kind)) stateOf(chat, kind);
  }
  for (const [key, state] of states) {
    if (!found.has(key) && state.version > 0 && state.at <= asked) take(state, { version: 0, content: "" });
    if (state.version > 0) saveSoon(state); // typed without a connection
  }
  showOffer();
}

function receive(draft) {
  if (draft.is_mine) {
    const state = stateOf(draft.chat_id, draft.kind);
    if (state.saving) state.waiting = draft;
    else if (draft.version > state.seen) take(state, draft);
  } else {
    left = left.filter((d) => !(d.chat_id === draft.chat_id && d.kind === draft.kind && d.service_id === draft.service_id));
    if (draft.content) left.push(draft);
  }
  showOffer();
}

// Takes over what the server has, unless another text was typed here.
function take(state, draft) {
  if (state.saving) return;
  const mine = textOf(state);
  const isSaved = state.sent !== null && same(mine, state.sent); // by a page that ended
  if (isTouched(state) && !isSaved && draft.content && !isBlank(mine) && !same(mine, draft.content)) {
    Object.assign(state, { newer: draft, seen: draft.version, at: performance.now() });
    clearTimeout(state.timer);
    return;
  }
  const keep = draft.content === "" && isTouched(state) && !isSaved;
  remember(state, draft.version, draft.content);
  if (keep) saveSoon(state);
  else if (!same(mine, draft.content)) setText(state, draft.content);
}

function setText({ chat, kind }, text) {
  const shown = isShown(chat, kind);
  if (shown) open.field.value = text;
  keepDraft(chat, kind, text);
  if (shown) open.show(open.form);
}

function forget(chat) {
  left = left.filter((draft) => draft.chat_id !== chat);
  for (const kind of kinds) {
    const state = stateOf(chat, kind);
    remember(state, state.seen, "");
    setText(state, "");
  }
}

const boxOf = () => document.getElementById("composer-draft");

// What the composer offers: a newer text of the agent's own, or the latest that another agent left.
function offer() {
  if (!isOpen(open?.chat)) return null;
  for (const kind of kinds) {
    const { newer } = stateOf(open.chat, kind);
    if (newer) return { ...newer, isNewer: true };
  }
  return left.findLast((draft) => draft.chat_id === open.chat) ?? null;
}

function showOffer() {
  const box = boxOf();
  if (!box) return;
  const draft = offer();
  box.hidden = !draft;
  if (!draft) return;
  setWords(box.querySelector("[data-title]"), titleOf(draft));
  setWords(box.querySelector("[data-text]"), beginningOf(draft.content, 600));
  setWords(box.querySelector("[data-take]"), draft.isNewer ? translate("workbench.shared_draft.use") : translate("workbench.shared_draft.take"));
  setWords(box.querySelector("[data-discard]"), draft.isNewer ? translate("workbench.shared_draft.keep") : translate("workbench.shared_draft.discard"));
}

function titleOf(draft) {
  if (draft.isNewer) return translate("workbench.shared_draft.newer");
  if (draft.kind === "note") return translate("workbench.shared_draft.left_note", { Name: draft.service_name });
  return translate("workbench.shared_draft.left", { Name: draft.service_name });
}

function setWords(el, words) {
  if (el.textContent !== words) el.textContent = words; // a status that is written again is read again
}

function useNewer() {
  const draft = offer();
  const state = stateOf(draft.chat_id, draft.kind);
  open.switchTo(draft.kind);
  remember(state, draft.version, draft.content);
  setText(state, draft.content);
  finishOffer();
}

function keepMine() {
  const draft = offer();
  const state = stateOf(draft.chat_id, draft.kind);
  remember(state, draft.version, draft.content);
  save(state);
  finishOffer();
}

// The draft of another agent follows what is in the field. It is discarded once it is stored as one's own.
function takeOver() {
  const draft = offer();
  const state = stateOf(draft.chat_id, draft.kind);
  open.switchTo(draft.kind);
  const mine = textOf(state).trimEnd();
  setText(state, isBlank(mine) ? draft.content : `${mine}\n\n${draft.content}`);
  left = left.filter((d) => d !== draft);
  finishOffer();
  state.taken = draft;
  save(state);
}

async function discard(draft) {
  left = left.filter((d) => d !== draft);
  finishOffer();
  const answer = await post(`${urlOf(draft.chat_id)}/discard`, { kind: draft.kind, service_id: draft.service_id });
  if (answer.ok || answer.status === 404) return;
  left.push(draft);
  showOffer();
  toast(answer.problem.detail || translate("workbench.shared_draft.not_discarded"), { error: true });
}

function finishOffer() {
  showOffer();
  open.field.focus();
}
