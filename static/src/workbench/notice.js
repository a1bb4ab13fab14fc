// Sound, the count in the title, and desktop notices.
import { word } from "../words.js";
import { isLeader } from "./lead.js";

const stored = "parley.sound";
const wants = "parley.notices";
let context;

export const soundIsOn = () => localStorage.getItem(stored) !== "off";
const noticesAreOn = () => localStorage.getItem(wants) === "on" && window.Notification?.permission === "granted";

/** Tells of a new chat or message, by ear and on the desktop, from the tab that leads. */
export function announce(title, body, { kind, chat, open }) {
  if (!isLeader()) return;
  if (soundIsOn()) chime(kind);
  if (!noticesAreOn() || (document.visibilityState === "visible" && document.hasFocus())) return;
  const notice = new Notification(title, { body, tag: `parley-${chat}`, renotify: true, silent: true });
  notice.onclick = () => {
    window.focus();
    open();
    notice.close();
  };
}

/** Two soft tones for a new chat, one for a message; drawn here, so nothing is loaded. */
export function chime(kind) {
  // Browsers play nothing before the first click or key; the title counts all the same.
  if (navigator.userActivation?.hasBeenActive === false) return;
  try {
    context ??= new AudioContext();
    context.resume();
    const tones = kind === "chat" ? [659.3, 880] : [784];
    tones.forEach((pitch, i) => tone(pitch, context.currentTime + i * 0.14));
  } catch {
    // no sound here at all
  }
}

function tone(pitch, at) {
  const [swing, loud] = [context.createOscillator(), context.createGain()];
  swing.type = "sine";
  swing.frequency.value = pitch;
  loud.gain.setValueAtTime(0.0001, at);
  loud.gain.exponentialRampToValueAtTime(0.16, at + 0.015);
  loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
  swing.connect(loud).connect(context.destination);
  swing.start(at);
  swing.stop(at + 0.34);
}

/** Puts the number of unread messages before the title. */
export function countInTitle(unread) {
  const plain = document.title.replace(/^\(\d+\) /, "");
  document.title = unread > 0 ? `(${unread}) ${plain}` : plain;
}

/** Wires the bell's menu. The browser is asked for permission by a click here and nowhere else. */
export function wireNotices(menu) {
  const sound = menu.querySelector("[data-sound]");
  const desktop = menu.querySelector("[data-desktop]");
  sound.checked = soundIsOn();
  sound.addEventListener("change", () => {
    localStorage.setItem(stored, sound.checked ? "on" : "off");
    if (sound.checked) chime("chat");
    showBell(menu);
  });
  desktop.addEventListener("change", async () => {
    localStorage.setItem(wants, desktop.checked ? "on" : "off");
    if (desktop.checked && Notification.permission === "default") {
      say(menu, word("workbench.notice.desktop_asking"));
      await Notification.requestPermission();
    }
    showDesktop(menu, desktop);
  });
  showDesktop(menu, desktop);
  showBell(menu);
}

function showDesktop(menu, box) {
  const state = window.Notification?.permission ?? "missing";
  box.checked = noticesAreOn();
  box.disabled = state === "missing" || state === "denied";
  if (state === "missing") say(menu, word("workbench.notice.desktop_missing"));
  else if (state === "denied") say(menu, word("workbench.notice.desktop_denied"));
  else say(menu, word("workbench.notice.desktop_hint"));
}

function say(menu, words) {
  menu.querySelector("[data-desktop-says]").textContent = words;
}

function showBell(menu) {
  menu.toggleAttribute("data-muted", !soundIsOn());
}
