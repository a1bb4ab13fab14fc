package web_test

import (
	"net/http"
	"testing"
)

// A page that is isolated from other origins loads the script, the module and the panel, which work as on any page.
func TestTheWidgetWorksOnIsolatedPages(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{"require-corp": "require-corp", "credentialless": "credentialless"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, h := embedded(t)
			s.online("anna")
			h.headers = http.Header{"Cross-Origin-Embedder-Policy": {policy}, "Cross-Origin-Opener-Policy": {"same-origin"}}
			h.shows("/", snippet)
			h.shows("/module", `<!doctype html><html lang="en"><title>Shop</title><body><script type="module" src="/module.js"></script>`)
			h.shows("/module.js", `import Parley from "%s/widget.mjs"; Parley("boot", { site: "Shop" });`)
			b := newBrowserIn(t, apartChromium)
			for _, path := range []string{"/", "/module"} {
				b.ready(h.url + path)
				if !get[bool](b, "crossOriginIsolated") {
					t.Fatal("the page is not isolated, so the test proves nothing")
				}
				user := b.panel()
				user.sees("main")
				if path == "/" {
					user.send("Does it work here?")
				}
				user.sees("#w-head", "anna")
			}
			user := b.within("/widget?")
			user.choose(photo("shoe.jpg"))
			user.until("the picture", `[...root.querySelectorAll(".msg img")].some((e) => e.naturalWidth > 0)`)
		})
	}
}

// The panel is available to other origins only as a document in a frame.
func TestThePanelIsForOtherOriginsOnlyAsADocument(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	for dest, want := range map[string]string{"": "cross-origin", "iframe": "cross-origin", "image": "same-origin", "script": "same-origin", "object": "same-origin", "empty": "same-origin", "document": "same-origin"} {
		header := http.Header{"Accept": {"text/html"}}
		if dest != "" {
			header.Set("Sec-Fetch-Dest", dest)
		}
		got := h.send("GET", "/widget", header, nil).want(200).Header
		if got.Get("Cross-Origin-Resource-Policy") != want || got.Get("Cross-Origin-Embedder-Policy") != "require-corp" {
			t.Errorf(
				"as %q it comes with %q and %q",
				dest,
				got.Get("Cross-Origin-Resource-Policy"),
				got.Get("Cross-Origin-Embedder-Policy"),
			)
		}
	}
	for _, path := range []string{"/login", "/"} {
		if got := h.send(
			"GET",
			path,
			http.Header{"Accept": {"text/html"}, "Sec-Fetch-Dest": {"iframe"}},
			nil,
		).Header; got.Get(
			"Cross-Origin-Resource-Policy",
		) != "same-origin" {
			t.Errorf("%s comes with %q", path, got.Get("Cross-Origin-Resource-Policy"))
		}
	}
}
