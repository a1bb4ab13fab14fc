// One widget on a page: what it does with the page's commands and with what the panel says. All that it listens to ends with its signal.
import words from "@parley-words@";
import { createFrame } from "./frame.js";
import { listener } from "./listen.js";
import { memory } from "./memory.js";
import { titleCount } from "./title.js";
import { build } from "./view.js";

/** Puts the button on the page. Answers what Parley(name, …) does; emit(name, detail) tells the page. */
export function mount(base, settings, emit) {
  const stop = new AbortController();
  const listen = listener(stop.signal);
  const language = () => settings.language || document.documentElement.lang || navigator.language;
  const said = () => words[/^zh/i.test(language()) ? "zh-CN" : "en"];
  let open = false;
  let unread = 0;
  let person;
  const pass = (...names) => (said) => emit(said.parley, Object.fromEntries(names.map((name) => [name, String(said[name] ?? "").slice(0, 100)])));

  // What the panel may say. It is short, never a message, and never who somebody is.
  const heard = {
    __proto__: null,
    hello() {
      if (memory.kept().out) return frame.tell("logout");
      if (person) frame.tell("identify", person);
      tellOpen();
      update(); // what was changed while it loaded
    },
    close: () => toggle(false),
    // Its field is ready for the keys.
    focused() {
      const focus = view.focused();
      if (focus) frame.focus();
      frame.tell("typed", { text: view.held(), focus });
    },
    unread: (said) => count(said.count | 0),
    status: (said) => memory.keep({ chat: !!said.chat }),
    out: () => memory.forget(),
    assigned: pass("chat_id", "agent"),
    ended: pass("chat_id", "reason"),
    error: pass("code"),
  };
  const view = build(listen, toggle, () => tellOpen());
  const title = titleCount();
  const frame = createFrame(base, settings, language, title.own, heard, listen, view.window);
  const attend = () => frame.attention(open);
  const tellOpen = () => {
    frame.tell(open ? "open" : "shut", { focus: 0 }); // not before it is ready
    attend();
  };

  function toggle(next = !open, focus = true) {
    if (open === next) return;
    open = next;
    if (open) frame.make();
    memory.keep({ open });
    view.open(open);
    if (open && focus) view.hold();
    tellOpen();
    count(open ? 0 : unread);
    emit(open ? "open" : "close");
  }

  function count(n) {
    const changed = n !== unread;
    unread = n;
    view.unread(open ? 0 : n);
    title.show(n);
    if (changed) emit("unread", { count: n });
  }

  function update() {
    view.look(settings, said());
    frame.look(said().title);
  }

  listen(window, ["focus", "blur"], attend);
  listen(document, ["visibilitychange"], attend);
  // Applications change the address without loading a page.
  listen(window.navigation, ["currententrychange"], frame.moved);
  listen(window, ["popstate"], frame.moved);
  update();
  // Somebody with an open chat finds it again on the next page, and who was to be signed out is, before anybody else looks.
  const kept = memory.kept();
  if (kept.chat || kept.out) frame.make();
  if (kept.chat && kept.open && !view.phone.matches) toggle(true, false);

  return {
    open: () => toggle(true),
    close: () => toggle(false),
    toggle: () => toggle(),
    show: () => view.launcher(true),
    hide() {
      toggle(false);
      view.launcher(false);
    },
    identify(value) {
      person = value?.at ? { token: value } : value; // a token, or { token, name, email }
      frame.tell("identify", person);
    },
    logout() {
      person = null;
      toggle(false);
      view.held();
      count(0);
      if (memory.kept().open === undefined) return; // nobody has ever opened it here
      memory.keep({ out: true, chat: false });
      frame.make();
      frame.tell("logout");
    },
    update,
    remove() {
      count(0);
      stop.abort();
      view.remove();
    },
  };
}
