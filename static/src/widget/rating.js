// The text next to the stars, the reasons that fit them, and the stored choice to skip the rating.
import { scoped } from "../lib/base.js";
import { local } from "../lib/storage.js";
import { translate } from "../lib/translate.js";

const key = scoped("parley.skipped");
let wired = false;

/** Wires the rating of this page, and of all that are drawn later. */
export function wireRating(main) {
  if (!wired) {
    wired = true;
    document.addEventListener("change", (event) => event.target.name === "rating" && rated(main, event.target.value));
    document.addEventListener("invalid", (event) => event.target.name === "rating" && setInvalid(main, true), true);
    document.addEventListener("click", (event) => {
      if (!event.target.closest("[data-skip]")) return;
      const form = main.querySelector("[data-rate]");
      local.set(key, form.dataset.rate);
      hideForm(main, form);
    });
    document.addEventListener("parley:part", (event) => {
      if (event.target.id === "w-sheet") skip(main);
      if (["w-sheet", "w-reasons"].includes(event.target.id)) fitReasons(main);
    });
  }
  skip(main);
  if (main.querySelector('[name="rating"]:user-invalid')) setInvalid(main, true); // it was sent without stars before this script came
  const chosen = main.querySelector('[name="rating"]:checked');
  if (chosen) rated(main, chosen.value);
}

function rated(main, stars) {
  setInvalid(main, false);
  const value = Number(stars);
  const name = translate(`widget.rating.word.v${Math.floor(value)}`);
  main.querySelector("[data-stars-word]").textContent = `${translate("widget.rating.value", { Rating: value })} · ${name}. `;
  fitReasons(main);
}

// A reason that does not fit the stars is hidden, and no longer chosen. A half star counts as the star below it.
function fitReasons(main) {
  const stars = Math.floor(Number(main.querySelector('[name="rating"]:checked')?.value));
  let fitting = 0;
  for (const reason of main.querySelectorAll("#w-reasons label")) {
    reason.hidden = !(stars >= Number(reason.dataset.min) && stars <= Number(reason.dataset.max));
    if (reason.hidden) reason.querySelector("input").checked = false;
    else fitting += 1;
  }
  const list = main.querySelector("#w-reasons");
  if (list) list.hidden = fitting === 0;
}

function skip(main) {
  const form = main.querySelector("[data-rate]");
  if (form && form.dataset.rate === local.get(key)) hideForm(main, form);
}

// Without this a browser reports every choice as invalid before one is made.
function setInvalid(main, is) {
  for (const choice of main.querySelectorAll('[name="rating"]')) choice.ariaInvalid = String(is);
}

function hideForm(main, form) {
  form.remove();
  main.querySelector("[data-skip]")?.remove();
  const again = main.querySelector("[data-again]");
  if (again) again.className = "btn btn-primary btn-l";
}
