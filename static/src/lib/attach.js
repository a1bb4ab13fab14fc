// Files are given by the button, dropped on the conversation, or pasted. What certainly will not be taken is refused
// here, before anybody waits for it; what is taken is for the server to say.
import { sizeOf } from "./format.js";
import { word } from "./translate.js";

const mostImage = 5 << 20;
const mostDocument = 10 << 20;
const images = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const endings = /\.(jpe?g|png|gif|webp|pdf|docx?|txt)$/i;

let taker = null;

/**
 * Wires a composer: give(file) takes one that may be sent, say(text) tells why one may not be. closed() tells why none may
 * be sent now, "" when they may.
 */
export function wireAttach({ form, field, give, say, closed = () => "" }) {
  const input = form.querySelector('input[type="file"]');
  const button = form.querySelector("[data-attach]");
  let refused = "";
  const tell = (why) => {
    if (why || refused) say(why);
    refused = why;
  };
  const take = (files) => {
    tell(closed() || files.map(refusal).find(Boolean) || "");
    if (closed()) return;
    for (const file of files) if (!refusal(file)) give(file);
    field.focus();
  };
  field.addEventListener("input", () => tell(""));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  field.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    if (files.length === 0 || types.includes("text/plain")) return; // a word processor copies a picture of its text too
    event.preventDefault();
    take([...files]);
  });
  taker = { form, take };
  followLine(button);
  wireDropping();
}

/** Why a file will not be taken, "" when it may be. */
export function refusal({ name, size, type }) {
  const image = type.startsWith("image/");
  if (size === 0) return word("chat.file.is_empty");
  if (type && !images.includes(type) && !endings.test(name) && !type.startsWith("text/")) return word("chat.file.type_refused");
  if (image && !images.includes(type)) return word("chat.file.type_refused");
  if (image && size > mostImage) return word("chat.file.image_too_large", { Size: sizeOf(size) });
  return size > mostDocument ? word("chat.file.document_too_large", { Size: sizeOf(size) }) : "";
}

// Without a line nothing can be sent: what was given before is kept and goes on by itself.
function followLine(button) {
  const root = document.documentElement;
  const show = () => (button.disabled = root.dataset.live === "reconnecting");
  new MutationObserver(show).observe(root, { attributeFilter: ["data-live"] });
  show();
}

let dropping = false;

// A file that is dropped beside its place must not take the page away.
function wireDropping() {
  if (dropping) return;
  dropping = true;
  let depth = 0;
  const bears = (event) => event.dataTransfer?.types.includes("Files");
  const show = (on) => {
    const place = document.getElementById("drop");
    if (place) place.hidden = !on || !taker?.form.isConnected || taker.form.getClientRects().length === 0;
  };
  document.addEventListener("dragenter", (event) => {
    if (!bears(event)) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!bears(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  document.addEventListener("dragover", (event) => {
    if (!bears(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = document.getElementById("drop")?.hidden === false ? "copy" : "none";
  });
  document.addEventListener("drop", (event) => {
    if (!bears(event)) return;
    event.preventDefault();
    const open = document.getElementById("drop")?.hidden === false;
    depth = 0;
    show(false);
    if (open) taker.take([...event.dataTransfer.files]);
  });
}
