// One stream for all tabs of a person: a browser opens six connections to a host over HTTP/1.1, and a seventh tab with
// a stream of its own would wait for ever. Whoever holds the lock leads and passes on what it hears.
//
// Every tab begins with a stream of its own, which catches up from where its page was drawn, and gives it up once it
// hears a leader who is live. When that one falls silent, it opens its own again.

/** on has event(event), alive(state) and lead(). Answers {event, alive, close}, or null where the browser cannot. */
export function shareStream(name, on) {
  if (!navigator.locks || !window.BroadcastChannel) return null;
  let channel;
  try {
    channel = new BroadcastChannel(name);
  } catch {
    return null; // a frame without storage has no channel
  }
  const over = new AbortController();
  let leading = false;
  channel.onmessage = ({ data }) => {
    if (leading) return;
    if (data.event) on.event(data.event);
    else on.alive(data.state);
  };
  navigator.locks
    .request(name, { signal: over.signal }, () => {
      if (over.signal.aborted) return undefined;
      leading = true;
      on.lead();
      // Held until this tab is gone, or is somebody else's.
      return new Promise((release) => over.signal.addEventListener("abort", release, { once: true }));
    })
    .catch(() => {})
    .finally(() => channel.close());
  const pass = (message) => leading && !over.signal.aborted && channel.postMessage(message);
  const close = () => {
    channel.onmessage = null;
    over.abort();
  };
  return { event: (event) => pass({ event }), alive: (state) => pass({ state }), close };
}
