// Searches the chats on the server while the agent types. An answer to what is no longer asked for is dropped.
import { elementsOf } from "../lib/parts.js";
import { getHTML } from "../lib/request.js";

const pause = 200; // milliseconds without a key before the server is asked
const shortest = 2; // characters

export function search(url, { onStart, onFound, onFail }) {
  let timer;
  let request = null;

  async function send(query) {
    const mine = new AbortController();
    request = mine;
    const html = await getHTML(`${url}?limit=8&q=${encodeURIComponent(query)}`, mine.signal);
    if (request !== mine) return;
    request = null;
    const [found] = html === null ? [] : elementsOf(html);
    if (found) onFound(found);
    else onFail();
  }

  return {
    /** Asks for a query, and no longer for the one before; a query that is too short asks for nothing. */
    ask(query) {
      clearTimeout(timer);
      timer = undefined;
      request?.abort();
      request = null;
      if (query.length < shortest) return;
      onStart();
      timer = setTimeout(() => {
        timer = undefined;
        send(query);
      }, pause);
    },
    isBusy: () => request !== null || timer !== undefined,
  };
}
