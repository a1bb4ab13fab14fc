// The script of the imaginary company. It uses the chat as any page would: by one command, which queues calls until the chat is loaded.
import { session } from "./lib/storage.js";

window.Parley ||= function () {
  (window.Parley.q ||= []).push(arguments);
};

for (const button of document.querySelectorAll("[data-chat]")) {
  button.addEventListener("click", () => window.Parley(button.dataset.chat));
  window.Parley("on", "ready", () => (button.hidden = false));
}
for (const badge of document.querySelectorAll("[data-unread]")) {
  window.Parley("on", "unread", ({ count }) => (badge.textContent = count || ""));
}

// The workshop at the end of the page: what a site may set, tried on this very page.
const workshop = document.querySelector("[data-workshop]");
const form = workshop?.querySelector("form");
const storageKey = "kestrel.chat";
const defaults = { position: "right", offset: "20", colour: "", label: "", theme: "auto" };

if (form) {
  defaults.theme = form.elements.theme.value; // the script tag sets it already
  window.Parley("on", "ready", () => (workshop.hidden = false));
  for (const name of ["ready", "open", "close", "unread", "assigned", "ended", "error"]) window.Parley("on", name, (detail) => logEvent(name, detail));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    session.set(storageKey, JSON.stringify(chosen()));
    apply();
  });
  const stored = JSON.parse(session.get(storageKey) ?? "null");
  if (stored) {
    for (const name in defaults) form.elements[name].value = stored[name] ?? defaults[name];
    apply();
  }
}

function chosen() {
  const now = Object.fromEntries(new FormData(form));
  return Object.fromEntries(Object.keys(defaults).filter((name) => now[name] && now[name] !== defaults[name]).map((name) => [name, now[name]]));
}

function apply() {
  const now = chosen();
  window.Parley("update", Object.fromEntries(Object.keys(defaults).map((name) => [name, now[name] ?? defaults[name]])));
  const code = document.querySelector("[data-snippet]");
  const attributes = Object.entries(now).map(([name, value]) => ` data-${name}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`);
  code.textContent = code.dataset.snippet.replace("></script>", `${attributes.join("")}></script>`);
}

function logEvent(name, detail) {
  const list = workshop.querySelector("ol");
  const item = document.createElement("li");
  item.textContent = `${name} ${JSON.stringify(detail)}`;
  list.prepend(item);
  while (list.children.length > 6) list.lastElementChild.remove();
}
