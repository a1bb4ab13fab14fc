// A wallboard: numbers on a screen without keyboard or mouse. It has to go on for weeks: the stream connects again by
// itself, also after the server has refused it, and the page loads itself again when the program has changed and answers.
import { startClocks } from "./lib/clock.js";
import { isConnected, liveState, lostSince, onLive } from "./lib/live.js";
import { getHTML } from "./lib/request.js";
import { lang, translate } from "./lib/translate.js";

const el = (id) => document.getElementById(id);
const reloadPause = 10_000; // instances of two releases may answer in turn
const here = new URL(location.href);
const loadedAt = Date.now();
const build = el("main").dataset.build;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

// "Today" is that of the screen.
if (!here.searchParams.has("tz") && zone) {
  here.searchParams.set("tz", zone);
  location.replace(here);
}

startClocks();
onLive("part", followBuild);
onLive("state", () => {
  show();
  if (isConnected()) showRefusal(0);
});
onLive("refused", ({ status }, event) => {
  event.preventDefault(); // it tries again: a proxy may have answered
  showRefusal(status);
});
setInterval(show, 1000);
show();

function show() {
  const live = isConnected();
  const lost = lostSince();
  const seconds = lost ? Math.round((Date.now() - lost) / 1000) : 0;
  const words = live ? translate("wallboard.live") : lost ? translate("wallboard.reconnecting", { Seconds: seconds }) : translate("wallboard.connecting");
  const state = el("wall-live");
  if (state.textContent !== words) state.textContent = words;
  state.dataset.liveState = live ? "live" : liveState() ?? "";
  document.body.classList.toggle("is-stale", !live && lost > 0);
  el("wall-clock").textContent = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format();
}

function showRefusal(status) {
  const box = el("wall-refused");
  box.hidden = status === 0;
  if (status > 0) box.textContent = status === 404 ? box.dataset.unknown : box.dataset.revoked;
}

async function followBuild() {
  if (el("main").dataset.build === build || followBuild.asked) return;
  followBuild.asked = true;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, loadedAt + reloadPause - Date.now())));
  // A page that cannot be loaded would leave the browser's error on the wall.
  if (await getHTML(location.href)) location.reload();
  followBuild.asked = false;
}
