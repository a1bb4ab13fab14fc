// One stream for all tabs of a person: a browser opens six connections to a host over HTTP/1.1, and a seventh tab with
// a stream of its own would wait for ever. Whoever holds the lock leads and passes on what it hears.
//
// Every tab begins with a stream of its own, which catches up from where its page was drawn, and gives it up once it
// hears a leader who is live. When that one falls silent, it opens its own again.

/** on has event(event), alive(state) and lead(). Answers {event, alive, close}, or null where the browser cannot. */
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
      // Held until this tab is gone, or is somebody else's.
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
