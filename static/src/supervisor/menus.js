// The two menus of the queue: whom to give a chat to, and how urgent it is. Without scripts their links lead to the
// page of the chat, which has the same forms.
import { at } from "../lib/base.js";
import { onKeyDown } from "../lib/keydown.js";
import { elementsOf, placeParts } from "../lib/parts.js";
import { post } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";
import { resume } from "./pause-updates.js";

const gap = 6;
let row = null; // the link whose menu is open

export const menuIsOpen = () => row !== null;

export function wireMenus() {
  const assign = document.getElementById("assign-menu");
  const priority = document.getElementById("priority-menu");
  if (!assign?.showPopover) return;
  for (const link of document.querySelectorAll("[data-assign], [data-rank]")) restoreLocalState(link);
  document.addEventListener("parley:part", (event) => {
    for (const link of event.target.querySelectorAll("[data-assign], [data-rank]")) restoreLocalState(link);
    if (event.target.id === "assign-list" && row) hint(assign, row);
  });
  const choose = (event) => {
    const link = event.target.closest?.("[data-assign], [data-rank]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-disabled") === "true") return;
    open(link.dataset.assign ? assign : priority, link);
  };
  document.addEventListener("click", choose);
  // They say that they are buttons, so Space opens them too; the stroke ends here and does not press what the focus moves to.
  onKeyDown(document, (event) => (event.key === "Enter" || event.key === " ") && choose(event));
  for (const menu of [assign, priority]) {
    menu.addEventListener("toggle", (event) => event.newState === "closed" && closed());
    onKeyDown(menu, walk);
    menu.addEventListener("submit", send);
  }
}

function restoreLocalState(link) {
  link.setAttribute("role", "button");
  link.setAttribute("aria-haspopup", "dialog");
}

function open(menu, link) {
  row = link;
  const { name } = link.dataset;
  const isAssign = Boolean(link.dataset.assign);
  const chat = link.dataset.assign ?? link.dataset.rank;
  menu.querySelector("form").action = at(`/supervisor/queue/${encodeURIComponent(chat)}/${isAssign ? "assign" : "priority"}`);
  menu.querySelector("[data-title]").textContent = translate(isAssign ? "supervisor.assign.title" : "supervisor.priority.of", { Name: name });
  if (isAssign) hint(menu, link);
  else menu.querySelector('[name="priority"]').value = link.dataset.priority;
  menu.showPopover();
  beside(menu, link);
  const first = menu.querySelector(isAssign ? "button" : '[name="priority"]');
  first?.focus();
  first?.select?.();
}

function closed() {
  row = null;
  resume();
}

/** Says of each agent who is not in the department of the chat that it is another. */
function hint(menu, link) {
  const { department, departmentName } = link.dataset;
  for (const button of menu.querySelectorAll("[data-departments]")) {
    const serves = !department || button.dataset.departments.split(" ").includes(department);
    button.querySelector("[data-hint]").textContent = serves ? "" : translate("supervisor.assign.other_department", { Department: departmentName });
  }
}

function beside(menu, link) {
  const at = link.getBoundingClientRect();
  const [width, height] = [menu.offsetWidth, menu.offsetHeight];
  const below = at.bottom + gap + height <= innerHeight - gap;
  const top = below ? at.bottom + gap : Math.max(gap, at.top - gap - height);
  Object.assign(menu.style, { margin: "0", inset: "auto", top: `${top}px`, left: `${Math.max(gap, Math.min(at.right - width, innerWidth - width - gap))}px` });
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll(".pick-list button")];
  if (!step || buttons.length === 0) return;
  event.preventDefault();
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
}

/** Takes the focus from a row that is about to go, to the list: on the row it would hold the order. */
function leave(link) {
  const list = link.closest(".panel[id]");
  if (!list) return;
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
}

async function send(event) {
  event.preventDefault();
  const menu = event.currentTarget;
  if (menu.getAttribute("aria-busy") === "true") return; // a second click or Enter before the answer
  const form = event.target;
  const opener = row;
  const { name } = opener.dataset;
  const button = event.submitter;
  const fields = Object.fromEntries(new FormData(form, button?.name ? button : undefined));
  if (button?.dataset.value) fields.priority = button.dataset.value;
  for (const el of [menu, button]) el?.setAttribute("aria-busy", "true");
  const answer = await post(form.action, fields);
  for (const el of [menu, button]) el?.removeAttribute("aria-busy");
  if (!answer.ok) {
    toast(answer.problem.detail || translate(answer.status === 0 ? "ui.no_connection" : "ui.went_wrong"), { error: true });
    return;
  }
  menu.hidePopover();
  const agent = button?.dataset.agent;
  if (agent) leave(opener);
  placeParts(elementsOf(answer.html));
  toast(agent ? translate("supervisor.assign.done", { Name: name, Agent: agent }) : translate("supervisor.priority.done", { Name: name, Priority: fields.priority }));
}
