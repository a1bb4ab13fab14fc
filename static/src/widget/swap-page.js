// The panel of another session takes the place of the one on the screen, without loading the page anew: what is typed
// stays, and so does a token that could be kept nowhere but in this page.
import { placeParts, activate } from "../lib/parts.js";
import { arrange, thread, toEnd } from "../lib/thread.js";

const parts = ["w-head", "w-place", "w-hello", "w-idle", "w-foot", "w-sheet", "w-now"];

/** Shows what a page of the panel says, given as a document. */
export function swapPage(page) {
  const main = document.getElementById("main");
  const next = page.getElementById("main");
  const csrf = page.querySelector('meta[name="csrf-token"]').content;
  document.querySelector('meta[name="csrf-token"]').content = csrf;
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = csrf;
  document.body.dataset.stream = page.body.dataset.stream;
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
}

export const hasNoSession = (page) => page.getElementById("main").hasAttribute("data-stranger");
