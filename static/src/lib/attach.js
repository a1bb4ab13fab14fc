// Files are given by the button, dropped on the conversation, or pasted. What certainly will not be taken is refused
// here, before anybody waits for it; what is taken is for the server to say.
import { sizeOf } from "./format.js";
import { translate } from "./translate.js";

const maxImageBytes = 5 << 20;
const maxDocumentBytes = 10 << 20;
const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const extensions = /\.(jpe?g|png|gif|webp|pdf|docx?|txt)$/i;

let dropTarget = null;

/**
 * Wires a composer: give(file) takes one that may be sent, say(text) tells why one may not be. closed() tells why none may
 * be sent now, "" when they may.
 */
export function wireAttach({ form, field, onFile, onError, closedReason = () => "" }) {
  const input = form.querySelector('input[type="file"]');
  const button = form.querySelector("[data-attach]");
  let shownError = "";
  const showError = (reason) => {
    if (reason || shownError) onError(reason);
    shownError = reason;
  };
  const accept = (files) => {
    showError(closedReason() || files.map(rejectionReason).find(Boolean) || "");
    if (closedReason()) return;
    for (const file of files) if (!rejectionReason(file)) onFile(file);
    field.focus();
  };
  field.addEventListener("input", () => showError(""));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    accept([...input.files]);
    input.value = "";
  });
  field.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    if (files.length === 0 || types.includes("text/plain")) return; // a word processor copies a picture of its text too
    event.preventDefault();
    accept([...files]);
  });
  dropTarget = { form, accept };
  disableWhileOffline(button);
  wireDropping();
}

/** Why a file will not be taken, "" when it may be. */
export function rejectionReason({ name, size, type }) {
  const image = type.startsWith("image/");
  if (size === 0) return translate("chat.file.is_empty");
  if (type && !imageTypes.includes(type) && !extensions.test(name) && !type.startsWith("text/")) return translate("chat.file.type_refused");
  if (image && !imageTypes.includes(type)) return translate("chat.file.type_refused");
  if (image && size > maxImageBytes) return translate("chat.file.image_too_large", { Size: sizeOf(size) });
  return size > maxDocumentBytes ? translate("chat.file.document_too_large", { Size: sizeOf(size) }) : "";
}

// Without a line nothing can be sent: what was given before is kept and goes on by itself.
function disableWhileOffline(button) {
  const root = document.documentElement;
  const show = () => (button.disabled = root.dataset.live === "reconnecting");
  new MutationObserver(show).observe(root, { attributeFilter: ["data-live"] });
  show();
}

let droppingWired = false;

// A file that is dropped beside its place must not take the page away.
function wireDropping() {
  if (droppingWired) return;
  droppingWired = true;
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (on) => {
    const dropArea = document.getElementById("drop");
    if (dropArea) dropArea.hidden = !on || !dropTarget?.form.isConnected || dropTarget.form.getClientRects().length === 0;
  };
  document.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = document.getElementById("drop")?.hidden === false ? "copy" : "none";
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const open = document.getElementById("drop")?.hidden === false;
    depth = 0;
    show(false);
    if (open) dropTarget.accept([...event.dataTransfer.files]);
  });
}
