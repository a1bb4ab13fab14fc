// The supervisor's pages: queue and load as they are now, and a chat that is read along.
import { wireDropdowns } from "./lib/dropdown.js";
import { startPage } from "./lib/page.js";
import { elementsOf, placeParts } from "./lib/parts.js";
import { openStream } from "./lib/stream.js";
import { drawDayChart } from "./supervisor/day-chart.js";
import { pauseReordering, watchPauses } from "./supervisor/pause-updates.js";
import { menuIsOpen, wireMenus } from "./supervisor/menus.js";
import { followChat } from "./supervisor/chat.js";
import { translate } from "./lib/translate.js";

startPage();
wireDropdowns();
drawDayChart();
wireMenus();
followChat();
if (document.body.dataset.stream) watch();

function watch() {
  pauseReordering("queue", "tbody > tr", menuIsOpen);
  pauseReordering("agents", "li.agent");
  watchPauses();
  const stream = openStream(
    { part: (html) => placeParts(elementsOf(html)) },
    { onState: (name) => (name === "live" || name === "polling") && showFresh(), onRefused: () => location.reload() },
  );
  // A number is worth what its age is: once the line is lost, it steps back and says since when.
  setInterval(() => {
    const lost = stream.lostSince();
    if (lost && stream.state() !== "connecting") showStale(Math.round((Date.now() - lost) / 1000));
  }, 1000);
}

const banner = () => document.getElementById("stale");

function showStale(seconds) {
  if (showStale.shown === undefined && seconds < 2) return;
  showStale.shown = seconds;
  document.getElementById("main").classList.add("is-stale");
  banner().hidden = false;
  banner().querySelector("[data-stale-words]").textContent = translate("supervisor.live.stale", { Seconds: seconds });
}

function showFresh() {
  showStale.shown = undefined;
  document.getElementById("main").classList.remove("is-stale");
  banner().hidden = true;
}
