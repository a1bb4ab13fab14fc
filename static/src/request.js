// Requests of the scripts themselves; those of forms go through htmx.
export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

let bearer = "";

/** From now on every request proves who it comes from by this token; "" goes back to the cookie. */
export const useBearer = (token) => (bearer = token);

/** The headers by which a request proves who it comes from. */
export const credentials = () => ({ "X-CSRF-Token": csrf(), ...(bearer && { Authorization: `Bearer ${bearer}` }) });

/**
 * Posts fields as a form. Answers {ok, status, html, json, problem, retryAfter}; status 0 is no connection. With
 * options.json the answer is asked for as a program does.
 */
export async function post(url, fields = {}, options = {}) {
  const form = options.json ? { Accept: "application/json" } : { "HX-Request": "true", Accept: "text/html, application/problem+json" };
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { ...credentials(), ...form },
      signal: AbortSignal.timeout(options.timeout ?? 15000),
      keepalive: options.keepalive ?? false,
    });
  } catch {
    return { ok: false, status: 0, html: "", json: {}, problem: {}, retryAfter: 0 };
  }
  const type = response.headers.get("Content-Type") ?? "";
  const body = await response.text().catch(() => "");
  const json = problemOf(type, body);
  return {
    ok: response.ok,
    status: response.status,
    html: type.startsWith("text/html") ? body : "",
    json: response.ok ? json : {},
    problem: response.ok ? {} : json,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  };
}

/** The problem document of an answer, or an empty object. */
export function problemOf(type, body) {
  if (!type.includes("json")) return {};
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
