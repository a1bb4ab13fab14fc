// The card of a file that is being uploaded: its name or the picture itself, the progress, and a button to cancel.
import { sizeOf } from "./format.js";
import { translate } from "./translate.js";

// As views/chat draws it once it is there.
const [maxWidth, maxHeight, minSide] = [240, 260, 48];

/** Draws the card into an own message. file is missing after a reload of the page. */
export function drawFile(el, { name, size, type }, file) {
  const card = document.getElementById("bubble-file").content.firstElementChild.cloneNode(true);
  card.querySelector('[data-slot="name"]').textContent = name;
  card.querySelector('[data-slot="size"]').textContent = sizeOf(size);
  const cancel = card.querySelector("[data-cancel]");
  cancel.ariaLabel = cancel.title = translate("chat.file.cancel", { Name: name });
  card.querySelector("progress").ariaLabel = name;
  const bubble = el.querySelector(".bubble");
  bubble.classList.add("bubble-file");
  bubble.replaceChildren(card);
  el.toggleAttribute("data-gone", !file);
  if (file && type.startsWith("image/")) drawPicture(bubble, card, file);
}

async function drawPicture(bubble, card, file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return; // the card is enough
  }
  const scale = Math.min(1, maxWidth / picture.width, maxHeight / picture.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(minSide, Math.round(picture.width * scale));
  canvas.height = Math.max(minSide, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  canvas.ariaHidden = "true";
  bubble.classList.add("bubble-pic");
  card.prepend(canvas);
}

/** Shows how much is sent, from 0 to 1; returns the text for it. */
export function showProgress(el, fraction) {
  const bar = el?.querySelector("progress");
  if (bar) bar.value = Math.round(100 * fraction);
  return fraction < 1 ? translate("chat.file.sending", { Percent: Math.floor(100 * fraction) }) : translate("chat.file.storing");
}
