package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"

	"parley/models"
)

const (
	loaderBudget = 5 * 1024 // before the chat is opened, on every host page
	panelBudget  = 60_000   // until the panel is usable, with an empty cache
)

// sent returns the bytes of a response in a coding over a new connection, including headers.
func (h *testServer) sent(path, coding string) (int, []byte) {
	h.t.Helper()
	var came atomic.Int64
	transport := &http.Transport{
		DisableCompression: true,
		DisableKeepAlives:  true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return countingConn{conn, &came}, err
		},
	}
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header = http.Header{"Accept": {"text/html,*/*"}, "Accept-Encoding": {coding}}
	got, err := transport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		h.t.Fatalf("%s answered %d, %v", path, got.StatusCode, err)
	}
	if got.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			h.t.Fatal(err)
		}
		if body, err = io.ReadAll(unpacked); err != nil {
			h.t.Fatal(err)
		}
	}
	return int(came.Load()), body
}

type countingConn struct {
	net.Conn
	came *atomic.Int64
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.came.Add(int64(n))
	return n, err
}

// TestTheWidgetIsQuick adds up what a browser with an empty cache loads from the running server.
func TestTheWidgetIsQuick(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	for _, path := range []string{"/widget.js", "/widget.mjs"} {
		n, _ := h.sent(path, "gzip")
		if t.Logf("%s costs %d bytes", path, n); n > loaderBudget {
			t.Errorf("%s has %d bytes, more than %d", path, n, loaderBudget)
		}
	}
	page := "/widget?" + url.Values{
		"origin":     {"https://www.example.com"},
		"lang":       {"zh-CN"},
		"site":       {"Kestrel"},
		"colour":     {"#6a1b9a"},
		"page_url":   {"https://www.example.com/a/long/path/of/some/kind"},
		"page_title": {"A title as they are"},
	}.Encode()
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

// loadedBy returns the scripts and style sheets of a page.
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

// TestFilesAreCompressedAndPersonalPagesAreNot checks that built files are compressed and that pages with personal data are not, because
// their length would reveal secrets in them.
func TestFilesAreCompressedAndPersonalPagesAreNot(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	hashed := regexp.MustCompile(`^/static/[\w.-]+\?v=[0-9a-f]{12}$`)
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
			vary := "Accept-Encoding"
			if path == "/widget.js" {
				vary = "Accept-Encoding, Accept-Language" // it has the texts of one language
			}
			if got.Header.Get("Vary") != vary || got.Header.Get("Content-Length") == "" ||
				got.Header.Get("Content-Language") != "" {
				t.Errorf("%s comes with %v", path, got.Header)
			}
			head := h.send("HEAD", path, http.Header{"Accept-Encoding": {accept}}, nil).want(200)
			if head.Header.Get("Content-Length") != got.Header.Get("Content-Length") || head.Header.Get("ETag") != got.Header.Get("ETag") {
				t.Errorf("HEAD %s has %v, GET %v", path, head.Header, got.Header)
			}
		}
	}
	// A page with secrets of the user together with text of others is not compressed; a public page is.
	p := h.opensPanel()
	for _, path := range []string{"/widget", "/widget?page_title=guess"} {
		got := h.send("GET", path, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip, deflate, br, zstd"}, "Cookie": {p.cookie}}, nil).
			want(200)
		if coding := got.Header.Get("Content-Encoding"); coding != "" || !bytes.Contains(got.Body, []byte(p.csrf)) {
			t.Errorf("%s of a user has the coding %q, or has no secret", path, coding)
		}
	}
	_, agent := h.agent("anna", models.RoleAgent)
	for _, path := range []string{"/", "/login", "/nothing", "/demo"} { // public, but with personal data
		if got := h.send(
			"GET",
			path,
			http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "Cookie": {"parley_session=" + agent}},
			nil,
		); got.Header.Get(
			"Content-Encoding",
		) != "" {
			t.Errorf("%s of an agent comes packed", path)
		}
	}
	if got := h.send(
		"GET",
		"/widget",
		http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip;q=0"}},
		nil,
	); got.Header.Get(
		"Content-Encoding",
	) != "" {
		t.Error("a page comes packed to who does not want that")
	}
	for _, path := range []string{"/widget", "/login", "/demo", "/nothing"} {
		got := h.send("GET", path, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"gzip, deflate, br, zstd"}}, nil)
		if got.Header.Get("Content-Encoding") != "gzip" || !slices.Contains(got.Header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s without a user has the headers %v", path, got.Header)
		}
	}
}
