// The page of a report: the time zone of the browser, and printing.

export function wireReports() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  offerZone();
}

/** Offers the time zone of the browser, and shows the report in it if the address names none. */
function offerZone() {
  const list = document.getElementById("time_zone");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!list || !zone) return;
  if (![...list.options].some((o) => o.value === zone)) list.add(new Option(zone, zone));
  if (!document.querySelector("main[data-report]") || list.value === zone) return;
  const here = new URL(location.href);
  here.searchParams.set("time_zone", zone);
  location.replace(here.href);
}
