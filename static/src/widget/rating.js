// The text next to the stars, and the stored choice to skip the rating.
import { scoped } from "../lib/base.js";
import { local } from "../lib/storage.js";
import { translate } from "../lib/translate.js";

const key = scoped("parley.skipped");

export function wireRating(main) {
  document.addEventListener("change", (event) => {
    if (event.target.name !== "rating") return;
    setInvalid(main, false);
    const value = Number(event.target.value);
    const name = translate(`widget.rating.word.v${Math.floor(value)}`);
    main.querySelector("[data-stars-word]").textContent = `${translate("widget.rating.value", { Rating: value })} · ${name}. `;
  });
  document.addEventListener("invalid", (event) => event.target.name === "rating" && setInvalid(main, true), true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-skip]")) return;
    const form = main.querySelector("[data-rate]");
    local.set(key, form.dataset.rate);
    hideForm(main, form);
  });
  const skip = () => {
    const form = main.querySelector("[data-rate]");
    if (form && form.dataset.rate === local.get(key)) hideForm(main, form);
  };
  document.addEventListener("parley:part", (event) => event.target.id === "w-sheet" && skip());
  skip();
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
