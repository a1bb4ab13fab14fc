// The htmx extension "live": templates declare the live stream of a page and what its events do.
//
//   <body hx-ext="live" live-connect="/workbench/events?last_event_id=…" live-swap="part message" live-share="parley.workbench">
//
//   live-connect   The address of the stream. It is opened when htmx processes the body.
//   live-swap      The names of the events that carry HTML. Elements with ids take the place of the parts with the same
//                  ids (lib/parts.js), messages are inserted into the thread (lib/thread.js).
//   live-share     Tabs of one session with the same name share one stream. Without it, each tab has its own.
//   live-wait      The stream waits for openLive(): the script of the page has to find the session first.
//
// Every event is dispatched on the body afterwards, as "live:" and its name, so that hx-trigger="live:typing from:body"
// and onLive("typing", …) can use it. detail is {parts, messages} for HTML, else the parsed JSON. The extension itself
// dispatches live:state {state}, live:reconnected, live:replayed when HTML was placed again over an older answer
// (lib/replay.js), and live:refused {status}; preventDefault on the last one tries again.
// Elements with data-live, data-live-word, data-live-age show the state, and data-try-now reconnects at once.
// docs/architecture.md explains why this is not htmx-ext-sse.
import { acceptHTML } from "./accept-html.js";
import { placeEvent, requestEnded, requestSent } from "./replay.js";
import { csrf } from "./request.js";
import { openStream } from "./stream.js";
import { lang, translate } from "./translate.js";

const root = document.documentElement;
const sent = new WeakMap(); // requests on their way
let stream = null;

export const liveState = () => root.dataset.live;
export const isConnected = () => ["live", "polling"].includes(liveState());

/** When the connection was lost, in milliseconds; 0 while it is not. */
export const lostSince = () => stream?.lostSince() ?? 0;

/** Calls handle(detail, event) for each event of that name. */
export const onLive = (name, handle) => document.addEventListener(`live:${name}`, (event) => handle(event.detail, event));

/** Opens the stream of the page, or restarts it for another user. options are share and fetch of openStream. */
export function openLive(options) {
  if (stream) stream.restart(options.share);
  else connect(options);
}

/** Ends the stream. openLive starts it again. */
export const endLive = () => stream?.end();

window.htmx?.defineExtension("live", {
  onEvent(name, { target, detail }) {
    if (name === "htmx:beforeSend") sent.set(detail.xhr, requestSent());
    if (name === "htmx:afterRequest" && sent.has(detail.xhr)) {
      const since = sent.get(detail.xhr);
      sent.delete(detail.xhr);
      if (requestEnded(since)) dispatch("replayed");
    }
    if (name !== "htmx:afterProcessNode" || stream || !target.matches("body[live-connect]:not([live-wait])")) return;
    const share = target.getAttribute("live-share");
    connect({ share: share && `${share} ${lang} ${csrf()}` });
  },
});

function connect(options) {
  stream = openStream({
    url: () => document.body.getAttribute("live-connect"),
    onEvent: receive,
    onState: setState,
    onReconnect: () => dispatch("reconnected"),
    onRefused: (status) => !dispatch("refused", { status }),
    ...options,
  });
  setInterval(showState, 1000);
  document.addEventListener("parley:part", showState);
  document.addEventListener("click", ({ target }) => target.closest?.("[data-try-now]") && stream.reconnect());
  showState();
}

function receive({ name, data }) {
  const isHTML = document.body.matches(`[live-swap~="${name}"]`);
  dispatch(name, isHTML ? placeEvent(() => acceptHTML(data)) : JSON.parse(data));
}

function dispatch(name, detail = {}) {
  return document.body.dispatchEvent(new CustomEvent(`live:${name}`, { bubbles: true, cancelable: true, detail }));
}

function setState(state) {
  root.dataset.live = state;
  showState();
  dispatch("state", { state });
}

// Also for parts that the server has rendered again: it does not know the state of this connection.
function showState() {
  if (!stream) return;
  const state = liveState();
  const age = Math.max(0, Math.round((Date.now() - stream.lastByteAt()) / 1000));
  const seconds = Math.round((Date.now() - (stream.lostSince() || stream.lastByteAt())) / 1000);
  for (const el of document.querySelectorAll(".wire, .live, [data-live]")) if (el.dataset.live !== state) el.dataset.live = state;
  for (const el of document.querySelectorAll("[data-live-word]")) {
    const text = translate(`ui.live.${state}`, { Seconds: seconds });
    if (el.textContent !== text) el.textContent = text;
    el.title = state === "polling" ? translate("ui.live.polling_why") : "";
  }
  for (const el of document.querySelectorAll("[data-live-age]")) el.textContent = `${age} s`;
}
