// The numbers beside the ranges of the what-if page follow the ranges at once; the result follows by the request of their form.

export function wireAmounts() {
  document.addEventListener("input", ({ target }) => {
    if (target.type === "range" && target.closest("[data-what-if]")) showAmount(target);
  });
}

function showAmount(range) {
  const shown = range.parentElement.querySelector("output");
  const sign = "signed" in shown.dataset && range.value !== "0" ? (range.value < 0 ? "−" : "+") : "";
  range.ariaValueText = shown.textContent = `${sign}${sign ? Math.abs(range.value) : range.value}${shown.dataset.suffix}`;
}
