// Runs before all other scripts and creates the only Trusted Types policy. It allows htmx, idiomorph and lib/parts.js to insert markup from
// the server, in which all user text is escaped. Should such markup contain a script or a handler, the content policy does not run it. The
// policy creates no scripts and no script URL except that of the service worker, so eval, script.src and similar sinks are blocked.
window.trustedTypes?.createPolicy("default", {
  createHTML: (markup) => markup,
  createScriptURL(address) {
    const { origin, pathname } = new URL(address, location.href);
    return origin === location.origin && pathname.endsWith("/static/notice-worker.js") ? address : null;
  },
});
