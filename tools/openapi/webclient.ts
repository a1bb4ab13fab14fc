// Uses the client of docs/clients/web.md against a server. Usage: node webclient.js URL TOKEN; it prints what it saw.
import { type LiveEvent, Parley, Problem } from "./parley.js";

declare const process: { argv: string[] };

const [url, token] = process.argv.slice(2) as [string, string];
const tokens = ["expired", token]; // the first is refused, so that the client must ask for another one
let renewals = 0;
const stored = new Map<string, string>();

function client(): Parley {
  const store = { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => void stored.set(key, value) };
  const own = [...tokens];
  return new Parley(url, async () => (renewals++, own.shift() ?? token), store);
}

/** Listens until the text of a message arrives, and returns the texts of all messages until then. */
async function textsUntil(parley: Parley, last: string): Promise<string[]> {
  const texts: string[] = [];
  const stop = new AbortController();
  const handle = ({ event, data }: LiveEvent) => {
    if (event !== "message" || stop.signal.aborted) return;
    texts.push(data.content);
    if (data.content === last) setTimeout(() => stop.abort()); // once the cursor is saved
  };
  await parley.listen(handle, stop.signal);
  return texts;
}

const parley = client();
const answer = await parley.ask("Where is my parcel?", "ask-1");
const chat: string = answer.chat?.chat_id ?? answer.queue_status.chat_id;
const first = await parley.send(chat, "Hello", "send-1");
const again = await parley.send(chat, "Hello", "send-1");
const before = await textsUntil(parley, "Hello");
await parley.send(chat, "While away", "send-2");
const after = await textsUntil(client(), "While away");
const refused = await parley.send(chat, "Other", "send-1").catch((e: Problem) => `${e.status} ${e.code}`);
await parley.end(chat);

console.log(JSON.stringify({ renewals, once: first.id === again.id, before, after, refused }));
