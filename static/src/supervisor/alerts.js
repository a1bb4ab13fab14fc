// Sounds and desktop notifications of alerts. An alert is announced once, and again when its snooze is over; those that were
// open before the page was there are only shown.
import { closeNotification } from "../workbench/desktop-notifications.js";
import { notify, soundState, wireNotifications } from "../workbench/notifications.js";
import { electLeader } from "../workbench/tab-leader.js";
import { translate } from "../lib/translate.js";

const announced = new Set(); // ids of open alerts that are neither acknowledged nor snoozed

const rows = () => [...document.querySelectorAll("#alerts [data-alert]")];
const isLoud = (row) => !row.hasAttribute("data-quiet");
const showAlerts = () => document.getElementById("alerts")?.scrollIntoView({ block: "nearest" });

/** Announces alerts on the page of queue and load. */
export function watchAlerts() {
  const menu = document.getElementById("bell");
  if (!menu) return;
  for (const row of rows().filter(isLoud)) announced.add(row.dataset.alert);
  electLeader(() => {}, "parley-supervisor");
  wireNotifications(menu, showAlerts);
  const says = menu.querySelector("[data-sound-says]");
  const showSound = () => (says.textContent = translate("supervisor.alerts.sound." + soundState()));
  for (const name of ["toggle", "change", "click"]) menu.addEventListener(name, showSound, true);
  showSound();
  document.addEventListener("parley:part", ({ target }) => target.id === "alerts" && announce());
}

function announce() {
  const loud = new Map(rows().filter(isLoud).map((row) => [row.dataset.alert, row.dataset]));
  for (const id of announced) {
    if (loud.has(id)) continue;
    announced.delete(id);
    closeNotification(`alert-${id}`);
  }
  for (const [id, { title, body }] of loud) {
    if (announced.has(id)) continue;
    announced.add(id);
    document.getElementById("alert-said").textContent = `${title}. ${body}`;
    notify(title, body, { kind: "chat", level: 1, chat: `alert-${id}`, path: "/supervisor", open: showAlerts });
  }
}
