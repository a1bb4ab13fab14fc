// The transcript with times in the user's own time zone. The link alone has the times in UTC.
import { getFile } from "../lib/request.js";
import { toast } from "../lib/toast.js";
import { translate } from "../lib/translate.js";

/**
 * Downloads what a link of the panel leads to. Where the session is no cookie, a link cannot carry it: the file is fetched first, with the
 * credentials of the panel.
 */
export async function download(link, credentials) {
  const url = new URL(link.href);
  url.searchParams.set("time_zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  if (!credentials.Authorization) {
    save(url.href, "");
    return;
  }
  const { ok, status, blob, name, problem } = await getFile(url, credentials);
  if (!ok) {
    toast(problem.detail || translate(status ? "ui.went_wrong" : "ui.no_connection"), { error: true });
    return;
  }
  const file = URL.createObjectURL(blob);
  save(file, name);
  setTimeout(() => URL.revokeObjectURL(file), 60_000);
}

function save(href, name) {
  const link = Object.assign(document.createElement("a"), { href, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}
