// The one live stream of a page. It says what it is doing, notices a dead line by the missing heartbeat, and comes
// back with the last id it saw, whatever failed in between. Where the body of the stream is held back on the way, it
// polls for the same events until a stream flows again.
import { pollEvents, rememberBuffering, streamIsUnbuffered, wasBuffered, withCursor } from "./poll.js";
import { shareStream } from "./shared-stream.js";
import { parser } from "./sse.js";
import { translate } from "./translate.js";

const openTimeout = 5000; // the first bytes of a stream come at once; without them it may be held back
const heartbeatTimeout = 18_000; // the server says something every 13 s; a silence this long is asked about
const checkInterval = 3000;
const deadTimeout = 45_000; // a line that was asked about without an answer is given up
const probePauses = [0, 5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
const probeResetAfter = 60_000; // a stream that flowed for this long begins with the first pause again
const staleAfterSleep = 22_000; // after a sleep, a line older than this is not trusted
const leaderTimeout = 30_000; // a leader that is silent for longer is not followed
const followDelay = 3000; // own streams have caught up by then
const quietReconnect = 1500; // a gap this short is not worth a word
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
  let lastByteAt = Date.now();
  let state = "";
  let lostAt = 0;
  let abort = null;
  let retryTimer = null;
  let ended = false;
  let liveSince = 0;
  let following = false;
  let sharedStream = joinShared(hooks.share);
  let buffered = wasBuffered(); // streams are: poll
  let openedAt = 0; // when the stream was asked for; 0 once its first bytes have come
  let silenceCheck = null; // aborts the question whether the stream is held
  let nextCheckAt = 0;
  let probing = null; // aborts the look whether a stream flows
  let probeTimer = null;
  let probes = 0;

  const streamURL = () => new URL(document.body.dataset.stream, location.href);

  function run() {
    clearTimeout(retryTimer);
    retryTimer = null;
    following = false;
    silenceCheck?.abort();
    silenceCheck = null;
    const controller = (abort = new AbortController());
    return buffered ? poll(controller) : readStream(controller);
  }

  async function readStream(controller) {
    let status = 0;
    openedAt = Date.now();
    try {
      const response = await open(withCursor(streamURL(), lastId), { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: controller.signal });
      status = response.status;
      if (status !== 200) throw new Error(`stream answered ${status}`);
      const parse = parser({ onEvent: publish, onRetry: (ms) => (retry = ms) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || controller.signal.aborted) break;
        if (openedAt > 0) live(); // the head alone proves nothing
        openedAt = 0;
        lastByteAt = Date.now();
        sharedStream?.alive(state);
        parse(value);
      }
    } catch {
      // told below: every end of the stream is handled alike
    }
    if (controller !== abort || ended) return;
    onFailure(status, status === 200 ? retry : 0);
  }

  async function poll(controller) {
    openedAt = 0;
    if (!probing && !probeTimer) probeLater();
    const result = await pollEvents(open, streamURL(), lastId, controller.signal);
    if (controller !== abort || ended) return;
    if (result.status === 200) acceptPoll(result);
    else onFailure(result.status, result.retryAfter);
  }

  function acceptPoll(result) {
    lastByteAt = Date.now();
    receiving("polling");
    for (const event of result.events) publish(event);
    lastId = result.lastId;
    sharedStream?.alive(state);
    if (!ended) retryTimer = setTimeout(run, result.after);
  }

  function onFailure(status, pause) {
    if (isRefusal(status) && !hooks.onRefused?.(status)) return end();
    onLost();
    const wait = Math.max(backoff[Math.min(attempt, backoff.length - 1)], pause);
    attempt += 1;
    retryTimer = setTimeout(run, wait * (0.75 + Math.random() * 0.5));
  }

  // A stream that says nothing may be held back, or the line may be dead: whether a poll is answered tells.
  async function checkSilence() {
    const silentRequest = abort;
    const controller = (silenceCheck = new AbortController());
    const result = await pollEvents(open, streamURL(), lastId, controller.signal);
    if (controller !== silenceCheck) return;
    silenceCheck = null;
    if (ended || silentRequest !== abort || !isSilent()) return;
    nextCheckAt = Date.now() + Math.max(checkInterval, result.retryAfter);
    if (result.status === 200 || isRefusal(result.status)) {
      silentRequest.abort();
      abort = new AbortController();
    }
    if (result.status === 200) {
      if (state === "live" && Date.now() - liveSince > probeResetAfter) probes = 0;
      openedAt = 0;
      setBuffered(true);
      acceptPoll(result);
      probeLater();
    } else if (isRefusal(result.status)) {
      onFailure(result.status, 0);
    } else if (result.late && openedAt > 0) {
      setBuffered(true); // the streams of other tabs may hold every connection of this browser: give up ours
      reconnect();
    } else if (openedAt === 0 || Date.now() - openedAt > deadTimeout) {
      reconnect();
    }
  }

  const isSilent = () => (openedAt > 0 ? Date.now() - openedAt > openTimeout : Date.now() - lastByteAt > heartbeatTimeout);

  function setBuffered(is) {
    buffered = is;
    rememberBuffering(is);
  }

  function probeLater() {
    clearTimeout(probeTimer);
    probeTimer = setTimeout(probe, probePauses[Math.min(probes, probePauses.length - 1)]);
    probes += 1;
  }

  async function probe() {
    stopProbing();
    const controller = (probing = new AbortController());
    const unbuffered = await streamIsUnbuffered(open, streamURL(), lastId, controller.signal);
    if (controller !== probing) return;
    probing = null;
    if (ended || following || !buffered) return;
    if (!unbuffered) return probeLater();
    setBuffered(false);
    abort?.abort();
    run();
  }

  function stopProbing() {
    clearTimeout(probeTimer);
    probeTimer = null;
    probing?.abort();
    probing = null;
  }

  function joinShared(name) {
    return name ? shareStream(name, { event: onEvent, alive: follow, lead: () => following && reconnect() }) : null;
  }

  // The page is another person's now: nothing of the stream before is gone on with.
  function restart(share) {
    sharedStream?.close();
    sharedStream = joinShared(share);
    lastId = document.body.dataset.cursor ?? "";
    ended = false;
    lostAt = 0;
    setState("connecting");
    reconnect();
  }

  function publish(event) {
    sharedStream?.event(event);
    onEvent(event);
  }

  // The leader lives: it is enough that one of us holds a stream.
  function follow(leaderState) {
    if (ended) return;
    if (following) {
      lastByteAt = Date.now();
      buffered = leaderState === "polling";
      if (leaderState === "live" || leaderState === "polling") receiving(leaderState);
      else setState(leaderState);
    } else if ((leaderState === "live" || leaderState === state) && isFlowing() && Date.now() - liveSince > followDelay) {
      following = true;
      const own = abort;
      abort = null;
      own?.abort();
      silenceCheck?.abort();
      silenceCheck = null;
      clearTimeout(retryTimer);
      retryTimer = null;
      stopProbing();
    }
  }

  function onEvent(event) {
    if (event.id !== undefined) lastId = event.id;
    try {
      on[event.name]?.(event.data, event);
    } catch (err) {
      console.error(err);
    }
  }

  const isFlowing = () => state === "live" || state === "polling";
  const live = () => receiving("live");

  // Events arrive, as next says: by a stream or by polls.
  function receiving(next) {
    lastByteAt = Date.now();
    const wasLost = state === "reconnecting";
    if (state !== next) liveSince = Date.now();
    attempt = 0;
    lostAt = 0;
    setState(next);
    if (wasLost) hooks.onReconnect?.();
  }

  function onLost() {
    lostAt ||= Date.now();
    if (state === "connecting" && attempt < 1) return; // the very first try may fail in silence
    setTimeout(() => lostAt && !ended && Date.now() - lostAt >= quietReconnect - 50 && setState("reconnecting"), quietReconnect);
  }

  function end() {
    ended = true;
    abort?.abort();
    silenceCheck?.abort();
    clearTimeout(retryTimer);
    stopProbing();
    setState("ended");
  }

  function reconnect() {
    if (ended) return;
    abort?.abort();
    attempt = 0;
    if (buffered) {
      probes = 0;
      stopProbing();
    }
    run();
  }

  function setState(next) {
    if (state === next) return;
    state = next;
    document.documentElement.dataset.live = next;
    for (const el of document.querySelectorAll("[data-live]")) el.dataset.live = next;
    updateStatusText();
    hooks.onState?.(next);
    sharedStream?.alive(next);
  }

  // A part that arrives afresh is told what the stream does.
  function updateStatusText() {
    const seconds = Math.round((Date.now() - (lostAt || lastByteAt)) / 1000);
    for (const el of document.querySelectorAll(".wire, .live")) if (el.dataset.live !== state) el.dataset.live = state;
    for (const el of document.querySelectorAll("[data-live-word]")) {
      const text = translate(`ui.live.${state}`, { Seconds: seconds });
      if (el.textContent !== text) el.textContent = text;
      el.title = state === "polling" ? translate("ui.live.polling_why") : "";
    }
    for (const el of document.querySelectorAll("[data-live-age]")) el.textContent = `${Math.max(0, Math.round((Date.now() - lastByteAt) / 1000))} s`;
  }

  function wake() {
    if (document.visibilityState !== "visible") return;
    if (retryTimer && buffered) run();
    else if (retryTimer || Date.now() - lastByteAt > staleAfterSleep) reconnect();
  }

  setInterval(() => {
    updateStatusText();
    if (Date.now() - lastByteAt < staleAfterSleep) sharedStream?.alive(state); // tabs that open between two heartbeats need not wait for the next
    if (ended || retryTimer || silenceCheck) return;
    if (following ? Date.now() - lastByteAt > leaderTimeout : buffered && Date.now() - lastByteAt > deadTimeout) reconnect();
    else if (!following && !buffered && isSilent() && Date.now() > nextCheckAt) checkSilence();
  }, 1000);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pageshow", (event) => event.persisted && wake());
  window.addEventListener("online", reconnect);
  window.addEventListener("offline", () => abort?.abort()); // the line may look alive for a long time yet
  document.addEventListener("click", (event) => event.target.closest?.("[data-try-now]") && reconnect());
  document.addEventListener("parley:part", updateStatusText);

  setState("connecting");
  run();
  return { reconnect, end, restart, state: () => state, lostSince: () => lostAt };
}
