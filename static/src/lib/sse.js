// Parses server-sent events of a response. EventSource hides what lib/stream.js needs: the status of a refusal, the
// heartbeats, which are comments, and the last id after an HTTP error.

/** Returns a function that takes text as it arrives. onEvent gets {name, data, id}, onRetry milliseconds; onComment is called for comments. */
export function parser({ onEvent, onRetry, onComment = () => {} }) {
  let buffer = "";
  let name = "";
  let id;
  let data = [];
  const readLine = (text) => {
    if (text === "") {
      if (data.length > 0) onEvent({ name: name || "message", data: data.join("\n"), id });
      name = "";
      id = undefined;
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return onComment();
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  };
  return (text) => {
    buffer += text;
    // A carriage return at the very end may be half of a line break.
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    lines.forEach(readLine);
  };
}
