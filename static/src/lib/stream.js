// The one live stream of a page. It says what it is doing, notices a dead line by the missing heartbeat, and comes
// back with the last id it saw, whatever failed in between. Where the body of the stream is held back on the way, it
// polls for the same events until a stream flows again.
import { askForEvents, rememberHeld, streamFlows, wasHeld, withCursor } from "./poll.js";
import { shareStream } from "./shared-stream.js";
import { parser } from "./sse.js";
import { word } from "./translate.js";

const openingMax = 5000; // the first bytes of a stream come at once; without them it may be held back
const silenceMax = 18_000; // the server says something every 13 s; a silence this long is asked about
const askPause = 3000;
const deadMax = 45_000; // a line that was asked about without an answer is given up
const probePauses = [0, 5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
const probesForget = 60_000; // a stream that flowed for this long begins with the first pause again
const freshMax = 22_000; // after a sleep, a line older than this is not trusted
const followMax = 30_000; // a leader that is silent for longer is not followed
const settled = 3000; // own streams have caught up by then
const quietGap = 1500; // a gap this short is not worth a word
const isRefusal = (status) => [401, 403, 404, 410].includes(status);
const backoff = [0, 1000, 2000, 4000, 8000, 15000];

/**
 * Opens the stream of <body data-stream>. on maps event names to functions of (data, event).
 * hooks: state(name) on every change of "connecting", "live", "polling", "reconnecting", "ended"; back() after a lost line
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
  let held = wasHeld(); // streams are: poll
  let opened = 0; // when the stream was asked for; 0 once its first bytes have come
  let asking = null; // aborts the question whether the stream is held
  let askNext = 0;
  let probing = null; // aborts the look whether a stream flows
  let probeTimer = null;
  let probes = 0;

  const address = () => new URL(document.body.dataset.stream, location.href);

  function run() {
    clearTimeout(waiting);
    waiting = null;
    following = false;
    asking?.abort();
    asking = null;
    const mine = (abort = new AbortController());
    return held ? poll(mine) : listen(mine);
  }

  async function listen(mine) {
    let status = 0;
    opened = Date.now();
    try {
      const response = await open(withCursor(address(), lastId), { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: mine.signal });
      status = response.status;
      if (status !== 200) throw new Error(`stream answered ${status}`);
      const feed = parser({ onEvent: tell, onRetry: (ms) => (retry = ms) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || mine.signal.aborted) break;
        if (opened > 0) live(); // the head alone proves nothing
        opened = 0;
        heard = Date.now();
        shared?.alive(state);
        feed(value);
      }
    } catch {
      // told below: every end of the stream is handled alike
    }
    if (mine !== abort || over) return;
    failed(status, status === 200 ? retry : 0);
  }

  async function poll(mine) {
    opened = 0;
    if (!probing && !probeTimer) probeLater();
    const answer = await askForEvents(open, address(), lastId, mine.signal);
    if (mine !== abort || over) return;
    if (answer.status === 200) accept(answer);
    else failed(answer.status, answer.retryAfter);
  }

  function accept(answer) {
    heard = Date.now();
    arrived("polling");
    for (const event of answer.events) tell(event);
    lastId = answer.lastId;
    shared?.alive(state);
    if (!over) waiting = setTimeout(run, answer.after);
  }

  function failed(status, pause) {
    if (isRefusal(status) && !hooks.refused?.(status)) return end();
    lost();
    const wait = Math.max(backoff[Math.min(attempt, backoff.length - 1)], pause);
    attempt += 1;
    waiting = setTimeout(run, wait * (0.75 + Math.random() * 0.5));
  }

  // A stream that says nothing may be held back, or the line may be dead: whether a poll is answered tells.
  async function ask() {
    const silent = abort;
    const mine = (asking = new AbortController());
    const answer = await askForEvents(open, address(), lastId, mine.signal);
    if (mine !== asking) return;
    asking = null;
    if (over || silent !== abort || !isSilent()) return;
    askNext = Date.now() + Math.max(askPause, answer.retryAfter);
    if (answer.status === 200 || isRefusal(answer.status)) {
      silent.abort();
      abort = new AbortController();
    }
    if (answer.status === 200) {
      if (state === "live" && Date.now() - liveSince > probesForget) probes = 0;
      opened = 0;
      setHeld(true);
      accept(answer);
      probeLater();
    } else if (isRefusal(answer.status)) {
      failed(answer.status, 0);
    } else if (answer.late && opened > 0) {
      setHeld(true); // the streams of other tabs may hold every connection of this browser: give up ours
      again();
    } else if (opened === 0 || Date.now() - opened > deadMax) {
      again();
    }
  }

  const isSilent = () => (opened > 0 ? Date.now() - opened > openingMax : Date.now() - heard > silenceMax);

  function setHeld(is) {
    held = is;
    rememberHeld(is);
  }

  function probeLater() {
    clearTimeout(probeTimer);
    probeTimer = setTimeout(probe, probePauses[Math.min(probes, probePauses.length - 1)]);
    probes += 1;
  }

  async function probe() {
    stopProbing();
    const mine = (probing = new AbortController());
    const flows = await streamFlows(open, address(), lastId, mine.signal);
    if (mine !== probing) return;
    probing = null;
    if (over || following || !held) return;
    if (!flows) return probeLater();
    setHeld(false);
    abort?.abort();
    run();
  }

  function stopProbing() {
    clearTimeout(probeTimer);
    probeTimer = null;
    probing?.abort();
    probing = null;
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
      held = theirs === "polling";
      if (theirs === "live" || theirs === "polling") arrived(theirs);
      else show(theirs);
    } else if ((theirs === "live" || theirs === state) && flows() && Date.now() - liveSince > settled) {
      following = true;
      const own = abort;
      abort = null;
      own?.abort();
      asking?.abort();
      asking = null;
      clearTimeout(waiting);
      waiting = null;
      stopProbing();
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

  const flows = () => state === "live" || state === "polling";
  const live = () => arrived("live");

  // Events arrive, as next says: by a stream or by polls.
  function arrived(next) {
    heard = Date.now();
    const wasLost = state === "reconnecting";
    if (state !== next) liveSince = Date.now();
    attempt = 0;
    lostAt = 0;
    show(next);
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
    asking?.abort();
    clearTimeout(waiting);
    stopProbing();
    show("ended");
  }

  function again() {
    if (over) return;
    abort?.abort();
    attempt = 0;
    if (held) {
      probes = 0;
      stopProbing();
    }
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
      el.title = state === "polling" ? word("ui.live.polling_why") : "";
    }
    for (const el of document.querySelectorAll("[data-live-age]")) el.textContent = `${Math.max(0, Math.round((Date.now() - heard) / 1000))} s`;
  }

  function wake() {
    if (document.visibilityState !== "visible") return;
    if (waiting && held) run();
    else if (waiting || Date.now() - heard > freshMax) again();
  }

  setInterval(() => {
    say();
    if (Date.now() - heard < freshMax) shared?.alive(state); // tabs that open between two heartbeats need not wait for the next
    if (over || waiting || asking) return;
    if (following ? Date.now() - heard > followMax : held && Date.now() - heard > deadMax) again();
    else if (!following && !held && isSilent() && Date.now() > askNext) ask();
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
