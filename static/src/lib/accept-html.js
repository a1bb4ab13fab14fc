// HTML from the server, whether a frame of the stream or an answer: parts go where their ids are, messages into the
// thread. Parts first, since they may say which chat is open.
import { elementsOf, placeParts } from "./parts.js";
import { receive } from "./thread.js";

export function acceptHTML(html) {
  const elements = elementsOf(html);
  const parts = placeParts(elements.filter((el) => !el.matches(".msg")));
  const messages = elements.filter((el) => el.matches(".msg")).map(receive).filter(Boolean);
  return { parts, messages };
}
