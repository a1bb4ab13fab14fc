// Reports that the person uses the workbench in any of its tabs, so that an agent without input can be set to away.
import { at, scoped } from "../lib/base.js";
import { onKeyDown } from "../lib/keydown.js";
import { post } from "../lib/request.js";
import { local } from "../lib/storage.js";

const storageKey = scoped("parley.input"); // when any tab reported last
let reportedAt = 0;

export function reportInput() {
  const interval = Number(document.getElementById("desk").dataset.inputInterval);
  const report = () => {
    const now = Date.now();
    const isFresh = (time) => now - time < interval && time <= now;
    if (isFresh(reportedAt)) return; // storage is asked only once in a while
    reportedAt = now;
    if (isFresh(Number(local.get(storageKey)))) return;
    local.set(storageKey, String(now));
    post(at("/workbench/input"));
  };
  onKeyDown(document, report);
  for (const name of ["input", "pointerdown", "pointermove", "wheel", "touchmove"]) {
    document.addEventListener(name, report, { capture: true, passive: true });
  }
}
