// The one live stream of a page. It says what it is doing, notices a dead line by the missing heartbeat, and comes
// back with the last id it saw, whatever failed in between.
import { shareStream } from "./share.js";
import { parser } from "./sse.js";
import { word } from "./words.js";

const silenceMax = 45_000; // the server says something every 20 s at the latest
const freshMax = 22_000; // after a sleep, a line older than this is not trusted
const followMax = 30_000; // a leader that is silent for longer is not followed
const settled = 3000; // own streams have caught up by then
const quietGap = 1500; // a gap this short is not worth a word
const backoff = [0, 1000, 2000, 4000, 8000, 15000];

/**
 * Opens the stream of <body data-stream>. on maps event names to functions of (data, event).
 * hooks: state(name) on every change of "connecting", "live", "reconnecting", "ended"; back() after a lost line
 * returned; refused(status) when the server will not have us, answering true to try again. hooks.share names the tabs
 * that may use one stream together, "" for none; hooks.open takes the place of fetch.
 */
export function openStream(on, hooks = {}) {
  const open = hooks.open ?? fetch;
  let lastId = document.body.dataset.cursor ?? "";
  let attempt = 0;
  let retry = 0;
  let heard = Date.now();
  let state = "";
  let lostAt = 0;
  let abort = null;
  let waiting = null;
  let over = false;
  let liveSince = 0;
  let following = false;
  let shared = shareWith(hooks.share);

  async function run() {
    clearTimeout(waiting);
    waiting = null;
    following = false;
    const mine = (abort = new AbortController());
    let status = 0;
    try {
      const address = new URL(document.body.dataset.stream, location.href);
      if (lastId) address.searchParams.set("last_event_id", lastId);
      const response = await open(address, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: mine.signal });
      status = response.status;
      if (status !== 200) throw new Error(`stream answered ${status}`);
      live();
      const feed = parser({ onEvent: tell, onRetry: (ms) => (retry = ms) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || mine.signal.aborted) break;
        heard = Date.now();
        shared?.alive(state);
        feed(value);
      }
    } catch {
      // told below: every end of the stream is handled alike
    }
    if (mine !== abort || over) return;
    if ([401, 403, 404, 410].includes(status) && !hooks.refused?.(status)) return end();
    lost();
    const wait = Math.max(backoff[Math.min(attempt, backoff.length - 1)], status === 200 ? retry : 0);
    attempt += 1;
    waiting = setTimeout(run, wait * (0.75 + Math.random() * 0.5));
  }

  function shareWith(name) {
    return name ? shareStream(name, { event: hear, alive: follow, lead: () => following && again() }) : null;
  }

  // The page is another person's now: nothing of the stream before is gone on with.
  function move(share) {
    shared?.close();
    shared = shareWith(share);
    lastId = document.body.dataset.cursor ?? "";
    over = false;
    lostAt = 0;
    show("connecting");
    again();
  }

  function tell(event) {
    shared?.event(event);
    hear(event);
  }

  // The leader lives: it is enough that one of us holds a stream.
  function follow(theirs) {
    if (over) return;
    if (following) {
      heard = Date.now();
      if (theirs === "live") live();
      else show(theirs);
    } else if (theirs === "live" && state === "live" && Date.now() - liveSince > settled) {
      following = true;
      const own = abort;
      abort = null;
      own?.abort();
    }
  }

  function hear(event) {
    if (event.id !== undefined) lastId = event.id;
    try {
      on[event.name]?.(event.data, event);
    } catch (err) {
      console.error(err);
    }
  }

  function live() {
    heard = Date.now();
    const wasLost = state === "reconnecting";
    if (state !== "live") liveSince = Date.now();
    attempt = 0;
    lostAt = 0;
    show("live");
    if (wasLost) hooks.back?.();
  }

  function lost() {
    lostAt ||= Date.now();
    if (state === "connecting" && attempt < 1) return; // the very first try may fail in silence
    setTimeout(() => lostAt && !over && Date.now() - lostAt >= quietGap - 50 && show("reconnecting"), quietGap);
  }

  function end() {
    over = true;
    abort?.abort();
    clearTimeout(waiting);
    show("ended");
  }

  function again() {
    if (over) return;
    abort?.abort();
    attempt = 0;
    run();
  }

  function show(next) {
    if (state === next) return;
    state = next;
    document.documentElement.dataset.live = next;
    for (const el of document.querySelectorAll("[data-live]")) el.dataset.live = next;
    say();
    hooks.state?.(next);
    shared?.alive(next);
  }

  // A part that arrives afresh is told what the stream does.
  function say() {
    const seconds = Math.round((Date.now() - (lostAt || heard)) / 1000);
    for (const el of document.querySelectorAll(".wire, .live")) if (el.dataset.live !== state) el.dataset.live = state;
    for (const el of document.querySelectorAll("[data-live-word]")) {
      const said = word(`ui.live.${state}`, { Seconds: seconds });
      if (el.textContent !== said) el.textContent = said;
    }
    for (const el of document.querySelectorAll("[data-live-age]")) el.textContent = `${Math.max(0, Math.round((Date.now() - heard) / 1000))} s`;
  }

  function wake() {
    if (document.visibilityState !== "visible") return;
    if (waiting || Date.now() - heard > freshMax) again();
  }

  setInterval(() => {
    say();
    if (Date.now() - heard < freshMax) shared?.alive(state); // tabs that open between two heartbeats need not wait for the next
    if (!waiting && !over && Date.now() - heard > (following ? followMax : silenceMax)) again();
  }, 1000);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pageshow", (event) => event.persisted && wake());
  window.addEventListener("online", again);
  window.addEventListener("offline", () => abort?.abort()); // the line may look alive for a long time yet
  document.addEventListener("click", (event) => event.target.closest?.("[data-try-now]") && again());
  document.addEventListener("parley:part", say);

  show("connecting");
  run();
  return { again, end, move, state: () => state, lostSince: () => lostAt };
}
