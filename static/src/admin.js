// The administration: plain forms, with the settings changed in place, questions before what hurts, and a copy button.
import { wireDrops } from "./lib/dropdown.js";
import { startPage } from "./lib/page.js";

startPage();
wireDrops();
document.querySelector(".tabs-page [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-copy]")) {
  const said = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.innerText);
      said.textContent = said.dataset.copied;
    } catch {
      // Plain http has no clipboard: the lines are selected, so that the usual keys copy them.
      getSelection().selectAllChildren(source);
      said.textContent = said.dataset.notCopied;
    }
  });
}
