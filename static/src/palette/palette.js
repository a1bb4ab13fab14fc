// The palette: a field, and below it what can be done, opened, inserted and read, in groups. The field keeps the focus; the
// keys move through the options.
import { onKeyDown } from "../lib/keydown.js";
import { localise } from "../lib/format.js";
import { search } from "./search.js";
import { filter, readSources } from "./sources.js";

export function createPalette(dialog, searchURL) {
  const field = dialog.querySelector("#palette-q");
  const list = dialog.querySelector("#palette-list");
  const status = dialog.querySelector("#palette-status");
  const words = dialog.dataset;
  let sources = [];
  let current = null;
  let typed = null; // the query that is shown

  const options = () => [...list.querySelectorAll('[role="option"]')];

  function open() {
    field.value = "";
    typed = null;
    sources = [];
    setGroup("people", []);
    setGroup("found", []);
    dialog.showModal();
    field.focus();
    draw();
    readSources(words, (fresh) => {
      sources = fresh;
      if (dialog.open) draw(true);
    });
  }

  function draw(again = false) {
    const query = field.value.trim();
    if (query === typed && !again) return;
    const asks = query !== typed;
    typed = query;
    for (const { group, items } of sources) setGroup(group, filter(items, query).map(optionOf));
    if (asks) {
      finder.ask(query);
      if (query.length < 2) showFound(null);
    }
    mark(options()[0]);
    sayCount();
  }

  const finder = search(searchURL, {
    onStart: () => (status.textContent = words.searching),
    onFound: (found) => {
      const kept = current?.isConnected && !current.closest("[data-group=found], [data-group=people]") ? current : null;
      showFound(found);
      mark(kept ?? options()[0]);
      sayCount(found);
    },
    onFail: () => {
      showFound(null);
      status.textContent = words.failed;
    },
  });

  function showFound(found) {
    setGroup("people", [...(found?.querySelectorAll("[data-users] > *") ?? [])], true);
    setGroup("found", [...(found?.querySelectorAll("[data-chats] > *") ?? [])]);
    localise(list);
  }

  // Agents are people too: users found by the server come after those that the page knows.
  function setGroup(name, elements, afterOthers = false) {
    const group = dialog.querySelector(`[data-group="${name}"]`);
    const place = group.querySelector("[data-options]");
    if (name === "people") {
      for (const el of place.querySelectorAll(afterOthers ? "a" : ":not(a)[role=option]")) el.remove();
      if (afterOthers) place.append(...elements);
      else place.prepend(...elements);
    } else {
      place.replaceChildren(...elements);
    }
    group.hidden = !place.hasChildNodes();
  }

  function optionOf(item) {
    const option = document.createElement("div");
    option.className = "palette-i";
    option.setAttribute("role", "option");
    const label = document.createElement("span");
    label.className = "clip";
    label.textContent = item.label;
    option.append(label);
    if (item.detail) {
      const detail = document.createElement("span");
      detail.className = "muted clip palette-detail";
      detail.textContent = item.detail;
      option.append(detail);
    }
    option.run = item.run;
    return option;
  }

  function mark(option) {
    current = option ?? null;
    for (const [n, each] of options().entries()) {
      each.id = `palette-o${n}`;
      each.tabIndex = -1;
      each.setAttribute("aria-selected", String(each === current));
    }
    if (!current) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    field.setAttribute("aria-activedescendant", current.id);
    current.scrollIntoView({ block: "nearest" });
  }

  function sayCount(found) {
    const refused = found?.dataset.refused;
    const count = options().filter((option) => !option.matches(".palette-all")).length;
    const all = list.querySelector(".palette-all");
    const number = all && found?.dataset.count.endsWith("+") ? `${count}+` : String(count);
    if (finder.isBusy()) return;
    status.textContent = count === 0 ? refused || words.none : words.results.replace("#", number);
  }

  function run(option) {
    if (!option) return;
    if (option.href) {
      location.assign(option.href);
      if (new URL(option.href).pathname === location.pathname) dialog.close();
      return;
    }
    dialog.close();
    option.run();
  }

  field.addEventListener("input", () => draw());
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
  list.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    run(option);
  });
  dialog.addEventListener("close", () => finder.ask(""));
  onKeyDown(field, (event) => {
    const all = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length > 0) {
      mark(all[(all.indexOf(current) + step + all.length) % all.length]);
    } else if (event.key === "Enter") {
      run(current);
    } else {
      return;
    }
    event.preventDefault();
  });
  return { open };
}
