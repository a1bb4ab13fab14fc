// What takes the place of the stream while something on the way, a proxy or an antivirus program, holds its body back:
// short requests for the same events, and now and then a look whether a stream comes through again.
import { parser } from "./sse.js";
import { scoped } from "./base.js";
import { local } from "./storage.js";

const pollMax = 10_000; // a poll that takes longer has failed
const hiddenWait = 20; // seconds; timers of hidden pages are slow, so there the server waits in their place
const hiddenPause = 500;
const openingMax = 5000; // the first bytes of a stream come at once
const beatMin = 8000; // a comment line this long after the first bytes was sent as a heartbeat
const beatMax = 18_000; // one must have come by then
const remembered = scoped("parley.held");
const rememberFor = 10 * 60_000;

/**
 * Asks once for the events since lastId. Answers {status, retryAfter, events, lastId, after}; status 0 is no usable
 * answer, late says that none came in time. open takes the place of fetch.
 */
export async function askForEvents(open, address, lastId, signal) {
  const wait = document.visibilityState === "hidden" ? hiddenWait : 0;
  const url = withCursor(address, lastId);
  url.searchParams.set("poll", "1");
  if (wait > 0) url.searchParams.set("wait", wait);
  const until = AbortSignal.any([signal, AbortSignal.timeout(pollMax + wait * 1000)]);
  try {
    const response = await open(url, { headers: { Accept: "application/json" }, cache: "no-store", signal: until });
    const { status } = response;
    const retryAfter = Number(response.headers.get("Retry-After")) * 1000 || 0;
    if (status !== 200) return { status, retryAfter };
    if (!response.headers.get("Content-Type")?.startsWith("application/json")) {
      response.body?.cancel(); // a server of before answers with a stream
      return { status: 0, retryAfter };
    }
    const answer = await response.json();
    const events = answer.events.map(({ id, event, data }) => ({ id, name: event, data }));
    return { status, retryAfter, events, lastId: answer.last_event_id, after: wait > 0 ? hiddenPause : answer.poll_after_ms };
  } catch (err) {
    return { status: 0, retryAfter: 0, late: err.name === "TimeoutError" };
  }
}

/**
 * Opens a stream beside the polls and answers whether it flows: the first bytes came at once, and a heartbeat in time.
 * Its events are dropped: the polls bring them.
 */
export async function streamFlows(open, address, lastId, signal) {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  let timer = setTimeout(() => over.abort(), openingMax);
  let began = 0;
  let flows = false;
  const feed = parser({
    onEvent() {},
    onRetry() {},
    onComment: () => (flows ||= Date.now() - began > beatMin),
  });
  try {
    const response = await open(withCursor(address, lastId), { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: until });
    if (response.status !== 200) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (!flows) {
      const { done, value } = await reader.read();
      if (done) return false;
      if (began === 0) {
        began = Date.now();
        clearTimeout(timer);
        timer = setTimeout(() => over.abort(), beatMax);
      }
      feed(value);
    }
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

export function withCursor(address, lastId) {
  const url = new URL(address);
  if (lastId) url.searchParams.set("last_event_id", lastId);
  return url;
}

/** Keeps for the next page of this browser whether streams are held back here. */
export function rememberHeld(held) {
  if (held) local.set(remembered, Date.now());
  else local.remove(remembered);
}

/** Tells whether streams were held back here a moment ago. */
export function wasHeld() {
  return Date.now() - Number(local.get(remembered)) < rememberFor;
}
