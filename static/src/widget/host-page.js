// What the panel and the host page exchange beyond opening and closing: the status of the chat, the page of the user, the theme.
import { beginningOf } from "../lib/format.js";
import { post } from "../lib/request.js";
import { state } from "./panel.js";

const now = () => ({ ...document.getElementById("w-now").dataset });

/** base(chat) is the address of a chat's actions. Returns redrawn(), to be called after the panel was drawn for a session. */
export function followHostPage(host, base) {
  followPage(host, base);
  followTheme(host);
  return reportChanges(host);
}

// A change is reported once; the status at the time when the panel was drawn is no change.
function reportChanges(host) {
  let before = now();
  const report = () => {
    const after = now();
    const isNew = (...names) => names.some((name) => before[name] !== after[name]);
    if (after.state === "active" && isNew("state", "chat", "other")) host.send("assigned", { chat_id: after.chat, agent: after.other });
    if (after.state === "ended" && isNew("state", "chat")) host.send("ended", { chat_id: after.chat, reason: after.reason });
    before = after;
  };
  document.addEventListener("parley:part", ({ target }) => target.id === "w-now" && queueMicrotask(report));
  return { redrawn: () => (before = now()) };
}

// The agent sees which page the user is on, also after it has changed.
function followPage(host, base) {
  let timer;
  host.on("page", ({ url, title }) => {
    const page = { page_url: String(url ?? ""), page_title: beginningOf(String(title ?? ""), 200) };
    state.page(page);
    clearTimeout(timer);
    timer = setTimeout(() => state.open() && state.chat() && post(`${base(state.chat())}/page`, page), 400);
  });
}

function followTheme(host) {
  host.on("theme", ({ theme }) => {
    const chosen = theme === "light" || theme === "dark" ? theme : "auto";
    const root = document.documentElement.dataset;
    if (chosen === "auto") delete root.theme;
    else root.theme = chosen;
    const here = new URL(location.href); // a reload shows the same
    here.searchParams.set("theme", chosen);
    history.replaceState(null, "", here);
  });
}
