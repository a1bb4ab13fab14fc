// Without a line for as long as presence lasts, others see this agent as away: then the page says so by itself.
import { now } from "../lib/clock.js";
import { settle } from "../lib/parts.js";
import { word } from "../lib/translate.js";

/** Watches the stream; the server's own banner takes over as soon as there is a line again. */
export function watchContact(stream) {
  const patience = Number(document.getElementById("desk").dataset.presenceTimeout) * 1000;
  setInterval(() => {
    const since = stream.lostSince();
    const lost = stream.state() === "reconnecting" && since > 0 && Date.now() - since > patience;
    const place = document.getElementById("lost");
    if (lost && !place.firstElementChild) show(place, new Date(now() - (Date.now() - since) + patience));
    if (!lost && place.dataset.ours && ["live", "polling"].includes(stream.state())) hide(place);
  }, 1000);
}

function show(place, at) {
  const { presence, load } = document.getElementById("me").dataset;
  if (presence !== "online") return;
  place.append(document.getElementById("lost-mould").content.cloneNode(true));
  place.dataset.ours = "yes";
  place.querySelector("time").dateTime = at.toISOString();
  place.querySelector("[data-kept]").textContent = load > 0 ? word("workbench.lost.kept", { Count: load }) : "";
  settle(place);
}

function hide(place) {
  place.replaceChildren();
  delete place.dataset.ours;
}
