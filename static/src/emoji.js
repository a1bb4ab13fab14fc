// The emoji picker: search, categories, skin tones and what was used last. It is loaded when it is opened, in one file for each language.
// It uses nothing that the content policy forbids: the style is a constructed sheet, and the emoji come with the script.
import list from "@parley-emoji@";
import words from "@parley-words@";
import activities from "lucide-static/icons/trophy.svg";
import flags from "lucide-static/icons/flag.svg";
import food from "lucide-static/icons/apple.svg";
import nature from "lucide-static/icons/paw-print.svg";
import objects from "lucide-static/icons/lightbulb.svg";
import people from "lucide-static/icons/hand.svg";
import recent from "lucide-static/icons/clock.svg";
import smileys from "lucide-static/icons/smile.svg";
import symbols from "lucide-static/icons/hash.svg";
import travel from "lucide-static/icons/car.svg";
import style from "./emoji/style.css";
import { canDraw } from "./emoji/can-draw.js";
import { searchEmoji } from "./emoji/search.js";
import { scoped } from "./lib/base.js";
import { onKeyDown } from "./lib/keydown.js";
import { local } from "./lib/storage.js";
import { lang } from "./lib/translate.js";

const storageKey = scoped("parley.emoji");
const maxRecent = 24;
const tones = ["", "\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];
const toneNames = ["tone_default", "tone_light", "tone_medium_light", "tone_medium", "tone_medium_dark", "tone_dark"];
const categories = [
  { name: "recent", icon: recent },
  { name: "smileys", icon: smileys, group: 0 },
  { name: "people", icon: people, group: 1 },
  { name: "nature", icon: nature, group: 3 },
  { name: "food", icon: food, group: 4 },
  { name: "travel", icon: travel, group: 5 },
  { name: "activities", icon: activities, group: 6 },
  { name: "objects", icon: objects, group: 7 },
  { name: "symbols", icon: symbols, group: 8 },
  { name: "flags", icon: flags, group: 9 },
];
const named = (key) => words[key];
const plural = new Intl.PluralRules(lang);

let sheet;

/**
 * Returns a picker: its element, and opened(), to call when it was shown. insert(emoji, keepFocus) gets what was chosen, close() is called
 * to hide the picker and return the focus.
 */
export function createPicker({ insert, close }) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets.push(sheet);
  }
  const emoji = list.map(([text, group, name, more, version, toned]) => ({ text, group, name, more, version, toned })).filter(({ version }) => canDraw(version, list));
  const byText = new Map(emoji.map((one) => [one.text, one]));
  const kept = readKept();
  let category = "smileys";

  const search = element("input", { type: "search", className: "input input-s", placeholder: named("search"), ariaLabel: named("search"), autocomplete: "off", spellcheck: false });
  search.setAttribute("enterkeyhint", "done");
  const toneBox = element("fieldset", { className: "emoji-tones" }, element("legend", { className: "sr", textContent: named("tone") }), ...tones.map(toneButton));
  const tabs = element("div", { className: "emoji-tabs", role: "tablist", ariaLabel: named("categories") }, ...categories.map(tab));
  const grid = element("div", { className: "emoji-grid", id: "emoji-grid", role: "tabpanel" });
  const status = element("p", { className: "sr", role: "status" });
  const root = element("section", { className: "emoji", ariaLabel: named("picker") }, element("div", { className: "emoji-top" }, search, toneBox), tabs, grid, status);

  function toneButton(_, tone) {
    const radio = element("input", { type: "radio", name: "emoji-tone", value: String(tone), checked: tone === kept.tone, ariaLabel: named(toneNames[tone]) });
    radio.addEventListener("change", () => {
      kept.tone = tone;
      keep();
      draw();
    });
    return element("label", { title: named(toneNames[tone]) }, radio, element("span", { textContent: `\u{1F44B}${tones[tone]}`, ariaHidden: "true" }));
  }

  function tab({ name, icon }) {
    const button = element("button", { type: "button", role: "tab", title: named(name), ariaLabel: named(name) });
    button.innerHTML = icon;
    button.firstElementChild.setAttribute("class", "i i-s");
    button.firstElementChild.setAttribute("aria-hidden", "true");
    button.dataset.category = name;
    button.setAttribute("aria-controls", "emoji-grid");
    button.addEventListener("click", () => choose(name));
    return button;
  }

  function choose(name) {
    category = name;
    search.value = "";
    draw();
  }

  function draw() {
    const searching = search.value.trim() !== "";
    for (const button of tabs.children) {
      const on = !searching && button.dataset.category === category;
      button.ariaSelected = String(on);
      button.tabIndex = button.dataset.category === category ? 0 : -1;
    }
    tabs.firstElementChild.hidden = kept.recent.length === 0;
    const { group } = categories.find(({ name }) => name === category);
    const shown = searching ? searchEmoji(emoji, search.value) : category === "recent" ? kept.recent.map((text) => byText.get(text)).filter(Boolean) : emoji.filter((one) => one.group === group);
    grid.ariaLabel = searching ? named("search") : named(category);
    grid.replaceChildren(...shown.map(emojiButton));
    grid.scrollTop = 0;
    if (shown.length === 0) grid.append(element("p", { className: "hint", textContent: named("none") }));
    status.textContent = !searching ? "" : shown.length === 0 ? named("none") : count(shown.length);
  }

  function emojiButton(one, i) {
    const button = element("button", { type: "button", title: one.name, ariaLabel: one.name, textContent: withTone(one, kept.tone), tabIndex: i === 0 ? 0 : -1 });
    button.dataset.emoji = one.text;
    return button;
  }

  function pick(button, stay) {
    const one = byText.get(button.dataset.emoji);
    kept.recent = [one.text, ...kept.recent.filter((text) => text !== one.text)].slice(0, maxRecent);
    keep();
    const touch = matchMedia("(pointer: coarse)").matches;
    insert(button.textContent, touch || stay);
    if (!touch && !stay) close();
  }

  function keep() {
    local.set(storageKey, JSON.stringify(kept));
  }

  search.addEventListener("input", draw);
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) pick(button, event.shiftKey);
  });
  onKeyDown(root, (event) => {
    if (event.key === "Escape") close();
    else if (event.target === search) onSearchKey(event);
    else if (tabs.contains(event.target)) onTabKey(event);
    else if (grid.contains(event.target)) onGridKey(event);
    else return;
    if (["Escape", "ArrowDown", "ArrowUp"].includes(event.key)) event.preventDefault();
  });

  function onSearchKey(event) {
    const first = grid.querySelector("button");
    if (event.key === "ArrowDown") first?.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (first && search.value.trim() !== "") pick(first, event.shiftKey);
  }

  function onTabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "ArrowDown") grid.querySelector("button")?.focus();
    if (!step) return;
    const shown = [...tabs.children].filter((button) => !button.hidden);
    const next = shown[(shown.indexOf(event.target) + step + shown.length) % shown.length];
    event.preventDefault();
    choose(next.dataset.category);
    next.focus();
  }

  function onGridKey(event) {
    const buttons = [...grid.querySelectorAll("button")];
    const at = buttons.indexOf(event.target);
    const columns = Math.max(1, buttons.findIndex((button) => button.offsetTop > buttons[0].offsetTop));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) {
      search.focus();
      return;
    }
    const next = buttons[Math.min(to, buttons.length - 1)];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  return {
    element: root,
    opened() {
      choose(kept.recent.length > 0 ? "recent" : category);
      if (!matchMedia("(pointer: coarse)").matches) search.focus(); // on a touch screen the keyboard would cover the emoji
    },
  };
}

function element(name, properties = {}, ...children) {
  const el = Object.assign(document.createElement(name), properties);
  el.append(...children);
  return el;
}

const withTone = ({ text, toned }, tone) => (tone > 0 && toned ? toned.replaceAll(tones[3], tones[tone]) : text);

const count = (n) => (named("found")[plural.select(n)] ?? named("found").other).replace("#", n);

function readKept() {
  try {
    const { recent: used, tone } = JSON.parse(local.get(storageKey));
    return { recent: used.filter((text) => typeof text === "string").slice(0, maxRecent), tone: tones[tone] === undefined ? 0 : tone };
  } catch {
    return { recent: [], tone: 0 };
  }
}
