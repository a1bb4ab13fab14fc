// The state of the panel: what the server says in #w-now, and the two seconds of "connecting" before any place in
// the queue, so that people who are served at once never see a number.
import { scoped } from "../lib/base.js";
import { thread, toEnd } from "../lib/thread.js";
import { word } from "../lib/translate.js";
import { remember, remembered } from "./storage.js";

const connectingFor = 2000;
const speakEvery = 30_000;

const main = document.getElementById("main");
const field = document.getElementById("composer-text");
const composer = document.getElementById("composer");
const listeners = [];
let askedAt = 0;
let timer;
let spoken = { at: 0, text: "" };
let speakTimer;
let page = {};

const now = () => document.getElementById("w-now").dataset;

export const state = {
  name: () => now().state,
  chat: () => now().chat,
  agent: () => now().other ?? "",
  open: () => ["waiting", "active", "connecting"].includes(now().state),
  /** The first question was asked: until the server answers, somebody is being looked for. */
  ask() {
    if (now().state !== "greeting") return;
    askedAt = Date.now();
    document.getElementById("w-hello").hidden = true;
    show();
  },
  page(told) {
    page = told;
  },
  /** What goes with the first question. */
  asked() {
    const fields = Object.fromEntries([...composer.querySelectorAll('input[type="hidden"]')].map((i) => [i.name, i.value]));
    delete fields.csrf_token;
    return { ...fields, ...page };
  },
};

export const onState = (listen) => {
  listeners.push(listen);
  listen(main.dataset.state);
};

/** The address of a new chat, in a document that shows one that was ended and put aside; else "". */
export function putAside(page) {
  const { state, chat } = page.getElementById("w-now").dataset;
  return state === "ended" && remembered(scoped("parley.after")) === chat ? (page.getElementById("main").dataset.fresh ?? "") : "";
}

export function startPanel() {
  const fresh = putAside(document);
  if (fresh) {
    location.replace(fresh);
    return;
  }
  document.addEventListener("parley:part", (event) => event.target.id === "w-now" && show());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) remember(scoped("parley.after"), now().chat);
  });
  show();
}

function show() {
  clearTimeout(timer);
  const said = now();
  const left = askedAt + connectingFor - Date.now();
  let shown = said.state;
  if (left > 0 && ["greeting", "connecting", "waiting"].includes(said.state)) {
    shown = "connecting";
    timer = setTimeout(show, left);
  } else if (askedAt && said.state === "greeting") {
    shown = "connecting"; // no answer yet
  }
  if (said.state !== "greeting" && left <= 0 || said.state === "locked") askedAt = 0;
  moveTo(said.chat);
  thread().dataset.other = said.other ?? "";
  field.placeholder = shown === "connecting" ? word("widget.add_something") : said.placeholder;
  composer.querySelector("label .sr").textContent = said.label;
  fillRing(said);
  if (main.dataset.state !== shown) {
    main.dataset.state = shown;
    listeners.forEach((listen) => listen(shown));
    toEnd();
  }
  speak(shown);
}

// The thread belongs to one chat; a new one begins with what was just asked.
function moveTo(chat) {
  const log = thread();
  if (!chat || log.dataset.chat === chat) return;
  const before = log.dataset.chat;
  log.dataset.chat = chat;
  if (before) for (const el of log.querySelectorAll(":scope > [data-id]")) el.remove();
}

// The ring fills from the first place that this tab saw to now.
function fillRing({ place, chat }) {
  const ring = document.querySelector("#w-place .ring .fill");
  if (!place || !ring) return;
  const key = scoped(`parley.first.${chat}`);
  const first = Math.max(Number(remembered(key)) || 0, Number(place));
  remember(key, first);
  ring.setAttribute("stroke-dasharray", `${Math.round((100 * (first - place + 1)) / (first + 1))} 100`);
}

// A change is spoken once, and at most every half minute while waiting.
function speak(shown) {
  const line = document.querySelector("#w-head .w-state-now")?.textContent.trim() ?? "";
  const why = document.getElementById("w-why")?.textContent.trim() ?? "";
  const text = shown === "connecting" ? document.querySelector("#w-head .w-state-connecting").textContent : `${line}. ${why}`.trim();
  if (text === spoken.text || shown === "greeting") return;
  clearTimeout(speakTimer);
  const wait = shown === "waiting" ? Math.max(0, spoken.at + speakEvery - Date.now()) : 0;
  speakTimer = setTimeout(() => {
    spoken = { at: Date.now(), text };
    document.getElementById("w-say").textContent = text;
  }, wait);
}
