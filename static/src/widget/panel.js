// The state of the panel: what the server sends in #w-now, and two seconds of "connecting" before any position in the
// queue, so that users who are served at once never see a number.
import { scoped } from "../lib/base.js";
import { session } from "../lib/storage.js";
import { thread, toEnd } from "../lib/thread.js";
import { translate } from "../lib/translate.js";

const connectingMs = 2000;
const announceInterval = 30_000;

const main = document.getElementById("main");
const field = document.getElementById("composer-text");
const composer = document.getElementById("composer");
const listeners = [];
let askedAt = 0;
let timer;
let announced = { at: 0, text: "" };
let announceTimer;
let page = {};

const now = () => document.getElementById("w-now").dataset;

export const state = {
  name: () => now().state,
  chat: () => now().chat,
  agent: () => now().other ?? "",
  open: () => ["waiting", "active", "connecting"].includes(now().state),
  /** The first message was sent: until the server answers, the panel shows that it is looking for an agent. */
  ask() {
    if (now().state !== "greeting") return;
    askedAt = Date.now();
    document.getElementById("w-hello").hidden = true;
    show();
  },
  /** The first message was refused: the panel is as it was before. */
  refused() {
    askedAt = 0;
  },
  page(told) {
    page = told;
  },
  /** Returns the fields sent with the first question. */
  asked() {
    const fields = Object.fromEntries([...composer.querySelectorAll('input[type="hidden"]')].map((i) => [i.name, i.value]));
    delete fields.csrf_token;
    const answers = document.getElementById("w-before");
    return { ...fields, department: now().department ?? fields.department, ...(answers && Object.fromEntries(new FormData(answers))), ...page };
  },
};

export const onState = (listen) => {
  listeners.push(listen);
  listen(main.dataset.state);
};

/** The address of a new chat, in a document that shows one that was ended and put aside; else "". */
export function putAside(page) {
  const { state, chat } = page.getElementById("w-now").dataset;
  return state === "ended" && session.get(scoped("parley.after")) === chat ? (page.getElementById("main").dataset.fresh ?? "") : "";
}

export function startPanel() {
  document.addEventListener("parley:part", (event) => event.target.id === "w-now" && show());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) session.set(scoped("parley.after"), now().chat);
  });
  show();
}

function show() {
  clearTimeout(timer);
  const fresh = putAside(document); // also when the stream sends the chat again, because its agent has wrapped it up
  if (fresh) {
    location.replace(fresh);
    return;
  }
  const data = now();
  const left = askedAt + connectingMs - Date.now();
  let state = data.state;
  if (left > 0 && ["greeting", "connecting", "waiting"].includes(data.state)) {
    state = "connecting";
    timer = setTimeout(show, left);
  } else if (askedAt && data.state === "greeting") {
    state = "connecting"; // no answer yet
  }
  if (data.state !== "greeting" && left <= 0 || data.state === "locked") askedAt = 0;
  moveTo(data.chat);
  thread().dataset.other = data.other ?? "";
  field.placeholder = state === "connecting" ? translate("widget.add_something") : data.placeholder;
  composer.querySelector("label .sr").textContent = data.label;
  fillRing(data);
  if (main.dataset.state !== state) {
    main.dataset.state = state;
    listeners.forEach((listen) => listen(state));
    toEnd();
  }
  announce(state);
}

// The thread belongs to one chat; a new one begins with what was just asked.
function moveTo(chat) {
  const log = thread();
  if (!chat || log.dataset.chat === chat) return;
  const before = log.dataset.chat;
  log.dataset.chat = chat;
  if (before) for (const el of log.querySelectorAll(":scope > :is([data-id], .earlier)")) el.remove();
}

// The ring fills from the first place that this tab saw to now.
function fillRing({ place, chat }) {
  const ring = document.querySelector("#w-place .ring .fill");
  if (!place || !ring) return;
  const key = scoped(`parley.first.${chat}`);
  const first = Math.max(Number(session.get(key)) || 0, Number(place));
  session.set(key, first);
  ring.setAttribute("stroke-dasharray", `${Math.round((100 * (first - place + 1)) / (first + 1))} 100`);
}

// A change is announced to screen readers once, at most every half minute while waiting.
function announce(state) {
  const status = document.querySelector("#w-head .w-state-now")?.textContent.trim() ?? "";
  const reason = document.getElementById("w-why")?.textContent.trim() ?? "";
  const text = state === "connecting" ? document.querySelector("#w-head .w-state-connecting").textContent : `${status}. ${reason}`.trim();
  if (text === announced.text || state === "greeting") return;
  clearTimeout(announceTimer);
  const wait = state === "waiting" ? Math.max(0, announced.at + announceInterval - Date.now()) : 0;
  announceTimer = setTimeout(() => {
    announced = { at: Date.now(), text };
    document.getElementById("w-say").textContent = text;
  }, wait);
}
