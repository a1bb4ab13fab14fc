// The session of the panel. It is a cookie that no script can read. Where the browser keeps none for a
// frame on another site, it is a token in the frame's own storage, sent in a header, and each connection of the stream
// gets a ticket for it. The host page never gets any of it.
import { at } from "../lib/base.js";
import { credentials, post, useBearer } from "../lib/request.js";
import { swapPage, hasNoSession } from "./swap-page.js";
import { putAside } from "./panel.js";
import { forgetAll, keepToken, keptToken } from "./storage.js";

const ticketURL = at("/api/user/customer-service/stream-ticket");
const retryDelays = [500, 1000, 2000, 4000, 8000];
const lostAgainWithin = 30_000; // a session that is lost again so soon was not stored by the browser
const json = { json: true };

/**
 * onPage() is called after each page that replaced the one before, onLocked() when the site has to identify the user first,
 * onFailed(code) with the reason when an identity was refused.
 */
export function createSession({ onPage, onLocked, onFailed }) {
  let lastToken = ""; // the last token from the site
  let pendingToken = ""; // the same, until it is used
  let queue = Promise.resolve();
  let lostAt = 0;

  /** Runs changes one after the other. */
  function enqueue(change) {
    queue = queue.then(() => change()).catch((err) => {
      console.error(err);
      return false;
    });
    return queue;
  }

  // start finds the session or makes one: from the site's token, else from what was stored, else an anonymous one.
  async function start() {
    if (keptToken()) useBearer(keptToken());
    if (await identifyPending()) return true;
    if (keptToken()) {
      if (await loadPage()) return true;
      forget();
    }
    return !hasNoSession(document) || anonymous();
  }

  async function identifyPending() {
    const token = pendingToken;
    pendingToken = "";
    return token !== "" && identify(token);
  }

  async function anonymous(fields = {}) {
    for (let tries = 0; document.getElementById("w-now").dataset.state !== "locked"; tries += 1) {
      const { ok, json: session, problem, retryAfter } = await post(at("/widget/session"), fields, json);
      if (ok) {
        if (session.token) storeToken(session.token);
        document.querySelector('meta[name="csrf-token"]').content = session.csrf;
        const main = document.getElementById("main");
        main.removeAttribute("data-stranger");
        main.dataset.user = session.user;
        return true;
      }
      if (problem.code === "identity_required") await loadPage();
      else await sleep(Math.max(retryAfter * 1000, retryDelays[Math.min(tries, retryDelays.length - 1)]));
    }
    onLocked();
    return false;
  }

  async function identify(token) {
    const { ok, status, json: session, problem } = await post(at("/widget/identify"), { token }, json);
    if (!ok) {
      onFailed(problem.code ?? "failed");
      return false;
    }
    if (status === 204 && !hasNoSession(document)) return true; // nothing new
    if (session.token) storeToken(session.token, true);
    else if (status === 205) forget();
    return loadPage();
  }

  // loadPage fetches the panel's page as it is for the session, and puts it on the screen; true when there is a session.
  async function loadPage(address = location.href) {
    for (let tries = 0; ; tries += 1) {
      const page = await fetchPage(address);
      if (page) {
        const fresh = putAside(page);
        if (fresh && fresh !== address) return loadPage(fresh);
        history.replaceState(null, "", address);
        swapPage(page);
        onPage();
        return !hasNoSession(page);
      }
      await sleep(retryDelays[Math.min(tries, retryDelays.length - 1)]);
    }
  }

  // The session is over. Another tab may have begun the next one; else a new one begins, without a cookie if that is what was lost.
  async function renew() {
    const recently = Date.now() - lostAt < lostAgainWithin;
    lostAt = Date.now();
    forget();
    if (await loadPage()) return true;
    pendingToken = lastToken;
    return (await identifyPending()) || anonymous(recently ? { bearer: "1" } : {});
  }

  function storeToken(token, tabOnly) {
    keepToken(token, tabOnly);
    useBearer(token);
  }

  function forget() {
    keepToken("");
    useBearer("");
  }

  return {
    start: () => enqueue(start),
    renew: () => enqueue(renew),
    /** Receives the token by which the site identifies the user; until start it is only kept. */
    receiveToken(token) {
      lastToken = pendingToken = String(token ?? "");
    },
    identify: () => enqueue(identifyPending),
    introduce: (labels) => enqueue(() => post(at("/widget/introduce"), labels, json)),
    /** Fetches another page of the panel, in place of following a link. */
    go: (address) => enqueue(() => loadPage(address)),
    /** Ends the session and removes everything that was stored. */
    logOut: () =>
      enqueue(async () => {
        for (let tries = 0; tries < retryDelays.length; tries += 1) {
          const { status } = await post(at("/widget/logout"), {}, json);
          if (status > 0 && status < 500) break;
          await sleep(retryDelays[tries]);
        }
        useBearer("");
        forgetAll();
      }),
    /** Opens the stream: with a ticket of its own where there is no cookie. A poll is a request like any other. */
    async stream(address, init) {
      if (address.searchParams.has("poll")) return fetch(address, { ...init, headers: { ...credentials(), ...init.headers } });
      if (!keptToken()) return fetch(address, init);
      const { ok, status, json: issued } = await post(ticketURL, {}, json);
      if (!ok) return new Response(null, { status: status || 503 });
      address.searchParams.set("ticket", issued.ticket);
      return fetch(address, init);
    },
    whenIdle: () => queue,
  };
}

async function fetchPage(address) {
  try {
    const response = await fetch(address, { headers: { ...credentials(), Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(15000) });
    const html = (await response.text()).replace(/<style\b[^]*?<\/style>/g, ""); // of another nonce, which the policy refuses
    const page = new DOMParser().parseFromString(html, "text/html");
    return page.getElementById("w-now") && page;
  } catch {
    return null;
  }
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
