// A chat that the link of an e-mail continues: the conversation is drawn again while the page is visible, which also marks it as read.
import { startPage } from "./lib/page.js";

const interval = 5000;

startPage();
const log = document.querySelector("[data-continue]");
if (log) {
  const look = () => {
    if (document.visibilityState === "visible") log.dispatchEvent(new CustomEvent("continue:look"));
  };
  const showLatest = () => log.scrollTo({ top: log.scrollHeight });
  let last = log.querySelector(".msg:last-of-type")?.dataset.id;
  document.body.addEventListener("htmx:afterSettle", () => {
    const now = [...log.querySelectorAll("[data-id]")].at(-1)?.dataset.id;
    if (now !== last) showLatest();
    last = now;
  });
  showLatest();
  look();
  if (log.dataset.continue === "open") setInterval(look, interval);
  document.addEventListener("visibilitychange", look);
}
