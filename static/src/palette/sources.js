// What the palette offers besides the results of the server: the controls of the page, the agent's chats, agents and canned
// replies. A control is offered where it has data-command, so that an action is defined once.
import fuzzysort from "fuzzysort";
import { at } from "../lib/base.js";
import { getJSON } from "../lib/request.js";

const shown = 6; // of each group while something is typed
const shownAtFirst = 8;

/**
 * Calls onChange with the groups of items: at once with what the page has, and again with what the server adds. words are the data
 * of the palette.
 */
export async function readSources(words, onChange) {
  const groups = [{ group: "actions", items: [...controls(words.option), ...keys()] }];
  onChange(groups);
  const add = async (group, read) => {
    const items = await read();
    if (items.length === 0) return;
    groups.push({ group, items });
    onChange(groups);
  };
  await Promise.all([add("chats", chats), add("people", () => agents(words.me)), add("replies", replies)]);
}

/** The items for a query, the best first. Without a query only actions and chats are shown. */
export function filter(items, query) {
  if (!query) return items.filter(({ isHidden }) => !isHidden).slice(0, shownAtFirst);
  return fuzzysort.go(query, items, { keys: ["label", "more"], limit: shown, threshold: 0.3 }).map(({ obj }) => obj);
}

function controls(pattern) {
  return [...document.querySelectorAll("[data-command]")].filter((el) => !el.disabled).map((el) => {
    const label = (el.querySelector("b") ?? el).textContent.trim().replace(/\s+/g, " ");
    const of = el.closest("fieldset")?.querySelector("legend")?.textContent.trim() ?? el.closest('[role="menu"]')?.getAttribute("aria-label");
    return { label: of ? pattern.replace(/[#@]/g, (mark) => (mark === "#" ? of : label)) : label, detail: el.title, run: () => el.click() };
  });
}

function keys() {
  return [...document.querySelectorAll("[data-key-command]")].map((el) => ({
    label: el.textContent,
    detail: [...el.nextElementSibling.children].map((key) => key.textContent).join(" "),
    run: () => document.dispatchEvent(new CustomEvent("parley:key", { detail: el.dataset.keyCommand })),
  }));
}

async function chats() {
  const found = (await getJSON(at("/api/customer-service/chats?status=active"))) ?? [];
  return found.map(({ chat_id: id, user_name: name }) => ({
    label: name,
    run: () => {
      const row = document.querySelector(`.list a[data-chat="${CSS.escape(id)}"]`);
      if (row) row.click();
      else location.assign(at(`/workbench/chats/${encodeURIComponent(id)}`));
    },
  }));
}

// Only supervisors have pages of agents.
async function agents(me) {
  if (!document.querySelector('[data-command][href$="/supervisor"]')) return [];
  const found = (await getJSON(at("/api/supervisor/load"))) ?? [];
  return found.filter(({ service }) => service.id !== me).map(({ service }) => ({
    label: service.name,
    isHidden: true,
    run: () => location.assign(at(`/supervisor/agents/${encodeURIComponent(service.id)}`)),
  }));
}

// Canned replies are for the composer of the open chat.
async function replies() {
  if (!document.getElementById("composer-text")) return [];
  const found = (await getJSON(at("/workbench/canned-replies?usable=1"))) ?? [];
  return found.map(({ reply_id: id, shortcut, title, body }) => ({
    label: title,
    detail: `/${shortcut}`,
    more: `${shortcut} ${body.slice(0, 120)}`,
    isHidden: true,
    run: () => document.dispatchEvent(new CustomEvent("parley:canned", { detail: id })),
  }));
}
