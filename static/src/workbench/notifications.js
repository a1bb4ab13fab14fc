// Sound, the count in the title, and desktop notifications.
import { now } from "../lib/clock.js";
import { scoped } from "../lib/base.js";
import { translate } from "../lib/translate.js";
import { local } from "../lib/storage.js";
import {
  askPermission, notificationsAreOn, permission, prepareNotifications, showNotification, setNotificationsWanted,
} from "./desktop-notifications.js";
import { isLeader } from "./tab-leader.js";

const storageKey = scoped("parley.sound");
const loudest = 3;
let context;

export const soundIsOn = () => local.get(storageKey) !== "off";

/** Why a sound would not be heard: "off", "quiet" in quiet hours, "blocked" before the first click or key; else "on". */
export function soundState() {
  if (!soundIsOn()) return "off";
  if (isQuiet()) return "quiet";
  return navigator.userActivation?.hasBeenActive === false ? "blocked" : "on";
}

/** Whether the agent's quiet hours are now: no sounds and no notifications. */
export function isQuiet() {
  const periods = document.getElementById("reminders")?.dataset.quiet.split(" ") ?? [];
  return periods.some((period) => {
    const [from, until] = period.split("/").map(Date.parse);
    return from <= now() && now() < until;
  });
}

/**
 * Announces a new chat or message with a sound and on the desktop, in the leading tab only and not in quiet hours. path is the
 * chat's page. A level above 0 is a reminder: it is louder, and from 3 on the notification stays until it is closed.
 */
export function notify(title, body, { kind, level = 0, chat, path, open }) {
  if (!isLeader() || isQuiet()) return;
  if (soundIsOn()) chime(kind, level);
  if (!notificationsAreOn() || (document.visibilityState === "visible" && document.hasFocus())) return;
  showNotification(title, { body, tag: `parley-${chat}`, path, open, stays: level >= loudest });
}

/** Two soft tones for a new chat, one for a message, more and louder ones for reminders; drawn here, so nothing is loaded. */
export function chime(kind, level = 0) {
  // Browsers play nothing before the first click or key; the title counts anyway.
  if (navigator.userActivation?.hasBeenActive === false) return;
  const urgency = Math.min(level, loudest);
  try {
    context ??= new AudioContext();
    context.resume().catch(() => {});
    const tones = kind === "chat" ? [659.3, 880] : [784];
    const all = Array.from({ length: 1 + urgency }, () => tones).flat();
    all.forEach((pitch, i) => tone(pitch, context.currentTime + i * 0.14, 0.16 * (1 + urgency)));
  } catch {
    // no sound here at all
  }
}

function tone(pitch, at, volume) {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  oscillator.type = "sine";
  oscillator.frequency.value = pitch;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(volume, at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.34);
}

/** Puts the number of unread messages before the title. */
export function countInTitle(unread) {
  const plain = document.title.replace(/^\(\d+\) /, "");
  document.title = unread > 0 ? `(${unread}) ${plain}` : plain;
}

/** Wires the bell's menu; open(path) goes to a chat. The browser is asked for permission by a click here and nowhere else. */
export function wireNotifications(menu, open) {
  const sound = menu.querySelector("[data-sound]");
  const desktop = menu.querySelector("[data-desktop]");
  sound.checked = soundIsOn();
  sound.addEventListener("change", () => {
    local.set(storageKey, sound.checked ? "on" : "off");
    if (sound.checked) chime("chat");
    showBell(menu);
  });
  desktop.addEventListener("change", async () => {
    setNotificationsWanted(desktop.checked);
    if (desktop.checked) await askOnce(menu);
    prepareNotifications(open);
    showDesktop(menu, desktop);
  });
  menu.querySelector("[data-test-notice]").addEventListener("click", async () => {
    chime("chat");
    await askOnce(menu);
    showDesktop(menu, desktop);
    const isShown = permission() === "granted";
    if (isShown) {
      prepareNotifications(open, true);
      const { pathname } = location;
      await showNotification(translate("workbench.notice.test_title"), { body: translate("workbench.notice.test_body"), tag: "parley-test", path: pathname, open });
    }
    menu.querySelector("[data-test-says]").textContent = translate(isShown ? "workbench.notice.tested" : "workbench.notice.tested_sound");
  });
  menu.querySelector("[popover]").addEventListener("toggle", () => showDesktop(menu, desktop)); // it can change in the browser
  prepareNotifications(open);
  showDesktop(menu, desktop);
  showBell(menu);
}

async function askOnce(menu) {
  if (permission() !== "default") return;
  setHint(menu, translate("workbench.notice.desktop_asking"));
  await askPermission();
}

const permissionTexts = {
  granted: "workbench.notice.granted",
  denied: "workbench.notice.denied",
  default: "workbench.notice.default",
  insecure: "workbench.notice.insecure",
  missing: "workbench.notice.missing",
};

function showDesktop(menu, box) {
  const state = permission();
  box.checked = notificationsAreOn();
  box.disabled = !["granted", "default"].includes(state);
  setHint(menu, translate(permissionTexts[state]));
}

function setHint(menu, words) {
  menu.querySelector("[data-desktop-says]").textContent = words;
}

function showBell(menu) {
  menu.toggleAttribute("data-muted", !soundIsOn());
}
