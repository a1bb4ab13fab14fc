// Storage of this tab over a reload, and of the browser for the next visit. A frame without storage keeps nothing.
import { scoped } from "../lib/base.js";

export function remembered(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // nothing to do
  }
}

const tokenKey = scoped("parley.token");
let token = "";

/** The session's token, if it is not in a cookie; "" for none. */
export function keptToken() {
  try {
    return token || (sessionStorage.getItem(tokenKey) ?? localStorage.getItem(tokenKey) ?? "");
  } catch {
    return token;
  }
}

/** Keeps a token: for this browser, or for this tab alone, as is right for a person with a name; "" forgets it. */
export function keepToken(next, tabOnly = false) {
  token = next;
  for (const [store, here] of [[() => localStorage, !tabOnly], [() => sessionStorage, tabOnly]]) {
    try {
      if (next && here) store().setItem(tokenKey, next);
      else store().removeItem(tokenKey);
    } catch {
      // then it lives as long as the page
    }
  }
}

/** Removes everything that was stored for the user. */
export function forgetAll() {
  keepToken("");
  for (const store of [() => localStorage, () => sessionStorage]) {
    try {
      for (const key of Object.keys(store())) if (key.startsWith(scoped("parley."))) store().removeItem(key);
    } catch {
      // nothing was kept
    }
  }
}
