// Talks with the loader on the host page, and with nobody else: both sides check origin and window, and name the origin that they write to.

// All that may go up to the page, field by field. It is no token, no text of anybody and nothing that tells who somebody is.
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
    // Who the user is comes first of all that the page answers to a hello.
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
    /** Says hello, and waits a moment for what the page has to say first. */
    hello() {
      this.send("hello");
      return framed ? Promise.race([new Promise((done) => (resolveHello = done)), new Promise((done) => setTimeout(done, helloTimeout))]) : Promise.resolve();
    },
    /** Whether the panel is open and somebody is at the page around it. */
    attentive: () => open && (framed ? attention : document.hasFocus()),
  };
}
