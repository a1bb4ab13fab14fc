// The button and the window, in a shadow tree. On a phone the window is the whole screen.
import { style } from "./style.js";

const phone = matchMedia("(max-width: 480px)");
const icon = (d) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${d}"/></svg>`;
const bubble = icon("M22 17a2 2 0 0 1-2 2H6.8a2 2 0 0 0-1.4.6l-2.2 2.2a.7.7 0 0 1-1.2-.5V5a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2z");
const down = icon("m6 9 6 6 6-6");

export function build(said, { theme, side }) {
  const host = document.createElement("div");
  host.id = "parley";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  root.innerHTML = `<div class="all"><button type="button">${bubble}<b hidden></b></button><section hidden></section></div>`;
  const [all] = root.children;
  const [button, window] = all.children;
  const badge = button.querySelector("b");
  if (theme === "light" || theme === "dark") all.dataset.theme = theme;
  if (side === "left") all.dataset.side = side;
  let unread = 0;
  let isOpen = false;
  let scroll = "";

  function label() {
    const plural = unread === 1 ? "one" : "other";
    const text = said.unread?.[plural] ?? said.unread?.other ?? "";
    button.ariaLabel = isOpen ? said.close : unread ? text.replace("{{.Count}}", unread) : said.open;
    button.ariaExpanded = String(isOpen);
  }

  // The keyboard of a phone covers a fixed element; the visual viewport says what is left.
  function fit() {
    const { height, offsetTop } = visualViewport;
    const whole = isOpen && phone.matches;
    window.style.height = whole ? `${height}px` : "";
    window.style.top = whole ? `${offsetTop}px` : "";
  }

  // The page behind a full screen does not scroll.
  function lock(on) {
    const page = document.documentElement.style;
    if (on && all.dataset.locked === undefined) {
      scroll = page.overflow;
      page.overflow = "hidden";
      all.dataset.locked = "";
    } else if (!on && all.dataset.locked !== undefined) {
      page.overflow = scroll;
      delete all.dataset.locked;
    }
  }

  label();
  visualViewport.addEventListener("resize", fit);
  visualViewport.addEventListener("scroll", fit);
  phone.addEventListener("change", () => {
    lock(isOpen && phone.matches);
    fit();
  });

  return {
    window,
    mount: () => (document.body ? document.body.append(host) : addEventListener("DOMContentLoaded", () => document.body.append(host))),
    onToggle(toggle) {
      button.onclick = toggle;
      // A handler set this way that returns false would swallow every other key.
      all.onkeydown = ({ key }) => void (key === "Escape" && isOpen && toggle());
    },
    launcher: (shown) => (button.hidden = !shown),
    unread(n) {
      unread = n;
      badge.hidden = n === 0;
      badge.textContent = n > 99 ? "99+" : n;
      label();
    },
    open(next, shown) {
      isOpen = next;
      window.hidden = !next;
      all.toggleAttribute("data-open", next);
      button.firstElementChild.outerHTML = next ? down : bubble;
      lock(next && phone.matches);
      fit();
      label();
      if (!next && shown) button.focus({ preventScroll: true });
    },
  };
}
