// Runs before everything else: makes the one policy by which text may become markup. htmx, idiomorph and our parts put markup into the
// page that our server drew, in which every text of a person is escaped. The content policy lets no script or handler run that might be in
// it all the same, and since this makes no scripts, and no address of a script but that of our own service worker, nothing can ask for those
// (eval, script.src, …) at all.
window.trustedTypes?.createPolicy("default", {
  createHTML: (markup) => markup,
  createScriptURL(address) {
    const { origin, pathname } = new URL(address, location.href);
    return origin === location.origin && pathname.endsWith("/static/notice-worker.js") ? address : null;
  },
});
