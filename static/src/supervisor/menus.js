// The two menus of the queue: which agent gets a chat, and how urgent it is. Each is one form for all rows, sent by htmx;
// this points it at a row and shows it there. Without scripts the links of the rows lead to the page of the chat, which
// has the same forms.
import { at } from "../lib/base.js";
import { onKeyDown } from "../lib/keydown.js";
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
  for (const link of document.querySelectorAll("[data-assign], [data-rank]")) markAsButton(link);
  document.addEventListener("parley:part", (event) => {
    for (const link of event.target.querySelectorAll("[data-assign], [data-rank]")) markAsButton(link);
    if (event.target.id === "assign-list" && row) hint(assign, row);
  });
  const onChoose = (event) => {
    const link = event.target.closest?.("[data-assign], [data-rank]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-disabled") === "true") return;
    open(link.dataset.assign ? assign : priority, link);
  };
  document.addEventListener("click", onChoose);
  // Their role is button, so Space opens them too; the key ends here and does not press what the focus moves to.
  onKeyDown(document, (event) => (event.key === "Enter" || event.key === " ") && onChoose(event));
  for (const menu of [assign, priority]) {
    menu.addEventListener("toggle", (event) => event.newState === "closed" && onClose());
    onKeyDown(menu, onArrowKey);
    // Buttons that name a priority write it into the field, so that the form sends one value.
    menu.addEventListener("click", ({ target }) => {
      const { value } = target.closest("[data-value]")?.dataset ?? {};
      if (value !== undefined) menu.querySelector('[name="priority"]').value = value;
    });
    menu.addEventListener("htmx:beforeSwap", onAnswer);
  }
}

function markAsButton(link) {
  if (link.getAttribute("role") === "button") return;
  link.setAttribute("role", "button");
  link.setAttribute("aria-haspopup", "dialog");
}

function open(menu, link) {
  row = link;
  const { name } = link.dataset;
  const isAssign = Boolean(link.dataset.assign);
  const chat = link.dataset.assign ?? link.dataset.rank;
  const form = menu.querySelector("form");
  form.setAttribute("hx-post", at(`/supervisor/queue/${encodeURIComponent(chat)}/${isAssign ? "assign" : "priority"}`));
  window.htmx.process(form);
  menu.querySelector("[data-title]").textContent = translate(isAssign ? "supervisor.assign.title" : "supervisor.priority.of", { Name: name });
  if (isAssign) hint(menu, link);
  else menu.querySelector('[name="priority"]').value = link.dataset.priority;
  menu.showPopover();
  placeBeside(menu, link);
  const first = menu.querySelector(isAssign ? "button" : '[name="priority"]');
  first?.focus();
  first?.select?.();
}

function onClose() {
  row = null;
  resume();
}

/** Notes on each agent outside the department of the chat which department that is. */
function hint(menu, link) {
  const { department, departmentName } = link.dataset;
  for (const button of menu.querySelectorAll("[data-departments]")) {
    const serves = !department || button.dataset.departments.split(" ").includes(department);
    button.querySelector("[data-hint]").textContent = serves ? "" : translate("supervisor.assign.other_department", { Department: departmentName });
  }
}

function placeBeside(menu, link) {
  const at = link.getBoundingClientRect();
  const [width, height] = [menu.offsetWidth, menu.offsetHeight];
  const below = at.bottom + gap + height <= innerHeight - gap;
  const top = below ? at.bottom + gap : Math.max(gap, at.top - gap - height);
  Object.assign(menu.style, { margin: "0", inset: "auto", top: `${top}px`, left: `${Math.max(gap, Math.min(at.right - width, innerWidth - width - gap))}px` });
}

function onArrowKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll(".pick-list button")];
  if (!step || buttons.length === 0) return;
  event.preventDefault();
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
}

/** Moves the focus from a row that is about to leave to its list: on the row it would pause updates. */
function moveFocusToList(link) {
  const list = link.closest(".panel[id]");
  if (!list) return;
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
}

// Before the parts are swapped: the menu would hold the order of the rows.
function onAnswer({ currentTarget: menu, detail }) {
  if (detail.xhr.status >= 400) return; // page.js shows the error, and the menu stays open for another try
  const { name } = row.dataset;
  const { formData, triggeringEvent } = detail.requestConfig;
  const agent = triggeringEvent.submitter?.dataset.agent;
  menu.hidePopover();
  if (agent) moveFocusToList(row);
  toast(agent ? translate("supervisor.assign.done", { Name: name, Agent: agent }) : translate("supervisor.priority.done", { Name: name, Priority: formData.get("priority") }));
}
