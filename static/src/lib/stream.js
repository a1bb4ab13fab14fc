// The transport of the live stream: it keeps one connection to the server, notices a dead one by the missing heartbeat, and
// reconnects with the id of the last event after any failure. Where a proxy buffers the body of the stream, it polls for
// the same events until a stream gets through again. lib/live.js connects it to the page.
import { pollEvents, rememberBuffering, streamIsUnbuffered, wasBuffered, withCursor } from "./poll.js";
import { shareStream } from "./shared-stream.js";
import { parser } from "./sse.js";

const openTimeout = 5000; // the first bytes of a stream come at once; without them it may be buffered
const heartbeatTimeout = 18_000; // the server sends something every 13 s; after a silence this long, a poll checks the connection
const checkInterval = 3000;
const deadTimeout = 45_000; // a connection whose check got no answer is given up
const probePauses = [0, 5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
const probeResetAfter = 60_000; // after a stream that worked for this long, probing starts with the first pause again
const staleAfterSleep = 22_000; // after a sleep, a connection that was silent for longer is replaced
const leaderTimeout = 30_000; // a leading tab that is silent for longer is not followed
const followDelay = 3000; // the stream of a new tab has caught up by then
const quietReconnect = 1500; // a gap this short is not shown
const isRefusal = (status) => [401, 403, 404, 410].includes(status);
const backoff = [0, 1000, 2000, 4000, 8000, 15000];

/**
 * Opens a stream. url() is the address with the cursor of the page, read again for every request; share names the tabs
 * that use one stream together, "" for none; fetch takes the place of the browser's.
 *
 * onEvent({name, data, id}) gets every event. onState(state) gets each change of "connecting", "live", "polling",
 * "reconnecting", "ended". onReconnect() is called when a lost connection is back. onRefused(status) is called when the
 * server refuses the stream; it returns true to try again, else the stream ends.
 */
export function openStream({ url, share = "", fetch: open = fetch, onEvent, onState, onReconnect, onRefused }) {
  let lastId = ""; // the address has the cursor of the page
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
  let sharedStream = joinShared(share);
  let buffered = wasBuffered(); // then poll
  let openedAt = 0; // when the stream was requested; 0 once its first bytes have arrived
  let silenceCheck = null; // aborts the poll that checks a silent stream
  let nextCheckAt = 0;
  let probing = null; // aborts the attempt to get a stream through
  let probeTimer = null;
  let probes = 0;

  const streamURL = () => new URL(url(), location.href);

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
        if (openedAt > 0) live(); // headers alone prove nothing: proxies pass them on and buffer the body
        openedAt = 0;
        lastByteAt = Date.now();
        sharedStream?.alive(state);
        parse(value);
      }
    } catch {
      // handled below: every end of the stream is treated alike
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
    if (isRefusal(status) && !onRefused(status)) return end();
    onLost();
    const wait = Math.max(backoff[Math.min(attempt, backoff.length - 1)], pause);
    attempt += 1;
    retryTimer = setTimeout(run, wait * (0.75 + Math.random() * 0.5));
  }

  // A silent stream may be buffered, or the connection may be dead: the response to a poll distinguishes the two.
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
      setBuffered(true); // the streams of other tabs may use up the connections of this browser: give up ours
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
    return name ? shareStream(name, { event: receive, alive: follow, lead: () => following && reconnect() }) : null;
  }

  /** Restarts for a page that belongs to another user, without the state of the previous stream. */
  function restart(nextShare) {
    sharedStream?.close();
    sharedStream = joinShared(nextShare);
    lastId = "";
    ended = false;
    lostAt = 0;
    setState("connecting");
    reconnect();
  }

  function publish(event) {
    sharedStream?.event(event);
    receive(event);
  }

  // The leading tab is alive: one stream for all tabs is enough.
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

  function receive(event) {
    if (event.id !== undefined) lastId = event.id;
    try {
      onEvent(event);
    } catch (err) {
      console.error(err); // the page may be wrong about one event; the next ones still count
    }
  }

  const isFlowing = () => state === "live" || state === "polling";
  const live = () => receiving("live");

  // Events arrive: by a stream ("live") or by polls ("polling").
  function receiving(next) {
    lastByteAt = Date.now();
    const wasLost = state === "reconnecting";
    if (state !== next) liveSince = Date.now();
    attempt = 0;
    lostAt = 0;
    setState(next);
    if (wasLost) onReconnect();
  }

  function onLost() {
    lostAt ||= Date.now();
    if (state === "connecting" && attempt < 1) return; // the very first attempt may fail without a message
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
    onState(next);
    sharedStream?.alive(next);
  }

  function wake() {
    if (document.visibilityState !== "visible") return;
    if (retryTimer && buffered) run();
    else if (retryTimer || Date.now() - lastByteAt > staleAfterSleep) reconnect();
  }

  setInterval(() => {
    if (Date.now() - lastByteAt < staleAfterSleep) sharedStream?.alive(state); // a tab that opens between two heartbeats need not wait for the next
    if (ended || retryTimer || silenceCheck) return;
    if (following ? Date.now() - lastByteAt > leaderTimeout : buffered && Date.now() - lastByteAt > deadTimeout) reconnect();
    else if (!following && !buffered && isSilent() && Date.now() > nextCheckAt) checkSilence();
  }, 1000);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pageshow", (event) => event.persisted && wake());
  window.addEventListener("online", reconnect);
  window.addEventListener("offline", () => abort?.abort()); // the connection may look alive for a long time yet

  setState("connecting");
  run();
  return { reconnect, end, restart, lostSince: () => lostAt, lastByteAt: () => lastByteAt };
}
