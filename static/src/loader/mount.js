// One widget on a page: it handles the commands of the page and the messages of the panel. All its listeners end with its signal.
import words from "@parley-words@";
import { createFrame } from "./frame.js";
import { listener } from "./listen.js";
import { memory } from "./memory.js";
import { titleCount } from "./title.js";
import { build } from "./view.js";

/** Adds the button to the page and returns the commands of Parley(name, …). emit(name, detail) sends an event to the page. */
export function mount(base, settings, emit) {
  const stop = new AbortController();
  const listen = listener(stop.signal);
  const language = () => settings.language || document.documentElement.lang || navigator.language;
  let said = words; // in the language of the browser
  let spoken;
  let open = false;
  let unread = 0;
  let person;
  const pass = (...names) => (said) => emit(said.parley, Object.fromEntries(names.map((name) => [name, String(said[name] ?? "").slice(0, 100)])));

  // The messages that the panel may send. They are short and contain no chat messages and no identity.
  const heard = {
    __proto__: null,
    hello() {
      if (memory.kept().out) return frame.tell("logout");
      if (person) frame.tell("identify", person);
      tellOpen();
      update(); // apply the changes from while it loaded
    },
    close: () => toggle(false),
    // The field of the panel is ready for input.
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
    const asked = language();
    const lang = asked.slice(0, 2);
    if (asked !== spoken && lang !== said.lang)
      import(`${base}widget/words.mjs?lang=${asked}`).then(
        (loaded) => {
          said = loaded.default;
          show();
        },
        () => {},
      );
    spoken = asked;
    show();
  }

  function show() {
    view.look(settings, said);
    frame.look(said.title);
  }

  listen(window, ["focus", "blur"], attend);
  listen(document, ["visibilitychange"], attend);
  // Applications change the address without loading a page.
  listen(window.navigation, ["currententrychange"], frame.moved);
  listen(window, ["popstate"], frame.moved);
  update();
  // An open chat continues on the next page. A pending sign-out is executed before another user can see the chat.
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
      if (memory.kept().open === undefined) return; // the widget was never opened in this browser
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
