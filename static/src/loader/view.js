// The button and the window, in a shadow tree, so that neither page can spoil the other's look. Nothing here needs leave of the page's content
// policy: no markup is made of text, and all style comes by the object model. On a phone the window is the whole screen.
import { onKeyDown } from "../keydown.js";
import { textOn } from "./settings.js";
import style from "./style.css";

const bubble = "M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z";
const down = "m6 9 6 6 6-6";

function make(name, ...children) {
  const el = document.createElement(name);
  el.append(...children);
  return el;
}

const draw = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

export function build(listen, toggle) {
  const phone = matchMedia("(max-width: 480px)");
  const icon = draw("svg");
  const path = draw("path");
  const name = make("span");
  const badge = make("b");
  const button = make("button", icon, name, badge);
  const window = make("section");
  const all = make("div", button, window);
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  let said;
  let unread = 0;
  let isOpen = false;
  let scroll;

  icon.setAttribute("viewBox", "0 0 24 24");
  icon.append(path);
  host.id = "parley";
  button.type = "button";
  badge.hidden = window.hidden = true;
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  root.append(all);

  function label() {
    const { one, other } = said.unread;
    const does = isOpen ? said.close : unread ? ((unread < 2 && one) || other).replace("#", unread) : said.open;
    button.ariaLabel = name.textContent && !isOpen ? `${name.textContent}. ${does}` : does;
    button.ariaExpanded = isOpen;
    path.setAttribute("d", isOpen ? down : bubble);
  }

  // The keyboard of a phone covers a fixed element; the visual viewport says what is left.
  function fit() {
    const { height, offsetTop } = visualViewport;
    const whole = isOpen && phone.matches;
    window.style.height = whole ? `${height}px` : "";
    window.style.top = whole ? `${offsetTop}px` : "";
    lock(whole);
  }

  // The page behind a full screen does not scroll.
  function lock(on) {
    const page = document.documentElement.style;
    if (on) {
      scroll ??= page.overflow;
      page.overflow = "hidden";
    } else if (scroll != null) {
      page.overflow = scroll;
      scroll = null;
    }
  }

  // The body may be yet to come, and applications may put another in its place.
  function put() {
    if (host.isConnected || !document.body) return;
    document.body.append(host);
    watch.observe(document.body, { childList: true });
  }
  const watch = new MutationObserver(put);
  watch.observe(document.documentElement, { childList: true });
  put();
  button.addEventListener("click", () => toggle());
  onKeyDown(all, ({ key }) => key === "Escape" && isOpen && toggle());
  listen(visualViewport, ["resize", "scroll"], fit);
  listen(phone, ["change"], fit);

  return {
    window,
    phone,
    look({ theme, position, offset, colour, label: text }, texts) {
      said = texts;
      all.style.colorScheme = ""; // "auto" is no value of it
      if (theme) all.style.colorScheme = theme;
      all.dataset.side = position ?? "";
      name.textContent = text ?? "";
      const values = { x: offset?.[0], y: offset?.[1], c: colour, t: colour && textOn(colour) };
      for (const key in values) all.style.setProperty("--" + key, values[key] ?? "");
      label();
    },
    launcher: (shown) => (button.hidden = !shown),
    unread(n) {
      unread = n;
      badge.hidden = !n;
      badge.textContent = n > 99 ? "99+" : n;
      label();
    },
    open(next) {
      isOpen = next;
      window.hidden = !next;
      all.toggleAttribute("data-open", next);
      fit();
      label();
      if (!next && document.activeElement === host) button.focus({ preventScroll: true });
    },
    remove() {
      watch.disconnect();
      lock(false);
      host.remove();
    },
  };
}
