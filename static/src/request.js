// Requests of the scripts themselves; those of forms go through htmx.
export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Posts fields as a form. Answers {ok, status, html, problem, retryAfter}; status 0 is no connection. */
export async function post(url, fields = {}, options = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRF-Token": csrf(), "HX-Request": "true", Accept: "text/html, application/problem+json" },
      signal: AbortSignal.timeout(options.timeout ?? 15000),
      keepalive: options.keepalive ?? false,
    });
  } catch {
    return { ok: false, status: 0, html: "", problem: {}, retryAfter: 0 };
  }
  const type = response.headers.get("Content-Type") ?? "";
  const body = await response.text().catch(() => "");
  return {
    ok: response.ok,
    status: response.status,
    html: type.startsWith("text/html") ? body : "",
    problem: problemOf(type, body),
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
