// Replaces the stream while a proxy or an antivirus program buffers its body: short requests for the same events, and now
// and then an attempt to get a stream through.
import { parser } from "./sse.js";
import { scoped } from "./base.js";
import { local } from "./storage.js";

const pollTimeout = 10_000; // a poll that takes longer has failed
const hiddenWait = 20; // seconds; timers of hidden pages are slow, so there the server waits in their place
const hiddenPause = 500;
const openTimeout = 5000; // the first bytes of a stream come at once
const heartbeatMin = 8000; // a comment line this long after the first bytes was sent as a heartbeat
const heartbeatMax = 18_000; // one must have come by then
const storageKey = scoped("parley.held");
const rememberedFor = 10 * 60_000;

/**
 * Requests the events since lastId once. Returns {status, retryAfter, events, lastId, after}; status 0 is no usable
 * response, and late is set when none came in time. open takes the place of fetch.
 */
export async function pollEvents(open, address, lastId, signal) {
  const waitSeconds = document.visibilityState === "hidden" ? hiddenWait : 0;
  const url = withCursor(address, lastId);
  url.searchParams.set("poll", "1");
  if (waitSeconds > 0) url.searchParams.set("wait", waitSeconds);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(pollTimeout + waitSeconds * 1000)]);
  try {
    const response = await open(url, { headers: { Accept: "application/json" }, cache: "no-store", signal: deadline });
    const { status } = response;
    const retryAfter = Number(response.headers.get("Retry-After")) * 1000 || 0;
    if (status !== 200) return { status, retryAfter };
    if (!response.headers.get("Content-Type")?.startsWith("application/json")) {
      response.body?.cancel(); // an older server answers with a stream
      return { status: 0, retryAfter };
    }
    const body = await response.json();
    const events = body.events.map(({ id, event, data }) => ({ id, name: event, data }));
    return { status, retryAfter, events, lastId: body.last_event_id, after: waitSeconds > 0 ? hiddenPause : body.poll_after_ms };
  } catch (err) {
    return { status: 0, retryAfter: 0, late: err.name === "TimeoutError" };
  }
}

/**
 * Opens a stream in parallel with polling and returns whether it is unbuffered: the first bytes arrive at once, a heartbeat in time.
 * Its events are dropped, because polling delivers them.
 */
export async function streamIsUnbuffered(open, address, lastId, signal) {
  const abort = new AbortController();
  const deadline = AbortSignal.any([signal, abort.signal]);
  let timer = setTimeout(() => abort.abort(), openTimeout);
  let openedAt = 0;
  let unbuffered = false;
  const parse = parser({
    onEvent() {},
    onRetry() {},
    onComment: () => (unbuffered ||= Date.now() - openedAt > heartbeatMin),
  });
  try {
    const response = await open(withCursor(address, lastId), { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: deadline });
    if (response.status !== 200) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (!unbuffered) {
      const { done, value } = await reader.read();
      if (done) return false;
      if (openedAt === 0) {
        openedAt = Date.now();
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), heartbeatMax);
      }
      parse(value);
    }
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

export function withCursor(address, lastId) {
  const url = new URL(address);
  if (lastId) url.searchParams.set("last_event_id", lastId);
  return url;
}

/** Stores for the next page of this browser whether streams are buffered here. */
export function rememberBuffering(buffered) {
  if (buffered) local.set(storageKey, Date.now());
  else local.remove(storageKey);
}

/** Returns whether streams were recently buffered in this browser. */
export function wasBuffered() {
  return Date.now() - Number(local.get(storageKey)) < rememberedFor;
}
