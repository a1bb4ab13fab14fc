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
  zones.append(...names.map((name) => new Option(name)));
}

// The preview of a look: the content policy keeps its colours out of attributes, so that they are set here.
const dress = () => {
  const page = document.querySelector("#look-stage .look-page");
  if (page) page.style.cssText = page.dataset.style;
};
document.addEventListener("parley:part", dress);
dress();

for (const field of document.querySelectorAll("[data-colour]")) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.className = "look-pick";
  picker.ariaLabel = field.dataset.colour;
  const follow = () => (picker.value = /^#[0-9a-f]{6}$/i.test(field.value) ? field.value : field.placeholder);
  field.before(picker); // the field must not move, because it would lose the focus
  follow();
  field.addEventListener("input", follow);
  picker.addEventListener("input", () => {
    field.value = picker.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
