// An event of the stream may come while the answer to a request is on its way, and be newer than the answer. It is placed
// again once the answer is in its place.
let requests = 0;
let events = [];

/** Notes that a request was sent; returns what requestEnded wants. */
export function requestSent() {
  requests += 1;
  return events.length;
}

/** Places again what came since the request was sent, and returns whether there was anything. */
export function requestEnded(since) {
  const missed = events.slice(since);
  for (const place of missed) place();
  requests -= 1;
  if (requests === 0) events = [];
  return missed.length > 0;
}

/** Calls place to apply an event, and returns its result. place may be called twice and must be idempotent. */
export function placeEvent(place) {
  if (requests > 0) events.push(place);
  return place();
}
