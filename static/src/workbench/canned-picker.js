// The list of canned replies above the composer: filters as the agent types, shows a preview, and inserts the reply.
import fuzzysort from "fuzzysort";

const shown = 50;
const few = 5; // results, below which bodies are searched fuzzily too
const searched = 120; // characters of a body that the fuzzy search looks at: long texts match anything, and slowly
const placeholder = /\{\{\s*([\p{L}\p{N}_.-]+)\s*\}\}/gu;

/** onUse(id) is called when a reply was inserted. */
export function createPicker({ translate, listURL, getChangedJSON, onUse }) {
  let replies = null; // as the server sent them
  let tag = "";
  let index = null; // for one language
  let items = []; // in the list
  let current = 0;
  let field = null;
  let query = null; // null while the list is not asked for
  let isDismissed = false; // by Escape, until another word
  let hasFailed = false;

  const box = element("div", { className: "canned", hidden: true });
  const status = element("p", { className: "sr", role: "status" });
  const list = element("ul", { id: "canned-list", role: "listbox", label: translate("workbench.canned.list") });
  const preview = element("div", { id: "canned-preview", className: "canned-preview", role: "group", label: translate("workbench.canned.preview") });
  const foot = element("p", { className: "canned-foot muted" });
  const manage = element("a", { href: listURL, className: "link", textContent: translate("workbench.canned.manage") });
  foot.append(element("span", { textContent: translate("workbench.canned.hint") }), manage);
  box.append(list, preview, foot);
  // A press must not take the focus from the field, which would close the list before the click.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) insert(items[Number(option.dataset.at)]);
  });

  function show(into, typed) {
    if (isDismissed) return;
    if (field !== into) attach(into);
    const opens = query === null;
    query = typed;
    if (opens) {
      hasFailed = false;
      status.textContent = replies ? "" : translate("workbench.canned.loading");
      refresh();
    }
    if (replies) draw();
  }

  function attach(into) {
    field = into;
    field.closest("form").prepend(box, status);
    field.setAttribute("aria-autocomplete", "list");
  }

  // Each opening asks whether anything changed; meanwhile the list shows what it has.
  async function refresh() {
    try {
      const changed = await getChangedJSON(`${listURL}?usable=1`, tag);
      if (!changed) return;
      replies = changed.json;
      tag = changed.tag;
      index = null;
      if (query !== null) draw();
    } catch {
      hasFailed = true;
      if (!replies) status.textContent = translate("workbench.canned.failed");
    }
  }

  function draw() {
    const began = performance.now();
    items = filter(query);
    performance.measure("parley.canned.filter", { start: began, end: performance.now() });
    current = 0;
    if (items.length === 0) {
      hide();
      status.textContent = translate("workbench.canned.results", { Count: 0 });
      return;
    }
    list.replaceChildren(...items.map(optionOf));
    box.hidden = false;
    field.setAttribute("aria-controls", list.id);
    status.textContent = translate("workbench.canned.results", { Count: items.length });
    mark();
  }

  function filter(typed) {
    const locale = language();
    if (index?.locale !== locale) index = indexOf(replies, locale);
    if (!typed) return index.items.slice(0, shown);
    const scoreFn = (result) => Math.max(1.2 * result[0].score, result[1].score);
    const found = new Set(fuzzysort.go(typed, index.names, { limit: shown, threshold: 0.3, scoreFn }).map(({ obj }) => obj));
    const lower = typed.toLowerCase();
    for (const item of index.items) {
      if (found.size >= shown) break;
      if (item.text.includes(lower)) found.add(item);
    }
    if (found.size < few) for (const { obj } of fuzzysort.go(typed, index.bodies, { limit: few, threshold: 0.3 })) found.add(obj);
    return [...found];
  }

  function optionOf(item, n) {
    const option = element("li", { id: `canned-${n}`, role: "option", className: "canned-i" });
    option.dataset.at = n;
    option.append(element("code", { textContent: `/${item.shortcut}` }), element("span", { className: "clip", textContent: item.title }));
    return option;
  }

  function mark() {
    for (const [n, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(n === current));
    const option = list.children[current];
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
    preview.replaceChildren(...partsOf(items[current].body).map(({ text, missing }) => (missing ? element("mark", { textContent: text }) : text)));
    preview.scrollTop = 0;
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (step) {
      current = (current + step + items.length) % items.length;
      mark();
    } else if (event.key === "Enter" || event.key === "Tab") {
      insert(items[current]);
    } else if (event.key === "Escape") {
      close();
      isDismissed = true;
    } else {
      return false;
    }
    return true;
  }

  /** Inserts the reply with that id where the caret is. */
  async function use(into, id) {
    if (field !== into) attach(into);
    await refresh();
    const item = replies && indexOf(replies.filter((reply) => reply.reply_id === id), language()).items[0];
    if (item) insert(item, field.selectionStart);
  }

  function insert(item, from) {
    const parts = partsOf(item.body);
    const text = parts.map((part) => part.text).join("");
    const end = field.selectionStart;
    const start = from ?? field.value.slice(0, end).lastIndexOf("/");
    close();
    field.focus();
    field.setRangeText(text, start, end, "end");
    const missing = parts.findIndex((part) => part.missing);
    if (missing >= 0) {
      const from = start + parts.slice(0, missing).reduce((length, part) => length + part.text.length, 0);
      field.setSelectionRange(from, from + parts[missing].text.length);
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
    onUse(item.id);
  }

  function hide() {
    box.hidden = true;
    for (const name of ["aria-activedescendant", "aria-controls"]) field?.removeAttribute(name);
  }

  function close() {
    query = null;
    isDismissed = false;
    hide();
    status.textContent = "";
  }

  return { show, close, use, onKey, isOpen: () => !box.hidden, isLoading: () => query !== null && !replies && !hasFailed };
}

/** One item per shortcut and scope, in the variant for the language, the most used first. */
function indexOf(replies, locale) {
  const groups = new Map();
  for (const reply of replies) {
    const key = JSON.stringify([reply.shortcut, reply.agent_id, reply.department]);
    groups.set(key, [...(groups.get(key) ?? []), reply]);
  }
  const items = [...groups.values()].map((variants) => {
    const best = variants.find((v) => v.language === locale) ?? variants.find((v) => v.language === "") ?? variants[0];
    return {
      id: best.reply_id, shortcut: best.shortcut, title: best.title, body: best.body,
      titles: variants.map((v) => v.title).join(" "),
      text: variants.map((v) => v.body).join("\n").toLowerCase(),
      uses: variants.reduce((sum, v) => sum + v.use_count, 0),
    };
  });
  items.sort((a, b) => b.uses - a.uses || (a.shortcut < b.shortcut ? -1 : 1));
  return {
    locale, items,
    names: fuzzysort.snapshot(items, { keys: ["shortcut", "titles"] }),
    bodies: fuzzysort.snapshot(items, { key: (item) => item.body.slice(0, searched) }),
  };
}

const language = () => (about().locale?.toLowerCase().startsWith("zh") ? "zh-CN" : "en");

/** What the user panel knows: its parts are redrawn one by one, and each carries its own values. */
const about = () => Object.assign({}, ...[...document.querySelectorAll("#about [id^=about-]")].map((part) => ({ ...part.dataset })));

/** The text in pieces: what stays as it is or has a value, and placeholders without one. */
function partsOf(body) {
  const { user, userFirst, site, department, attributes } = about();
  const values = { "user.name": user, "user.first_name": userFirst, "agent.name": document.getElementById("desk").dataset.agent, site, department };
  for (const [key, value] of Object.entries(JSON.parse(attributes ?? "{}"))) values[`user.attributes.${key}`] = value;
  const parts = [];
  let from = 0;
  for (const match of body.matchAll(placeholder)) {
    parts.push({ text: body.slice(from, match.index) });
    const value = Object.hasOwn(values, match[1]) ? values[match[1]] : "";
    parts.push(value ? { text: value } : { text: match[0], missing: true });
    from = match.index + match[0].length;
  }
  parts.push({ text: body.slice(from) });
  return parts.filter((part) => part.text !== "");
}

function element(name, properties) {
  const made = document.createElement(name);
  const { role, label, ...rest } = properties;
  if (role) made.setAttribute("role", role);
  if (label) made.setAttribute("aria-label", label);
  return Object.assign(made, rest);
}
