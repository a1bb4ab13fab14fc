// Replaces the panel by that of another session without a reload: typed text stays, and so does a token that could be
// stored nowhere but in this page.
import { watchEarlier } from "../lib/earlier.js";
import { placeParts, activate } from "../lib/parts.js";
import { arrange, thread, toEnd } from "../lib/thread.js";

const parts = ["w-head", "w-place", "w-hello", "w-idle", "w-ask", "w-offer", "w-foot", "w-sheet", "w-now"];

/** Shows a page of the panel, given as a document. */
export function swapPage(page) {
  const main = document.getElementById("main");
  const next = page.getElementById("main");
  const csrf = page.querySelector('meta[name="csrf-token"]').content;
  document.querySelector('meta[name="csrf-token"]').content = csrf;
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = csrf;
  document.body.setAttribute("live-connect", page.body.getAttribute("live-connect"));
  main.dataset.fresh = next.dataset.fresh;
  main.dataset.user = next.dataset.user;
  main.toggleAttribute("data-stranger", hasNoSession(page));
  const currentThread = thread();
  const nextThread = page.getElementById("thread");
  currentThread.replaceChildren(...nextThread.children);
  Object.assign(currentThread.dataset, nextThread.dataset);
  activate(currentThread);
  placeParts(parts.map((id) => page.getElementById(id)));
  arrange();
  toEnd();
  watchEarlier();
}

export const hasNoSession = (page) => page.getElementById("main").hasAttribute("data-stranger");
