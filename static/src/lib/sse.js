// Reads server-sent events from a response. EventSource hides what we need: the status of a refusal, the comments
// that prove the line alive, and the last id after an HTTP error.

/** Cuts a stream of text into events; feed it as it arrives. onEvent gets {name, data, id}, onRetry milliseconds; onComment hears of comment lines. */
export function parser({ onEvent, onRetry, onComment = () => {} }) {
  let rest = "";
  let name = "";
  let id;
  let data = [];
  const line = (text) => {
    if (text === "") {
      if (data.length > 0) onEvent({ name: name || "message", data: data.join("\n"), id });
      name = "";
      id = undefined;
      data = [];
      return;
    }
    const at = text.indexOf(":");
    if (at === 0) return onComment();
    const field = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? "" : text.slice(at + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  };
  return (text) => {
    rest += text;
    // A carriage return at the very end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    lines.forEach(line);
  };
}
