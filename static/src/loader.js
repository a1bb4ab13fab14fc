// What a customer's page loads: a button, and on the first open a frame with the panel. Until then nothing else is
// fetched and nothing is stored. Everything lives in a shadow tree, so neither page can spoil the other's look.
//
//   Parley("open") ("close") ("toggle") ("show") ("hide")   the panel, the button
//   Parley("identify", token) ("logout")                    who the user is, by a token that the site signs
//   Parley("on" | "off", name, fn)                          ready, open, close, unread (count), error (code)
import { createFrame } from "./loader/frame.js";
import { memory } from "./loader/memory.js";
import { titleCount } from "./loader/title.js";
import { build } from "./loader/view.js";

const words = "@parley-words@"; // the server puts the texts here

const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
if (!window.Parley?.loaded && script) start(script);

function start({ src, dataset }) {
  const lang = dataset.lang || document.documentElement.lang || navigator.language;
  const said = words[/^zh/i.test(lang) ? "zh-CN" : "en"] ?? {};
  const listeners = new Map();
  const view = build(said, dataset);
  const showTitle = titleCount();
  let open = false;
  let shown = true;
  let unread = 0;
  let token = "";

  const frame = createFrame({ base: new URL(".", src).href, dataset, lang, hear, title: said.title });

  const commands = {
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(!open),
    show: () => view.launcher((shown = true)),
    hide() {
      toggle(false);
      view.launcher((shown = false));
    },
    identify(value) {
      token = String(value ?? "");
      if (token) frame.tell("identify", { token });
    },
    logout() {
      token = "";
      toggle(false);
      memory.forget();
      frame.tell("logout");
    },
    on: (name, fn) => listeners.set(name, [...(listeners.get(name) ?? []), fn]),
    off: (name, fn) => listeners.set(name, (listeners.get(name) ?? []).filter((f) => f !== fn)),
  };

  function toggle(next) {
    if (open === next) return;
    open = next;
    if (open) frame.make(view.window);
    memory.keep({ open });
    view.open(open, shown);
    frame.tell(open ? "open" : "shut");
    frame.attention(open);
    if (open) frame.focus();
    count(open ? 0 : unread);
    emit(open ? "open" : "close");
  }

  // What the panel says. Origin and window were checked.
  function hear({ parley, count: n, chat, code }) {
    if (parley === "hello") {
      if (token) frame.tell("identify", { token });
      frame.tell(open ? "open" : "shut");
      frame.attention(open);
      emit("ready");
    }
    if (parley === "close") toggle(false);
    if (parley === "unread") count(Number(n) || 0);
    if (parley === "status") memory.keep({ chat: chat === true });
    if (parley === "error") emit("error", String(code));
  }

  function count(n) {
    if (n !== unread) emit("unread", n);
    unread = n;
    view.unread(open ? 0 : n);
    showTitle(n);
  }

  function emit(name, value) {
    for (const fn of listeners.get(name) ?? []) fn(value);
  }

  const run = (name, ...args) => commands[name]?.(...args);
  const waiting = window.Parley?.q ?? [];
  window.Parley = Object.assign((...args) => run(...args), { loaded: true });
  view.onToggle(commands.toggle);
  for (const type of ["focus", "blur"]) addEventListener(type, () => setTimeout(() => frame.attention(open)));
  document.addEventListener("visibilitychange", () => frame.attention(open));
  view.mount();
  for (const args of waiting) run(...args);
  // Somebody with an open chat finds it again on the next page.
  const kept = memory.kept();
  if (kept.chat) {
    frame.make(view.window);
    if (kept.open && matchMedia("(min-width: 481px)").matches) toggle(true);
  }
}
