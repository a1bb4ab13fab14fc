// The cursor of a past day: it moves the state, the line of the charts and the address. Its figures are in the page.
import { clock, timeOf } from "../lib/format.js";
import { translate } from "../lib/translate.js";

const missing = "–";

/** Draws a page about days again in the time zone of the browser, which alone knows it. It reports whether it does. */
export function usesOtherTimeZone() {
  const main = document.querySelector("main[data-time-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!main || !zone || main.dataset.timeZone === zone) return false;
  const url = new URL(location.href);
  if (url.searchParams.get("time_zone") === zone) return false; // the server does not know it
  url.searchParams.set("time_zone", zone);
  location.replace(url);
  return true;
}

/** Wires the cursor if the page has one. mark draws the line of the chart at a time in seconds. */
export function replayDay(mark) {
  document.getElementById("replay-day")?.addEventListener("change", (event) => event.target.value && event.target.form.requestSubmit());
  const range = document.getElementById("replay-at");
  if (!range) return;
  const start = Number(range.dataset.start);
  const days = [...document.querySelectorAll("[data-figures-of]")].map((el) => el.dataset.minutes.split(";").map((minute) => minute.split(",")));
  const rows = [...document.querySelectorAll("#replay-state tbody tr")];
  const show = () => {
    const at = Number(range.value);
    const seconds = start + at * 60;
    const time = timeOf(new Date(seconds * 1000));
    range.setAttribute("aria-valuetext", time);
    document.getElementById("replay-time").textContent = time;
    document.querySelector("[data-cursor-time]").textContent = time;
    rows.forEach((row, figure) => {
      const write = row.hasAttribute("data-clock") ? (v) => clock(Number(v)) : String;
      row.querySelectorAll("td").forEach((cell, day) => {
        const value = days[day][at]?.[figure];
        cell.textContent = value ? write(value) : missing;
      });
    });
    for (const line of document.querySelectorAll("[data-cursor]")) {
      const x = (at / Number(line.dataset.cursor)) * line.ownerSVGElement.viewBox.baseVal.width;
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
    mark(seconds);
  };
  range.addEventListener("input", show);
  range.addEventListener("change", () => remember(range.value));
  wirePlay(range, show);
  show();
}

/** Keeps the cursor in the address, so that it can be sent and a reload shows it again. */
function remember(at) {
  const url = new URL(location.href);
  url.searchParams.set("at", at);
  history.replaceState(history.state, "", url);
}

function wirePlay(range, show) {
  const button = document.getElementById("replay-play");
  const speed = document.getElementById("replay-speed");
  let timer;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    button.setAttribute("aria-pressed", "false");
    button.firstElementChild.textContent = translate("supervisor.replay.play");
    remember(range.value);
  };
  const step = () => {
    if (range.value === range.max) return stop();
    range.value = Number(range.value) + 1;
    show();
  };
  const play = () => {
    clearInterval(timer);
    timer = setInterval(step, 60_000 / Number(speed.value));
    button.setAttribute("aria-pressed", "true");
    button.firstElementChild.textContent = translate("supervisor.replay.pause");
  };
  button.hidden = speed.hidden = false;
  button.addEventListener("click", () => (timer ? stop() : play()));
  speed.addEventListener("change", () => timer && play());
}
