// HTML from the server, whether an event of the stream or the answer to a request: elements with ids replace the parts with
// the same ids, messages go into the thread.
import { elementsOf, placeParts } from "./parts.js";
import { receive } from "./thread.js";

/** Places the elements of html; returns the parts that were placed, and for each message what receive returns. */
export function acceptHTML(html) {
  const elements = elementsOf(html);
  // Parts come first: they may change which chat is open.
  const parts = placeParts(elements.filter((el) => !el.matches(".msg")));
  const messages = elements.filter((el) => el.matches(".msg")).map(receive);
  return { parts, messages };
}
