// What the stream brings while an answer is on its way may be newer than the answer. It is therefore placed again once the
// answer is there.
let waiting = 0;
let frames = [];

/** Tells that something was asked for whose answer is placed on the page. Answers what answered() wants. */
export function asked() {
  waiting += 1;
  return frames.length;
}

/** Tells that the answer was placed, or that there is none. */
export function answered(from) {
  for (const place of frames.slice(from)) place();
  waiting -= 1;
  if (waiting === 0) frames = [];
}

/** Places what a frame brought; it must do no harm to place it twice. */
export function placed(place) {
  if (waiting > 0) frames.push(place);
  return place();
}

/** Does that for all requests of htmx. */
export function wireReplay() {
  const from = new WeakMap();
  document.body.addEventListener("htmx:beforeSend", ({ detail }) => from.set(detail.xhr, asked()));
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!from.has(detail.xhr)) return;
    const since = from.get(detail.xhr);
    from.delete(detail.xhr);
    answered(since);
  });
}
