// Pictures and documents in the thread. Their addresses expire after 15 minutes; new ones are requested when the pointer or
// the focus reaches a link, or a picture fails to load.
import { now } from "./clock.js";
import { getJSON } from "./request.js";
import { toast } from "./toast.js";
import { translate } from "./translate.js";

const renewBefore = 60_000;
const retryAfter = 10_000; // between two tries
const lastTry = new WeakMap();

export function wireFiles() {
  document.addEventListener("error", ({ target }) => target.matches?.("[data-file] img") && reload(target), true);
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, ({ target }) => {
      const link = target.closest?.("a[data-file]");
      if (link && remaining(link) < renewBefore) renew(link);
    });
  }
  document.addEventListener("click", open);
}

const remaining = (link) => Number(link.dataset.good) - now();

async function open(event) {
  const link = event.target.closest?.("a[data-file]");
  if (!link || remaining(link) > 0) return;
  event.preventDefault();
  if (await renew(link, 0)) link.click();
  else toast(translate("ui.went_wrong"), { error: true });
}

async function reload(picture) {
  const link = picture.closest("[data-file]");
  if (!(await renew(link))) picture.alt = translate("chat.file.not_loaded");
}

// Returns whether the link is valid now.
async function renew(link, pause = retryAfter) {
  if (Date.now() - (lastTry.get(link) ?? 0) < pause) return false;
  lastTry.set(link, Date.now());
  const fresh = await getJSON(link.dataset.file);
  if (!fresh) return false;
  link.href = fresh.url;
  link.dataset.good = Date.parse(fresh.expires_at);
  const picture = link.querySelector("img");
  if (picture && !(picture.complete && picture.naturalWidth > 0)) picture.src = fresh.thumbnail_url;
  return true;
}

/** A message that is drawn again keeps the picture that it shows. */
export function keepPicture(old, fresh) {
  const [shown, next] = [old, fresh].map((el) => el.querySelector("a[data-file]"));
  if (!shown || !next || shown.dataset.file !== next.dataset.file) return;
  shown.href = next.href;
  shown.dataset.good = next.dataset.good;
  next.replaceWith(shown);
}
