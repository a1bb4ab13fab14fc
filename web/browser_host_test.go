package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// host is a host site on a separate origin. In its pages %s is the address of Parley.
type host struct {
	url    string
	policy string // the site's own content security policy, "" for none; %s as in the pages
	parley string
	// headers come with every page and script of the site.
	headers http.Header

	mu    sync.Mutex
	pages map[string]string
	asked []string // every requested path
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{pages: map[string]string{}}
	at := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(at.Close)
	h.url = at.URL
	return h
}

// cousin is the same server by another name: another origin, and for browsers another site.
func (h *host) cousin() string { return strings.Replace(h.url, "127.0.0.1", "localhost", 1) }

func (h *host) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, r.URL.Path)
	html, there := h.pages[r.URL.Path]
	if !there {
		http.NotFound(w, r)
		return
	}
	if h.policy != "" {
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(h.policy, "%s", h.parley))
	}
	for name, values := range h.headers {
		w.Header()[name] = values
	}
	kind := "text/html; charset=utf-8"
	if strings.HasSuffix(r.URL.Path, ".js") {
		kind = "text/javascript; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	fmt.Fprint(w, strings.ReplaceAll(html, "%s", h.parley))
}

// shows serves a page at a path.
func (h *host) shows(path, html string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[path] = html
}

// embedded is a Parley that one site may embed, with an agent online.
func embedded(t *testing.T) (*site, *host) {
	t.Helper()
	h := newHost(t)
	s := newSite(t, func(now *models.Settings) { now.AllowedOrigins = []string{h.url} })
	h.parley = s.url
	return s, h
}

const snippet = `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><input id="own"><script async src="%s/widget.js" data-site="Shop"></script>`

// inShadow is the root of the widget in a page that embeds it.
const inShadow = `document.querySelector("#parley")?.shadowRoot`

// ready opens a page of the host and waits for the button.
func (b *browser) ready(url string) {
	b.t.Helper()
	b.open(url)
	b.until("the widget's button", inShadow+`?.querySelector("button")`)
}

// run executes a script in the page.
func (b *browser) run(script string) {
	b.t.Helper()
	_, err := eval[bool](b, "(() => { "+script+"; return true })()")
	b.must(err)
}

// get returns the value of an expression in the page.
func get[T any](b *browser, expression string) T {
	b.t.Helper()
	got, err := eval[T](b, expression)
	b.must(err)
	return got
}

// panel opens the widget by the command for pages and returns the frame, which has another origin.
func (b *browser) panel() *browser {
	b.t.Helper()
	b.run(`window.Parley("open")`)
	return b.within("/widget?")
}

// within returns the frame whose address contains a text. It uses an isolated script world, which works for any origin.
func (b *browser) within(address string) *browser {
	b.t.Helper()
	framed := *b
	framed.inside = address
	framed.until("the frame "+address, "root?.readyState === 'complete'")
	return &framed
}

// world returns where expressions are evaluated: the page, or the requested frame, which may have been reloaded.
func (b *browser) world() (chromedp.EvaluateOption, error) {
	if b.inside == "" {
		return func(*runtime.EvaluateParams) {}, nil
	}
	tree, err := chromedp.Call(b.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	id := frameOf(tree.FrameTree, b.inside)
	if id == "" {
		return nil, fmt.Errorf("there is no frame %s", b.inside)
	}
	made, err := chromedp.Call(b.ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: id, WorldName: "test"})
	return func(p *runtime.EvaluateParams) { p.ContextID = made.ExecutionContextID }, err
}

func frameOf(tree *page.FrameTree, address string) cdp.FrameID {
	for _, child := range tree.ChildFrames {
		if strings.Contains(child.Frame.URL, address) {
			return child.Frame.ID
		}
		if id := frameOf(child, address); id != "" {
			return id
		}
	}
	return ""
}

// frameThere reports whether a document of that address was displayed in a frame. A blocked one leaves an error page of the browser.
func frameThere(b *browser, address string) bool {
	tree, err := chromedp.Call(b.ctx, page.GetFrameTree, cdp.Empty{})
	b.must(err)
	return frameOf(tree.FrameTree, address) != ""
}

// tabOf returns another tab that the page has opened.
func tabOf(b *browser, address string) *browser {
	b.t.Helper()
	var id target.ID
	b.until("the tab "+address, "true")
	for id == "" {
		targets, err := chromedp.Targets(b.ctx)
		b.must(err)
		for _, info := range targets {
			if info.Type == "page" && strings.Contains(info.URL, address) {
				id = info.TargetID
			}
		}
		if b.t.Context().Err() != nil {
			b.t.Fatal("the tab is not there")
		}
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	b.t.Cleanup(cancel)
	return &browser{t: b.t, ctx: ctx, root: "document"}
}

// replaceBody changes the response of a page in transit.
func replaceBody(a *http.Response, old, by string) error {
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(raw), old, by, 1)
	a.Body = io.NopCloser(strings.NewReader(changed))
	a.ContentLength = int64(len(changed))
	a.Header.Set("Content-Length", strconv.Itoa(len(changed)))
	return nil
}
