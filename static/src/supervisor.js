// The supervisor's pages: queue and load as they are now, and a chat that is followed.
import { wireDropdowns } from "./lib/dropdown.js";
import { isConnected, liveState, lostSince, onLive } from "./lib/live.js";
import { wirePalette } from "./lib/palette.js";
import { startPage } from "./lib/page.js";
import { watchSignOut } from "./lib/push.js";
import { watchAlerts } from "./supervisor/alerts.js";
import { drawDayChart } from "./supervisor/day-chart.js";
import { replayDay, usesOtherTimeZone } from "./supervisor/day-replay.js";
import { pauseReordering } from "./supervisor/pause-updates.js";
import { menuIsOpen, wireMenus } from "./supervisor/menus.js";
import { whyIsOpen, wireWhy } from "./supervisor/why.js";
import { followChat } from "./supervisor/chat.js";
import { wireReports } from "./supervisor/reports.js";
import { wireAmounts } from "./supervisor/what-if.js";
import { translate } from "./lib/translate.js";

startPage();
watchSignOut();
wireDropdowns();
wirePalette();
if (!usesOtherTimeZone()) replayDay(drawDayChart());
wireMenus();
wireWhy();
followChat();
wireReports();
wireAmounts();
watchAlerts();
if (document.getElementById("tiles")) watchBoard();

function watchBoard() {
  pauseReordering("queue", "tbody > tr", () => menuIsOpen() || whyIsOpen());
  pauseReordering("agents", "li.agent");
  onLive("state", () => isConnected() && showFresh());
  onLive("refused", () => location.reload());
  // Once the connection is lost, the numbers are greyed and the page shows their age.
  setInterval(() => {
    const lost = lostSince();
    if (lost && liveState() !== "connecting") showStale(Math.round((Date.now() - lost) / 1000));
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
