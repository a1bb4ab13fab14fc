// Reminders of chats that were assigned and not opened. They become more urgent, and end in every tab and on every device
// as soon as one of them has opened the chat: the server then draws its row without data-unopened.
import { now } from "../lib/clock.js";
import { clock } from "../lib/format.js";
import { post } from "../lib/request.js";
import { translate } from "../lib/translate.js";
import { chatURL } from "./chat-url.js";
import { closeNotification } from "./desktop-notifications.js";
import { latestRow, latestRows } from "./list.js";
import { openChat, showTitle } from "./navigate.js";
import { notify } from "./notifications.js";

// When to remind, in multiples of the first time: after 15 s, 30 s and 1 min, then every minute up to 10.
const steps = [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40];

const reminded = new Map(); // chat → { since, level }
const opening = new Set(); // assignments that this tab has reported as opened
let timer;
let titleTimer;
let openByClick;

/** Starts the reminders; open(path) goes to a chat. */
export function startReminders(open) {
  openByClick = open;
  document.addEventListener("parley:part", ({ target }) => target.id === "reminders" && remind());
  for (const name of ["focus", "pageshow"]) window.addEventListener(name, remind);
  document.addEventListener("visibilitychange", remind);
  remind();
}

/** Reports the open chat as opened, and brings the reminders up to date with the list. */
export function remind() {
  clearTimeout(timer);
  const rules = document.getElementById("reminders");
  if (!rules) return;
  if (document.visibilityState === "visible" && document.hasFocus()) reportOpened(openChat());
  const waiting = latestRows().filter(isUnopened);
  forget(new Set(waiting.map((row) => row.dataset.chat)));
  const first = rules.dataset.repeat === "true" ? Number(rules.dataset.after) : 0;
  const next = first > 0 ? Math.min(...waiting.map((row) => remindOf(row, first))) : Infinity;
  const urgent = waiting.find((row) => reminded.get(row.dataset.chat)?.level > 0);
  flashTitle(urgent && translate("workbench.notice.unopened", { Name: urgent.dataset.name }));
  if (Number.isFinite(next)) timer = setTimeout(remind, Math.max(next, 50));
}

const keyOf = ({ dataset }) => `${dataset.chat} ${dataset.unopened}`;
const isUnopened = (row) => Boolean(row.dataset.unopened) && !opening.has(keyOf(row));

// Reminds of one chat if a step has passed since the last time; returns the milliseconds until the next one.
function remindOf(row, first) {
  const { chat, name, unopened: since } = row.dataset;
  const age = now() - Date.parse(since);
  const level = steps.filter((step) => step * first <= age).length;
  const before = reminded.get(chat);
  reminded.set(chat, { since, level });
  // What was due before this page was there is not made up for.
  if (before?.since === since && before.level < level) {
    const text = row.querySelector(".row-said")?.textContent.trim() ?? "";
    notify(translate("workbench.notice.new_chat", { Name: name }), translate("workbench.notice.reminder_body", { Time: clock(age / 1000), Text: text }), {
      kind: "chat", level, chat, path: chatURL(chat), open: openByClick,
    });
  }
  return level < steps.length ? steps[level] * first - age : Infinity;
}

function forget(waiting) {
  for (const chat of reminded.keys()) {
    if (waiting.has(chat)) continue;
    reminded.delete(chat);
    closeNotification(chat);
  }
}

async function reportOpened(chat) {
  const row = chat && latestRow(chat);
  if (!row || !isUnopened(row)) return;
  const key = keyOf(row);
  opening.add(key);
  const { ok, status } = await post(`${chatURL(chat)}/open`, {}, { keepalive: true });
  if (ok || (status >= 400 && status < 500 && status !== 429)) return;
  setTimeout(() => {
    opening.delete(key);
    remind();
  }, 2000);
}

// The title alternates while a chat waits to be opened, also in quiet hours.
function flashTitle(text) {
  clearInterval(titleTimer);
  titleTimer = 0;
  showTitle();
  if (!text) return;
  let isFlashed = false;
  titleTimer = setInterval(() => {
    isFlashed = !isFlashed;
    showTitle();
    if (isFlashed) document.title = document.title.replace(/^(\(\d+\) )?.*$/, (_, count = "") => `${count}${text}`);
  }, 1000);
}
