// Files are chosen by the button, dropped on the conversation, or pasted. What the server would certainly refuse is
// refused here without an upload; the decision is the server's.
import { sizeOf } from "./format.js";
import { translate } from "./translate.js";

const maxImageBytes = 5 << 20;
const maxDocumentBytes = 10 << 20;
const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const extensions = /\.(jpe?g|png|gif|webp|pdf|docx?|txt)$/i;

let dropTarget = null;

/**
 * Wires a composer: onFile(file) gets each file that may be sent, onError(text) the reason against one. closedReason() is
 * the reason why none may be sent now, "" when they may.
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

/** Why a file is refused, "" when it may be sent. */
export function rejectionReason({ name, size, type }) {
  const image = type.startsWith("image/");
  if (size === 0) return translate("chat.file.is_empty");
  if (type && !imageTypes.includes(type) && !extensions.test(name) && !type.startsWith("text/")) return translate("chat.file.type_refused");
  if (image && !imageTypes.includes(type)) return translate("chat.file.type_refused");
  if (image && size > maxImageBytes) return translate("chat.file.image_too_large", { Size: sizeOf(size) });
  return size > maxDocumentBytes ? translate("chat.file.document_too_large", { Size: sizeOf(size) }) : "";
}

// Without a connection no file can be chosen; those chosen before are sent once it is back.
function disableWhileOffline(button) {
  const root = document.documentElement;
  const show = () => (button.disabled = root.dataset.live === "reconnecting");
  new MutationObserver(show).observe(root, { attributeFilter: ["data-live"] });
  show();
}

let droppingWired = false;

// A file dropped outside the drop zone must not navigate the page away.
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
