// Who the user of the panel is. The session is a cookie that no script can read. Where the browser keeps none for a
// frame on another site, it is a token in the frame's own storage, sent in a header, and each connection of the stream
// gets a ticket for it. The page around the frame is never told any of it.
import { at } from "../lib/base.js";
import { credentials, post, useBearer } from "../lib/request.js";
import { adopt, isStranger } from "./swap-page.js";
import { putAside } from "./panel.js";
import { forgetAll, keepToken, keptToken } from "./storage.js";

const tickets = at("/api/user/customer-service/stream-ticket");
const pauses = [500, 1000, 2000, 4000, 8000];
const again = 30_000; // a session that is lost again so soon was not kept by the browser
const json = { json: true };

/**
 * shown(html page) hears of each page that took the place of the one before; locked() that the site must say first who
 * the user is; failed(code) why it was not believed.
 */
export function createWho({ shown, locked, failed }) {
  let told = ""; // the token that the site handed over last
  let asked = ""; // the same, while nobody has looked at it
  let turn = Promise.resolve();
  let lostAt = 0;

  /** One after the other: each change is made on what the one before has left. */
  function inTurn(change) {
    turn = turn.then(() => change()).catch((err) => {
      console.error(err);
      return false;
    });
    return turn;
  }

  // begin finds the session, or makes one: the site's own word first, then what was kept, then nobody in particular.
  async function begin() {
    if (keptToken()) useBearer(keptToken());
    if (await takeAsked()) return true;
    if (keptToken()) {
      if (await show()) return true;
      forget();
    }
    return !isStranger(document) || anonymous();
  }

  async function takeAsked() {
    const token = asked;
    asked = "";
    return token !== "" && identify(token);
  }

  async function anonymous(fields = {}) {
    for (let tries = 0; document.getElementById("w-now").dataset.state !== "locked"; tries += 1) {
      const { ok, json: session, problem, retryAfter } = await post(at("/widget/session"), fields, json);
      if (ok) {
        if (session.token) keep(session.token);
        document.querySelector('meta[name="csrf-token"]').content = session.csrf;
        const main = document.getElementById("main");
        main.removeAttribute("data-stranger");
        main.dataset.user = session.user;
        return true;
      }
      if (problem.code === "identity_required") await show();
      else await pause(Math.max(retryAfter * 1000, pauses[Math.min(tries, pauses.length - 1)]));
    }
    locked();
    return false;
  }

  async function identify(token) {
    const { ok, status, json: session, problem } = await post(at("/widget/identify"), { token }, json);
    if (!ok) {
      failed(problem.code ?? "failed");
      return false;
    }
    if (status === 204 && !isStranger(document)) return true; // nothing new
    if (session.token) keep(session.token, true);
    else if (status === 205) forget();
    return show();
  }

  // show fetches the panel's page as it is for the session, and puts it on the screen; true when there is a session.
  async function show(address = location.href) {
    for (let tries = 0; ; tries += 1) {
      const page = await fetchPage(address);
      if (page) {
        const fresh = putAside(page);
        if (fresh && fresh !== address) return show(fresh);
        history.replaceState(null, "", address);
        adopt(page);
        shown();
        return !isStranger(page);
      }
      await pause(pauses[Math.min(tries, pauses.length - 1)]);
    }
  }

  // The session is over. Another tab may have begun the next one; else a new one begins, without a cookie if that is what was lost.
  async function renew() {
    const soon = Date.now() - lostAt < again;
    lostAt = Date.now();
    forget();
    if (await show()) return true;
    asked = told;
    return (await takeAsked()) || anonymous(soon ? { bearer: "1" } : {});
  }

  function keep(token, tabOnly) {
    keepToken(token, tabOnly);
    useBearer(token);
  }

  function forget() {
    keepToken("");
    useBearer("");
  }

  return {
    begin: () => inTurn(begin),
    renew: () => inTurn(renew),
    /** Takes what the site says of the user; until begin it is only noted. */
    hear(token) {
      told = asked = String(token ?? "");
    },
    takeHeard: () => inTurn(takeAsked),
    introduce: (labels) => inTurn(() => post(at("/widget/introduce"), labels, json)),
    /** Fetches another page of the panel, in place of following a link. */
    go: (address) => inTurn(() => show(address)),
    /** Ends the session and leaves nothing behind. */
    leave: () =>
      inTurn(async () => {
        for (let tries = 0; tries < pauses.length; tries += 1) {
          const { status } = await post(at("/widget/logout"), {}, json);
          if (status > 0 && status < 500) break;
          await pause(pauses[tries]);
        }
        useBearer("");
        forgetAll();
      }),
    /** Opens the stream: with a ticket of its own where there is no cookie. A poll is a request like any other. */
    async stream(address, init) {
      if (address.searchParams.has("poll")) return fetch(address, { ...init, headers: { ...credentials(), ...init.headers } });
      if (!keptToken()) return fetch(address, init);
      const { ok, status, json: issued } = await post(tickets, {}, json);
      if (!ok) return new Response(null, { status: status || 503 });
      address.searchParams.set("ticket", issued.ticket);
      return fetch(address, init);
    },
    settled: () => turn,
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

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
