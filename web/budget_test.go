package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"golang.org/x/net/html"
)

const (
	loaderBudget = 5 * 1024 // before anybody opens the chat, on every page of a customer
	panelBudget  = 60_000   // until the panel can be used, by somebody who has never seen it
)

// sent is what an address costs on the wire, in a coding.
func (h *house) sent(path, coding string) (int, []byte) {
	h.t.Helper()
	a := h.send("GET", path, http.Header{"Accept": {"text/html,*/*"}, "Accept-Encoding": {coding}}, nil).want(200)
	if a.Header.Get("Content-Encoding") != "gzip" {
		return len(a.Body), a.Body
	}
	r, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err != nil {
		h.t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(a.Body), body
}

// TestTheWidgetIsQuick adds up what a browser loads from the running server, cold.
func TestTheWidgetIsQuick(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.online("anna")
	for _, path := range []string{"/widget.js", "/widget.mjs"} {
		if n, _ := h.sent(path, "gzip"); n > loaderBudget {
			t.Errorf("%s has %d bytes, more than %d", path, n, loaderBudget)
		}
	}
	page := "/widget?" + url.Values{"origin": {"https://www.example.com"}, "lang": {"zh-CN"}, "site": {"Kestrel"}, "colour": {"#6a1b9a"}, "page_url": {"https://www.example.com/a/long/path/of/some/kind"}, "page_title": {"A title as they are"}}.Encode()
	for _, coding := range []string{"gzip", "gzip, br"} {
		sum, body := h.sent(page, coding)
		t.Logf("%s: the page has %d bytes", coding, sum)
		files := loadedBy(t, body)
		for _, path := range files {
			n, _ := h.sent(path, coding)
			t.Logf("%s: %s has %d bytes", coding, path, n)
			sum += n
		}
		if len(files) < 4 {
			t.Errorf("the panel loads only %v", files)
		}
		if t.Logf("%s: together %d bytes", coding, sum); sum > panelBudget {
			t.Errorf("with %s the panel costs %d bytes, more than %d", coding, sum, panelBudget)
		}
	}
}

// loadedBy are the scripts and sheets that a page names.
func loadedBy(t *testing.T, page []byte) (files []string) {
	t.Helper()
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		attributes := map[string]string{}
		for _, a := range token.Attr {
			attributes[a.Key] = a.Val
		}
		switch {
		case token.Data == "script" && attributes["src"] != "":
			files = append(files, attributes["src"])
		case token.Data == "link" && attributes["rel"] == "stylesheet":
			files = append(files, attributes["href"])
		}
	}
	return files
}

// Files of the build come packed, pages never: their length would tell of the secrets in them.
func TestFilesArePackedAndPagesOfSomebodyAreNot(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	hashed := regexp.MustCompile(`^/static/[\w.]+\?v=[0-9a-f]{12}$`)
	_, page := h.sent("/widget", "identity")
	for _, path := range append(loadedBy(t, page), "/widget.js") {
		if path != "/widget.js" && !hashed.MatchString(path) {
			t.Errorf("%s has no hash", path)
		}
		for accept, want := range map[string]string{"gzip, deflate, br, zstd": "br", "gzip": "gzip", "identity": "", "gzip;q=0": ""} {
			got := h.send("GET", path, http.Header{"Accept-Encoding": {accept}}, nil).want(200)
			if len(got.Body) < 128 {
				continue // so small that packing makes it larger
			}
			if got.Header.Get("Content-Encoding") != want {
				t.Errorf("%s comes to %q as %q", path, accept, got.Header.Get("Content-Encoding"))
			}
			if got.Header.Get("Vary") != "Accept-Encoding" || got.Header.Get("Content-Length") == "" || got.Header.Get("Content-Language") != "" {
				t.Errorf("%s comes with %v", path, got.Header)
			}
			head := h.send("HEAD", path, http.Header{"Accept-Encoding": {accept}}, nil).want(200)
			if head.Header.Get("Content-Length") != got.Header.Get("Content-Length") || head.Header.Get("ETag") != got.Header.Get("ETag") {
				t.Errorf("HEAD %s has %v, GET %v", path, head.Header, got.Header)
			}
		}
	}
	// A page with somebody's secrets beside a stranger's words is not packed, one of nobody is.
	p := h.opensPanel()
	for _, path := range []string{"/widget", "/widget?page_title=guess"} {
		got := h.send("GET", path, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip, deflate, br, zstd"}, "Cookie": {p.cookie}}, nil).want(200)
		if coding := got.Header.Get("Content-Encoding"); coding != "" || !bytes.Contains(got.Body, []byte(p.csrf)) {
			t.Errorf("%s of somebody comes as %q, or has no secret", path, coding)
		}
	}
	for _, path := range []string{"/widget", "/login", "/demo", "/nothing"} {
		got := h.send("GET", path, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip, deflate, br, zstd"}}, nil)
		if got.Header.Get("Content-Encoding") != "gzip" || !slices.Contains(got.Header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s of nobody comes as %v", path, got.Header)
		}
	}
}
