// The frame with the panel, and the words exchanged with it: only with its window and its origin.
export function createFrame({ base, dataset, lang, hear, title }) {
  const origin = new URL(base).origin;
  let frame = null;
  let ready = false; // the panel said hello

  addEventListener("message", ({ origin: from, source, data }) => {
    if (!frame || from !== origin || source !== frame.contentWindow) return;
    if (typeof data?.parley !== "string") return;
    ready = true;
    hear(data);
  });

  const tell = (parley, more) => ready && frame.contentWindow?.postMessage({ parley, ...more }, origin);
  // Queries and fragments may hold what is nobody's business.
  const page = () => ({ url: (location.origin + location.pathname).slice(0, 500), title: document.title.replace(/^\(\d+\) /, "").slice(0, 200) });

  return {
    make(into) {
      if (frame) return;
      const { url, title: pageTitle } = page();
      const query = { origin: location.origin, lang, page_url: url, page_title: pageTitle };
      for (const name of ["theme", "site", "department"]) if (dataset[name]) query[name] = dataset[name];
      frame = document.createElement("iframe");
      frame.title = dataset.site ? `${dataset.site}: ${title}` : title;
      frame.src = `${base}widget?${new URLSearchParams(query)}`;
      into.append(frame);
    },
    tell(parley, more) {
      if (parley === "open") tell("page", page());
      tell(parley, more);
    },
    attention: (open) => tell("attention", { value: open && document.visibilityState === "visible" && document.hasFocus() }),
    focus: () => frame?.focus(),
  };
}
