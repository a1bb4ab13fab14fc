// The administration: plain forms, settings changed in place, confirmations of destructive actions, and a copy button.
import { wireDropdowns } from "./lib/dropdown.js";
import { wirePalette } from "./lib/palette.js";
import { startPage } from "./lib/page.js";
import { wirePush } from "./lib/push.js";

startPage();
wireDropdowns();
wirePalette();
wirePush();
document.querySelector(".tabs-page [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-copy]")) {
  const status = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.innerText);
      status.textContent = status.dataset.copied;
    } catch {
      // Plain http has no clipboard: the lines are selected, so that the usual keys copy them.
      getSelection().selectAllChildren(source);
      status.textContent = status.dataset.notCopied;
    }
  });
}

const zones = document.getElementById("time-zones");
if (zones) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  for (const field of document.querySelectorAll("input[list=time-zones]")) field.value ||= own;
  const names = Intl.supportedValuesOf?.("timeZone") ?? [];
  document.getElementById("time-zones").append(...names.map((name) => new Option(name)));
}
