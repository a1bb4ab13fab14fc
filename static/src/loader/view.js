// The button and the window, in a shadow tree, so that the styles of page and widget do not affect each other. They work under any content
// policy of the page: no markup is parsed from text, and all styles are set through the object model. They are in the browser's top layer,
// above every z-index and outside of the page's transforms, filters and clips. On a phone the window is the whole screen.
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
 * Adds both to the page. toggle() opens or closes; typed() is called when the holder has new text.
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
  const host = make("parley-widget"); // a custom element name that no rule of the page matches
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
    const forms = said.unread;
    const does = isOpen ? said.close : unread ? (forms[new Intl.PluralRules(said.lang).select(unread)] ?? forms.other).replace("#", unread) : said.open;
    button.ariaLabel = name.textContent && !isOpen ? `${name.textContent}. ${does}` : does;
    button.ariaExpanded = isOpen;
    path.setAttribute("d", isOpen ? down : bubble);
  }

  // The keyboard of a phone covers a fixed element; the visual viewport has the remaining size.
  function fit() {
    const { height, offsetTop } = visualViewport;
    const whole = isOpen && phone.matches;
    const zoomed = (length) => (whole ? length / (all.currentCSSZoom ?? 1) + "px" : "");
    window.style.height = zoomed(height);
    window.style.top = zoomed(offsetTop);
    lock(whole);
  }

  // The page behind the full-screen window must not scroll.
  function lock(on) {
    const page = document.documentElement.style;
    if (on === (scroll != null)) return;
    [page.overflow, scroll] = on ? ["hidden", page.overflow] : [scroll];
  }

  // The body may not exist yet, and applications may replace it.
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
    button.focus(); // Safari does not focus a clicked button
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
      button.dir = said.dir ?? "";
      all.dataset.side = position ?? (said.dir && "left");
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
     * Moves the focus to a field that the user cannot see. It collects typed text until the panel is ready. If a field of the page
     * has the focus, it stays there.
     */
    hold() {
      if (!document.activeElement?.matches(":read-write")) holder.focus({ preventScroll: true });
    },
    /** Returns whether the holder has the focus and may pass it to the panel. */
    focused: () => document.activeElement === host && !composing,
    /** Returns the text typed into the holder and clears it. */
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
