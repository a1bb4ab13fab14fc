// An earlier chat, read in a drawer beside the open one, whose composer stays as it is.
import { onKeyDown } from "../lib/keydown.js";
import { openChat } from "./navigate.js";
import { chatURL } from "./chat-url.js";

const place = () => document.getElementById("reader-place");
const isOpen = () => Boolean(place()?.dataset.page);

let opener = ""; // id of the chat whose link opened it

export function wireReader() {
  document.addEventListener("parley:part", ({ target }) => target.id === "reader-place" && isOpen() && onOpen());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-read]");
    if (link) opener = link.dataset.read;
    if (!event.target.closest?.("[data-reader-close]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    close();
  });
  onKeyDown(document, (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen() || document.querySelector("dialog[open], :popover-open")) return;
    if (event.target.matches?.("input, textarea, select")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    close();
  });
}

function onOpen() {
  const { page } = place().dataset;
  if (location.pathname !== new URL(page, location.href).pathname) history.pushState({ parley: true }, "", page);
  const link = document.querySelector(`[data-read="${CSS.escape(opener)}"]`);
  const hit = link?.dataset.hit && document.getElementById(`m-${link.dataset.hit}`);
  if (hit) {
    hit.classList.add("is-hit");
    hit.scrollIntoView({ block: "center" });
  }
}

function close() {
  place().replaceChildren();
  place().removeAttribute("class");
  for (const name of ["running", "page"]) delete place().dataset[name];
  history.pushState({ parley: true }, "", chatURL(openChat()));
  const links = [...document.querySelectorAll(`[data-read="${CSS.escape(opener)}"]`)];
  const link = links.find((one) => one.checkVisibility()) ?? document.getElementById("composer-text") ?? document.getElementById("talk");
  link.focus();
}
