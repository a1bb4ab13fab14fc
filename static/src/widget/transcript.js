// The transcript with times in the user's own time zone. The link alone has the times in UTC.
import { credentials, parseProblem } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";

/** Downloads what a link of the panel leads to. Where the session is no cookie, a link cannot carry it: the file is fetched first. */
export async function download(link) {
  const url = new URL(link.href);
  url.searchParams.set("time_zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  const { Authorization } = credentials();
  if (!Authorization) {
    save(url.href, "");
    return;
  }
  try {
    const response = await fetch(url, { headers: { Authorization, Accept: "text/plain, application/problem+json" } });
    if (response.ok) {
      const file = URL.createObjectURL(await response.blob());
      save(file, /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "chat.txt");
      setTimeout(() => URL.revokeObjectURL(file), 60_000);
      return;
    }
    const problem = parseProblem(response.headers.get("Content-Type") ?? "", await response.text());
    toast(problem.detail || translate("ui.went_wrong"), { error: true });
  } catch {
    toast(translate("ui.no_connection"), { error: true });
  }
}

function save(href, name) {
  const link = Object.assign(document.createElement("a"), { href, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}
