// Without a connection for longer than the presence timeout, others see this agent as away. The page then displays that.
import { now } from "../lib/clock.js";
import { isConnected, liveState, lostSince } from "../lib/live.js";
import { activate } from "../lib/parts.js";
import { translate } from "../lib/translate.js";

/** Watches the connection; the server's own banner takes over as soon as it is back. */
export function watchConnection() {
  const timeout = Number(document.getElementById("desk").dataset.presenceTimeout) * 1000;
  setInterval(() => {
    const since = lostSince();
    const lost = liveState() === "reconnecting" && since > 0 && Date.now() - since > timeout;
    const banner = document.getElementById("lost");
    if (lost && !banner.firstElementChild) show(banner, new Date(now() - (Date.now() - since) + timeout));
    if (!lost && banner.dataset.ours && isConnected()) hide(banner);
  }, 1000);
}

function show(banner, at) {
  const { presence, load } = document.getElementById("me").dataset;
  if (presence !== "online") return;
  banner.append(document.getElementById("lost-template").content.cloneNode(true));
  banner.dataset.ours = "yes";
  banner.querySelector("time").dateTime = at.toISOString();
  banner.querySelector("[data-kept]").textContent = load > 0 ? translate("workbench.lost.kept", { Count: load }) : "";
  activate(banner);
}

function hide(banner) {
  banner.replaceChildren();
  delete banner.dataset.ours;
}
