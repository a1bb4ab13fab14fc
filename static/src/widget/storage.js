// The token of the panel's session, for browsers that keep no cookie for its frame.
import { scoped } from "../lib/base.js";
import { local, session } from "../lib/storage.js";

const tokenKey = scoped("parley.token");
let token = "";

/** The session's token, if it is not in a cookie; "" for none. */
export const keptToken = () => token || (session.get(tokenKey) ?? local.get(tokenKey) ?? "");

/** Keeps a token: for this browser, or for this tab alone, as is right for a person with a name; "" forgets it. */
export function keepToken(next, tabOnly = false) {
  token = next;
  const [store, other] = tabOnly ? [session, local] : [local, session];
  other.remove(tokenKey);
  if (next) store.set(tokenKey, next);
  else store.remove(tokenKey);
}

/** Removes everything that was stored for the user. */
export function forgetAll() {
  keepToken("");
  for (const store of [local, session]) {
    for (const key of store.keys()) if (key.startsWith(scoped("parley."))) store.remove(key);
  }
}
