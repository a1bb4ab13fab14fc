// Everything that ticks, by the server's time: clocks, rings, and the marks of users who await a reply.
import { clock } from "./format.js";

const serverTime = Date.parse(document.querySelector('meta[name="server-now"]')?.content ?? "");
const offset = isNaN(serverTime) ? 0 : serverTime - Date.now();
const amberAfter = 30;
const redAfter = 60;

/** The server's time in milliseconds, as this page knows it. */
export const now = () => Date.now() + offset;

let timer;

export function startClocks() {
  if (timer) return;
  const run = () => {
    tick();
    timer = setTimeout(run, 1000 - (now() % 1000) + 5);
  };
  run();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tick());
}

/** Updates the clocks inside root. */
export function tick(root = document) {
  const at = now();
  for (const el of root.querySelectorAll("[data-since], [data-until]")) {
    const since = Date.parse(el.dataset.since);
    const passed = (at - since) / 1000;
    const left = (Date.parse(el.dataset.until) - at) / 1000;
    if (el.matches(".ring")) fill(el, isNaN(since) ? left : passed);
    else if (el.matches(".slot, .slot-bar > *")) el.classList.toggle("slot-late", passed >= redAfter);
    else if (el.tagName === "TIME") write(el, clock(isNaN(since) ? Math.ceil(left) : passed));
    if (el.hasAttribute("data-tones")) tone(el, passed);
  }
}

function write(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

function fill(ring, seconds) {
  const percent = Math.round((Math.min(Math.max(seconds / Number(ring.dataset.span), 0), 1) || 0) * 100);
  ring.querySelector(".fill")?.setAttribute("stroke-dasharray", `${percent} 100`);
}

function tone(el, passed) {
  const prefix = el.matches(".ring") ? "ring" : "awaiting";
  el.classList.toggle(`${prefix}-amber`, passed >= amberAfter && passed < redAfter);
  el.classList.toggle(`${prefix}-red`, passed >= redAfter);
}
