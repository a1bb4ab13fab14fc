// One stream for all tabs of a user: a browser opens six connections to a host over HTTP/1.1, and a seventh tab with a
// stream of its own would wait for ever. The tab with the lock leads and broadcasts its events.
//
// Every tab starts with a stream of its own, which catches up from where its page was drawn, and closes it once it receives
// from a leader that is live. When the leader falls silent, it opens its own again.

/** handlers are event(event), alive(state) and lead(). Returns {event, alive, close}, or null if the browser cannot. */
export function shareStream(name, handlers) {
  if (!navigator.locks || !window.BroadcastChannel) return null;
  let channel;
  try {
    channel = new BroadcastChannel(name);
  } catch {
    return null; // a frame without storage has no channel
  }
  const closing = new AbortController();
  let leading = false;
  channel.onmessage = ({ data }) => {
    if (leading) return;
    if (data.event) handlers.event(data.event);
    else handlers.alive(data.state);
  };
  navigator.locks
    .request(name, { signal: closing.signal }, () => {
      if (closing.signal.aborted) return undefined;
      leading = true;
      handlers.lead();
      // Held until this tab is closed, or belongs to another user.
      return new Promise((release) => closing.signal.addEventListener("abort", release, { once: true }));
    })
    .catch(() => {})
    .finally(() => channel.close());
  const broadcast = (message) => leading && !closing.signal.aborted && channel.postMessage(message);
  const close = () => {
    channel.onmessage = null;
    closing.abort();
  };
  return { event: (event) => broadcast({ event }), alive: (state) => broadcast({ state }), close };
}
