// Parley(command, …), the only interface for pages.
import { mount } from "./mount.js";
import { read } from "./settings.js";

const events = "ready open close unread assigned ended error".split(" ");
const commands = "open close toggle show hide identify logout update".split(" ");
const most = 50; // calls that are kept for the next boot

/** Creates window.Parley, or returns the existing one: a page with several script tags has one widget. tag is the dataset of the script tag. */
export function install(src, tag) {
  const there = window.Parley;
  const manual = !tag || "manual" in tag;
  if (there?.loaded) {
    if (!manual && !document.getElementById("parley")) there("boot", tag);
    return there;
  }
  let handlers = {};
  let settings, widget, ready;
  let early = [];

  // Errors of a listener are errors of the site's own code and are reported as such.
  function call(fn, detail) {
    try {
      fn(detail);
    } catch (err) {
      reportError(err);
    }
  }

  const emit = (name, detail = {}) => [...(handlers[name] ?? [])].forEach((fn) => call(fn, detail));

  const calls = {
    boot(given) {
      if (widget) return Parley("update", given);
      settings = read(given, read(tag, PARLEY_LOOK)); // what administrators made for this site is the prototype
      const mine = (widget = mount(new URL(".", src).href, settings, emit));
      for (const args of early.splice(0)) Parley(...args);
      queueMicrotask(() => {
        if (mine !== widget) return;
        ready = true;
        emit("ready");
      });
    },
    shutdown() {
      widget?.remove();
      widget = ready = null;
      early = [];
      handlers = {};
    },
    on(name, fn) {
      if (!events.includes(name)) return warn(name, events);
      (handlers[name] ??= new Set()).add(fn);
      if (ready && name === "ready") queueMicrotask(() => handlers[name]?.has(fn) && call(fn, {}));
      return () => calls.off(name, fn);
    },
    off: (name, fn) => void handlers[name]?.delete?.(fn),
  };

  function Parley(name, ...args) {
    if (Object.hasOwn(calls, name)) return calls[name](...args);
    if (!commands.includes(name)) return warn(name, [...Object.keys(calls), ...commands]);
    if (widget) {
      if (name === "update") read(args[0], settings);
      widget[name](...args);
    } else if (early.length < most) early.push([name, ...args]);
  }

  const waiting = there?.q ?? []; // each the arguments of a call
  window.Parley = Parley;
  Parley.loaded = true;
  if (!manual && !waiting.some((args) => args[0] === "boot")) calls.boot();
  for (const args of waiting) Parley(...args);
  return Parley;
}

const warn = (name, known) => console.warn(`Parley: "${name}" is none of ${known.join(", ")}`);
