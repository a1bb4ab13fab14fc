// Everything that ticks, by the server's time: clocks, rings, and the marks of who is owed an answer.
import { clock } from "./format.js";

const stamped = Date.parse(document.querySelector('meta[name="server-now"]')?.content ?? "");
const offset = isNaN(stamped) ? 0 : stamped - Date.now();
const amberFrom = 30;
const redFrom = 60;

/** The server's time in milliseconds, as well as this page knows it. */
export const now = () => Date.now() + offset;

let timer;

export function startClocks() {
  if (timer) return;
  const beat = () => {
    tick();
    timer = setTimeout(beat, 1000 - (now() % 1000) + 5);
  };
  beat();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tick());
}

/** Brings the clocks inside root up to now. */
export function tick(root = document) {
  const moment = now();
  for (const el of root.querySelectorAll("[data-since], [data-until]")) {
    const since = Date.parse(el.dataset.since);
    const passed = (moment - since) / 1000;
    const left = (Date.parse(el.dataset.until) - moment) / 1000;
    if (el.matches(".ring")) fill(el, isNaN(since) ? left : passed);
    else if (el.matches(".slot, .slot-bar > *")) el.classList.toggle("slot-late", passed >= redFrom);
    else if (el.tagName === "TIME") write(el, clock(isNaN(since) ? Math.ceil(left) : passed));
    if (el.hasAttribute("data-tones")) tone(el, passed);
  }
}

function write(el, said) {
  if (el.textContent !== said) el.textContent = said;
}

function fill(ring, seconds) {
  const share = Math.round((Math.min(Math.max(seconds / Number(ring.dataset.span), 0), 1) || 0) * 100);
  ring.querySelector(".fill")?.setAttribute("stroke-dasharray", `${share} 100`);
}

function tone(el, passed) {
  const kind = el.matches(".ring") ? "ring" : "owed";
  el.classList.toggle(`${kind}-amber`, passed >= amberFrom && passed < redFrom);
  el.classList.toggle(`${kind}-red`, passed >= redFrom);
}
