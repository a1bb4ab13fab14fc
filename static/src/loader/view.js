// The button and the window, in a shadow tree, so that neither page can spoil the other's look. Nothing here needs leave of the page's content
// policy: no markup is made of text, and all style comes by the object model. They lie in the browser's top layer, above every z-index and
// outside of the page's transforms, filters and clips. On a phone the window is the whole screen.
import { onKeyDown } from "../lib/keydown.js";
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

/**
 * Puts them on the page. toggle() opens or closes, and typed() is called when there is something new in the holder.
 */
export function build(listen, toggle, typed) {
  const phone = matchMedia("(max-width: 480px)");
  const icon = draw("svg");
  const path = draw("path");
  const name = make("span");
  const badge = make("b");
  const button = make("button", icon, name, badge);
  const holder = make("textarea");
  const window = make("section", holder);
  const all = make("div", button, window);
  const host = make("parley-widget"); // a name of its own, which no rule of the page is about
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  let said;
  let unread = 0;
  let isOpen = false;
  let composing;
  let scroll;

  icon.append(path);
  host.id = "parley";
  all.popover = "manual";
  holder.tabIndex = -1;
  holder.inputMode = "none"; // the keyboard of a phone would cover the window
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
    const zoomed = (length) => (whole ? length / (all.currentCSSZoom ?? 1) + "px" : "");
    window.style.height = zoomed(height);
    window.style.top = zoomed(offsetTop);
    lock(whole);
  }

  // The page behind a full screen does not scroll.
  function lock(on) {
    const page = document.documentElement.style;
    if (on === (scroll != null)) return;
    [page.overflow, scroll] = on ? ["hidden", page.overflow] : [scroll];
  }

  // The body may be yet to come, and applications may put another in its place.
  function put() {
    if (host.isConnected || !document.body) return;
    document.body.append(host);
    all.showPopover?.();
    watch.observe(document.body, { childList: true });
  }
  const watch = new MutationObserver(put);
  watch.observe(document.documentElement, { childList: true });
  put();
  listen(button, ["click"], () => {
    button.focus(); // Safari leaves the focus where it was
    toggle();
  });
  onKeyDown(all, ({ key }) => key === "Escape" && isOpen && toggle());
  listen(holder, ["input", "compositionend"], (event) => {
    composing = event.isComposing;
    if (!composing) typed();
  });
  listen(visualViewport, ["resize", "scroll"], fit);
  listen(phone, ["change"], fit);

  return {
    window,
    phone,
    look({ theme, position, offset, colour, label: text }, texts) {
      said = texts;
      const [x, y] = offset ?? ["20px"];
      const scheme = theme && theme !== "auto" ? theme : "light dark";
      all.style.cssText = `inset:20px ${x} ${y ?? x};color-scheme:${scheme}`;
      button.style.cssText = colour ? `background-color:${colour};color:${textOn(colour)}` : "";
      all.dataset.side = position ?? "";
      name.textContent = text ?? "";
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
    /**
     * Takes the focus into a field that cannot be seen. It holds what is typed until the panel can take it. Where somebody writes in a field
     * of the page, the focus stays there.
     */
    hold() {
      if (!document.activeElement?.matches(":read-write")) holder.focus({ preventScroll: true });
    },
    /** Whether the focus is here, and may go on to the panel. */
    focused: () => document.activeElement === host && !composing,
    /** What was typed into the holder, which forgets it. */
    held() {
      const { value } = holder;
      if (composing) return "";
      holder.value = "";
      return value;
    },
    remove() {
      watch.disconnect();
      lock(false);
      host.remove();
    },
  };
}
