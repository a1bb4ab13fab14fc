// The frame with the panel, and the messages exchanged with it: only with its window and its origin.
export function createFrame(base, settings, language, title, heard, listen, into) {
  const { origin } = new URL(base);
  let frame;
  let name;
  let loaded; // the query of the panel in the frame
  let ready; // the panel has sent "hello"
  let attentive;
  let timer;

  listen(window, ["message"], ({ origin: from, source, data }) => {
    if (!frame || from !== origin || source !== frame.contentWindow || !heard[data?.parley]) return;
    ready = true;
    heard[data.parley](data);
  });

  const tell = (parley, more) => ready && frame.contentWindow?.postMessage({ ...more, parley }, origin);
  // Queries and fragments may contain private data.
  const page = () => ({ url: (location.origin + location.pathname).slice(0, 500), title: title().slice(0, 400) }); // the panel shortens it
  const tellPage = () => tell("page", page());
  const theme = () => ({ theme: settings.theme ?? "auto" });

  // A change of the query loads a new panel.
  function asked() {
    const query = new URLSearchParams({ origin: location.origin, lang: language() });
    // The panel knows what administrators made.
    for (const what of ["site", "department", "colour"]) if (Object.hasOwn(settings, what)) query.set(what, settings[what]);
    return `${base}widget?${query}&`;
  }

  // Navigating a frame would add to the history of the tab; a new frame does not.
  function load() {
    const { url, title } = page();
    const next = document.createElement("iframe");
    loaded = asked();
    ready = false;
    next.src = loaded + new URLSearchParams({ ...theme(), page_url: url, page_title: title });
    if (frame) frame.replaceWith(next);
    else into.append(next);
    frame = next;
  }

  function dress() {
    if (loaded !== asked()) load();
    frame.title = settings.site ? `${settings.site}: ${name}` : name;
    tell("theme", theme());
    tellPage();
  }

  return {
    make: () => frame || dress(),
    look(called) {
      name = called;
      if (frame) dress();
    },
    tell,
    // The browser reports only after the event whether the focus moved into the frame.
    attention(open) {
      setTimeout(() => {
        const value = open && !document.hidden && document.hasFocus();
        if (value && !attentive) tellPage();
        tell("attention", { value: (attentive = value) });
      });
    },
    // The title follows the address.
    moved() {
      clearTimeout(timer);
      timer = setTimeout(tellPage, 300);
    },
    focus: () => frame.focus(),
  };
}
