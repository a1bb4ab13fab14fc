// The form of a message that is answered later. Its question is the text of the composer in a larger field, so it is a draft as ever, and
// stays when the form goes.
import { rejectionReason } from "./lib/attach.js";
import { sizeOf } from "./lib/format.js";

const maxFiles = 5;

let wired = false;
let files = []; // chosen, and sent once the message is left

const part = () => document.getElementById("w-offer");
const wish = () => part().querySelector("[open] textarea");

/**
 * Wires the form, which was opened or closed. field is the composer's, onPart that of lib/parts.js, and addFile sends a file of the message that
 * was left.
 */
export function wireLeave(field, onPart, addFile) {
  const show = () => {
    const question = wish();
    if (question) question.value ||= field.value;
    field.form.hidden = Boolean(question);
    showFiles();
  };
  const setText = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  show();
  if (wired) return;
  wired = true;
  document.addEventListener("input", ({ target }) => target === wish() && setText(target.value));
  // While the form is open it is replaced by the answer to it, or once the chat is an agent's or has become a message.
  onPart("w-offer", (fresh) => {
    const old = part();
    if (old.querySelector("details[open]") && !("answer" in fresh.dataset) && !fresh.dataset.over) return;
    if (wish() && fresh.dataset.over === "left") setText("");
    const left = fresh.dataset.over === "left" && old.querySelector("details[open]") ? files : [];
    if (left.length > 0) files = [];
    old.replaceWith(fresh);
    show();
    // The parts that come with this one name the chat of the message.
    if (left.length > 0) setTimeout(() => left.forEach((file) => addFile(file, { part: "message" })));
  });
  document.addEventListener("click", ({ target }) => {
    const place = target.closest?.("#w-files");
    if (!place) return;
    if (target.closest("[data-pick]")) place.querySelector("input").click();
    const row = target.closest("li");
    if (!target.closest("[data-remove]")) return;
    files.splice([...row.parentElement.children].indexOf(row), 1);
    showFiles();
    (place.querySelector("[data-remove]") ?? place.querySelector("[data-pick]")).focus();
  });
  document.addEventListener("change", ({ target }) => {
    if (!target.closest("#w-files")) return;
    const chosen = [...target.files];
    target.value = "";
    const good = chosen.filter((file) => !rejectionReason(file));
    const refused = chosen.find(rejectionReason);
    const tooMany = files.length + good.length > maxFiles;
    files.push(...good.slice(0, maxFiles - files.length));
    showFiles(refused ? `${refused.name}: ${rejectionReason(refused)}` : "", tooMany);
    part().querySelector("[data-pick]").focus();
  });
}

/** Lists the chosen files in the form, with the reason against another one. */
function showFiles(reason = "", tooMany = false) {
  const place = document.getElementById("w-files");
  if (!place) return;
  place.hidden = false;
  const template = place.querySelector("template").content.firstElementChild;
  const rows = files.map((file) => {
    const row = template.cloneNode(true);
    const [name, size] = row.querySelectorAll("span");
    const remove = row.querySelector("button");
    name.textContent = file.name;
    size.textContent = sizeOf(file.size);
    remove.ariaLabel = remove.title = remove.dataset.remove.replace("\u2026", () => file.name);
    return row;
  });
  place.querySelector("ul").replaceChildren(...rows);
  const error = place.querySelector("[role=alert]");
  error.textContent = [reason, tooMany && error.dataset.tooMany].filter(Boolean).join(" ");
}
