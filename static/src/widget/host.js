// Messages between the panel and the loader on the host page: both sides check origin and window, and name the origin they post to.

// All that may be sent to the host page, field by field: no token, no text of a message and nothing that identifies a person.
const allowedFields = {
  hello: [],
  close: [],
  focused: [],
  out: [],
  unread: ["count"],
  status: ["chat"],
  error: ["code"],
  assigned: ["chat_id", "agent"],
  ended: ["chat_id", "reason"],
};
const helloTimeout = 1000;

export function connectHost(origin) {
  const framed = Boolean(origin) && window.parent !== window;
  const handlers = new Map();
  let open = !framed;
  let attention = !framed;
  let resolveHello;

  window.addEventListener("message", (event) => {
    if (!framed || event.origin !== origin || event.source !== window.parent) return;
    const message = event.data;
    if (typeof message !== "object" || message === null || typeof message.parley !== "string") return;
    if (message.parley === "open") open = true;
    if (message.parley === "shut") open = false;
    if (message.parley === "attention") attention = message.value === true;
    handlers.get(message.parley)?.forEach((handle) => handle(message));
    // The page answers a hello with the identity of the user first.
    if (["open", "shut", "attention"].includes(message.parley)) resolveHello?.();
  });

  return {
    send(parley, more = {}) {
      if (!framed || !Object.hasOwn(allowedFields, parley)) return;
      const fields = allowedFields[parley].map((name) => [name, more[name]]);
      window.parent.postMessage({ parley, ...Object.fromEntries(fields) }, origin);
    },
    on(parley, handle) {
      handlers.set(parley, [...(handlers.get(parley) ?? []), handle]);
    },
    /** Sends hello, and waits briefly for the response of the page. */
    hello() {
      this.send("hello");
      return framed ? Promise.race([new Promise((done) => (resolveHello = done)), new Promise((done) => setTimeout(done, helloTimeout))]) : Promise.resolve();
    },
    /** Whether the panel is open and the user is at the host page. */
    attentive: () => open && (framed ? attention : document.hasFocus()),
  };
}
