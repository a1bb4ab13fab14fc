// Talks with the loader on the host page, and with nobody else: both sides check origin and window, and name the origin that they write to.

// All that may go up to the page, field by field. It is no token, no text of anybody and nothing that tells who somebody is.
const upward = {
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
const answersWithin = 1000;

export function bridge(origin) {
  const framed = Boolean(origin) && window.parent !== window;
  const handlers = new Map();
  let open = !framed;
  let attention = !framed;
  let greeted;

  window.addEventListener("message", (event) => {
    if (!framed || event.origin !== origin || event.source !== window.parent) return;
    const said = event.data;
    if (typeof said !== "object" || said === null || typeof said.parley !== "string") return;
    if (said.parley === "open") open = true;
    if (said.parley === "shut") open = false;
    if (said.parley === "attention") attention = said.value === true;
    handlers.get(said.parley)?.forEach((handle) => handle(said));
    // Who the user is comes first of all that the page answers to a hello.
    if (["open", "shut", "attention"].includes(said.parley)) greeted?.();
  });

  return {
    tell(parley, more = {}) {
      if (!framed || !Object.hasOwn(upward, parley)) return;
      const fields = upward[parley].map((name) => [name, more[name]]);
      window.parent.postMessage({ parley, ...Object.fromEntries(fields) }, origin);
    },
    on(parley, handle) {
      handlers.set(parley, [...(handlers.get(parley) ?? []), handle]);
    },
    /** Says hello, and waits a moment for what the page has to say first. */
    hello() {
      this.tell("hello");
      return framed ? Promise.race([new Promise((done) => (greeted = done)), new Promise((done) => setTimeout(done, answersWithin))]) : Promise.resolve();
    },
    /** Whether the panel is open and somebody is at the page around it. */
    attentive: () => open && (framed ? attention : document.hasFocus()),
  };
}
