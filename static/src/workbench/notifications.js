// Sound, the count in the title, and desktop notifications.
import { scoped } from "../lib/base.js";
import { translate } from "../lib/translate.js";
import { local } from "../lib/storage.js";
import { askPermission, notificationsAreOn, permission, prepareNotifications, showNotification, setNotificationsWanted } from "./desktop-notifications.js";
import { isLeader } from "./tab-leader.js";

const storageKey = scoped("parley.sound");
let context;

export const soundIsOn = () => local.get(storageKey) !== "off";

/** Announces a new chat or message with a sound and on the desktop, in the leading tab only. path is the chat's page. */
export function notify(title, body, { kind, chat, path, open }) {
  if (!isLeader()) return;
  if (soundIsOn()) chime(kind);
  if (!notificationsAreOn() || (document.visibilityState === "visible" && document.hasFocus())) return;
  showNotification(title, { body, tag: `parley-${chat}`, path, open });
}

/** Two soft tones for a new chat, one for a message; drawn here, so nothing is loaded. */
export function chime(kind) {
  // Browsers play nothing before the first click or key; the title counts anyway.
  if (navigator.userActivation?.hasBeenActive === false) return;
  try {
    context ??= new AudioContext();
    context.resume().catch(() => {});
    const tones = kind === "chat" ? [659.3, 880] : [784];
    tones.forEach((pitch, i) => tone(pitch, context.currentTime + i * 0.14));
  } catch {
    // no sound here at all
  }
}

function tone(pitch, at) {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  oscillator.type = "sine";
  oscillator.frequency.value = pitch;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(0.16, at + 0.015);
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
    if (desktop.checked && permission() === "default") {
      setHint(menu, translate("workbench.notice.desktop_asking"));
      await askPermission();
    }
    prepareNotifications(open);
    showDesktop(menu, desktop);
  });
  prepareNotifications(open);
  showDesktop(menu, desktop);
  showBell(menu);
}

function showDesktop(menu, box) {
  const state = permission();
  box.checked = notificationsAreOn();
  box.disabled = state === "missing" || state === "denied";
  if (state === "missing") setHint(menu, translate("workbench.notice.desktop_missing"));
  else if (state === "denied") setHint(menu, translate("workbench.notice.desktop_denied"));
  else setHint(menu, translate("workbench.notice.desktop_hint"));
}

function setHint(menu, words) {
  menu.querySelector("[data-desktop-says]").textContent = words;
}

function showBell(menu) {
  menu.toggleAttribute("data-muted", !soundIsOn());
}
