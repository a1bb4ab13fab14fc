// The supervisor's pages: queue and load as they are now, and a chat that is read along.
import { wireDrops } from "./lib/dropdown.js";
import { startPage } from "./lib/page.js";
import { elementsOf, placeParts } from "./lib/parts.js";
import { openStream } from "./lib/stream.js";
import { drawDay } from "./supervisor/day-chart.js";
import { holdOrder, watchHolds } from "./supervisor/pause-updates.js";
import { menuIsOpen, wireMenus } from "./supervisor/menus.js";
import { readAlong } from "./supervisor/chat.js";
import { word } from "./lib/translate.js";

startPage();
wireDrops();
drawDay();
wireMenus();
readAlong();
if (document.body.dataset.stream) watch();

function watch() {
  holdOrder("queue", "tbody > tr", menuIsOpen);
  holdOrder("agents", "li.agent");
  watchHolds();
  const stream = openStream(
    { part: (html) => placeParts(elementsOf(html)) },
    { state: (name) => (name === "live" || name === "polling") && fresh(), refused: () => location.reload() },
  );
  // A number is worth what its age is: once the line is lost, it steps back and says since when.
  setInterval(() => {
    const lost = stream.lostSince();
    if (lost && stream.state() !== "connecting") stale(Math.round((Date.now() - lost) / 1000));
  }, 1000);
}

const banner = () => document.getElementById("stale");

function stale(seconds) {
  if (stale.shown === undefined && seconds < 2) return;
  stale.shown = seconds;
  document.getElementById("main").classList.add("is-stale");
  banner().hidden = false;
  banner().querySelector("[data-stale-words]").textContent = word("supervisor.live.stale", { Seconds: seconds });
}

function fresh() {
  stale.shown = undefined;
  document.getElementById("main").classList.remove("is-stale");
  banner().hidden = true;
}
