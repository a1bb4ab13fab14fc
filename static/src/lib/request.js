// Requests of the scripts themselves; those of forms go through htmx.
import { parser } from "./sse.js";

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

let bearer = "";

/** From now on every request authenticates with this token; "" goes back to the cookie. */
export const useBearer = (token) => (bearer = token);

/** The headers that authenticate a request. */
export const credentials = () => ({ "X-CSRF-Token": csrf(), ...(bearer && { Authorization: `Bearer ${bearer}` }) });

const fragmentHeaders = () => ({ ...credentials(), "HX-Request": "true", Accept: "text/html, application/problem+json" });

/**
 * Posts fields as a form. Returns {ok, status, html, json, problem, retryAfter}; status 0 is no connection. With
 * options.json the response is JSON.
 */
export async function post(url, fields = {}, options = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: options.json ? { ...credentials(), Accept: "application/json" } : fragmentHeaders(),
      signal: AbortSignal.timeout(options.timeout ?? 15000),
      keepalive: options.keepalive ?? false,
    });
  } catch {
    return noResponse;
  }
  return parseResponse(response.status, await response.text().catch(() => ""), (name) => response.headers.get(name));
}

const noResponse = { ok: false, status: 0, html: "", json: {}, problem: {}, retryAfter: 0 };

function parseResponse(status, body, header) {
  const type = header("Content-Type") ?? "";
  const ok = status >= 200 && status < 300;
  const json = parseProblem(type, body);
  return {
    ok,
    status,
    html: type.startsWith("text/html") ? body : "",
    json: ok ? json : {},
    problem: ok ? {} : json,
    retryAfter: Number(header("Retry-After")) || 0,
  };
}

const uploadTimeout = 5 * 60_000;

/** Posts fields and a file as a form; onProgress gets the part of it that is sent, from 0 to 1. Returns what post returns. */
export function upload(url, fields, file, { onProgress = () => {}, signal } = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch has no progress
    const fail = () => resolve(noResponse);
    request.open("POST", url);
    for (const [name, value] of Object.entries(fragmentHeaders())) request.setRequestHeader(name, value);
    request.timeout = uploadTimeout;
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(parseResponse(request.status, request.responseText, (name) => request.getResponseHeader(name)));
    for (const end of ["onerror", "ontimeout", "onabort"]) request[end] = fail;
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/**
 * Posts fields as a form and calls onEvent with each server-sent event of the response, as {name, data}. Returns {ok, problem}; a connection that
 * was lost or a signal that was aborted is not ok, with an empty problem.
 */
export async function postForEvents(url, fields, onEvent, signal) {
  const read = parser({ onEvent, onRetry: () => {} });
  try {
    const headers = { ...credentials(), Accept: "text/event-stream" };
    const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers, signal });
    if (!response.ok) return { ok: false, problem: parseProblem(response.headers.get("Content-Type") ?? "", await response.text()) };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) read(part.value);
    return { ok: true, problem: {} };
  } catch {
    return { ok: false, problem: {} };
  }
}

/** Requests a file with the given headers. Returns {ok, status, blob, name, problem}; status 0 is no connection. */
export async function getFile(url, headers) {
  try {
    const response = await fetch(url, { headers: { ...headers, Accept: "*/*" } });
    const { ok, status } = response;
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))?.[1] ?? "";
    return { ok, status, name, ...(ok ? { blob: await response.blob() } : { problem: parseProblem(response.headers.get("Content-Type") ?? "", await response.text()) }) };
  } catch {
    return { ...noResponse, name: "" };
  }
}

/** Requests a JSON object; returns null on any failure. */
export async function getJSON(url) {
  try {
    const response = await fetch(url, { headers: { ...credentials(), Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Requests a part of a page; returns null on any failure. */
export async function getHTML(url, signal) {
  try {
    const response = await fetch(url, { headers: fragmentHeaders(), signal });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

/**
 * Requests a JSON object unless it still has the tag of an earlier response. Returns {json, tag}, or null if it has not
 * changed; rejects on any failure.
 */
export async function getChangedJSON(url, tag) {
  const headers = { ...credentials(), Accept: "application/json", ...(tag && { "If-None-Match": tag }) };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(15000) });
  if (response.status === 304) return null;
  if (!response.ok) throw new Error(String(response.status));
  return { json: await response.json(), tag: response.headers.get("ETag") ?? "" };
}

/** The problem document of a response, or an empty object. */
export function parseProblem(type, body) {
  if (!type.includes("json")) return {};
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
