package kit

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/static"
)

// JSONType is the content type of JSON answers.
const JSONType = "application/json; charset=utf-8"

// Result is the answer to an action in each of the three forms.
type Result struct {
	Status int // of the JSON; 200 if it is 0
	JSON   any // nil answers 204
	// Fragment is drawn for scripts; without it they get 204, and the page's stream brings what changed.
	Fragment func() (templ.Component, error)
	Redirect string // where a plain form goes on; "" is the page that it was on
}

// What the line of the table says of the answer to an action: the fragment that is drawn, and where a plain form goes on.
const (
	FragmentKey = "then"
	NextKey     = "next"
)

// Respond sends a result in the form that was asked for.
func (k *Kit) Respond(c echo.Context, r Result) error {
	switch Format(c) {
	case Page:
		if next, ok := c.Get(NextKey).(string); ok && r.Redirect == "" {
			r.Redirect = next
		}
		if r.Redirect == "" {
			r.Redirect = atLatest(PageBehind(c))
		}
		return c.Redirect(http.StatusSeeOther, r.Redirect)
	case Fragment:
		draw := r.Fragment
		if then, ok := c.Get(FragmentKey).(func() (templ.Component, error)); draw == nil && ok {
			draw = then
		}
		if draw == nil {
			return c.NoContent(http.StatusNoContent)
		}
		fragment, err := draw()
		if err != nil {
			return err
		}
		return k.Render(c, http.StatusOK, fragment)
	}
	if r.JSON == nil {
		return c.NoContent(http.StatusNoContent)
	}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	return writeJSON(c, r.Status, JSONType, r.JSON)
}

// Render sends a page, or a fragment of one, that nobody may frame.
func (k *Kit) Render(c echo.Context, status int, component templ.Component) error {
	return k.RenderEmbedded(c, Embedding{}, status, component)
}

// RenderEmbedded draws the whole of it before the first byte is sent, so that an error is still an error page. Pages of somebody are not compressed: they
// hold secrets beside what a stranger may have put there, and the length of the two together would tell of the secrets (BREACH). Those of
// nobody hold none, and the first thing that a new visitor's phone loads is one of them.
func (k *Kit) RenderEmbedded(c echo.Context, e Embedding, status int, component templ.Component) error {
	var drawn bytes.Buffer
	nonce := newNonce()
	if err := component.Render(templ.WithNonce(c.Request().Context(), nonce), &drawn); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", pagePolicy(nonce, e))
	if len(e.Sites) > 0 {
		h.Del("X-Frame-Options") // it cannot name several sites; the policy does
		embeddable(c)
	}
	if k.withoutCredentials(c) {
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if static.Takes(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
			h.Set(echo.HeaderContentEncoding, "gzip")
			return c.HTMLBlob(status, packed(drawn.Bytes()))
		}
	}
	return c.HTMLBlob(status, drawn.Bytes())
}

// embeddable lets pages with a Cross-Origin-Embedder-Policy hold this one in a frame: they ask for a page that has such a policy itself and may be
// taken by other origins. As anything but the document of a frame (as a picture or script of a page that wants to look into its memory) it
// stays for its own origin. Browsers without Sec-Fetch-Dest are not refused.
func embeddable(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	if dest := c.Request().Header.Get("Sec-Fetch-Dest"); dest == "" || dest == "iframe" {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// withoutCredentials tells that a request came with no credential at all. Public pages may hold the secrets of who is signed in, too.
func (k *Kit) withoutCredentials(c echo.Context) bool {
	return c.Get(CallerKey) == nil && c.Request().Header.Get(echo.HeaderAuthorization) == "" && k.Cookie(c, AgentCookie) == "" && k.Cookie(c, UserCookie) == ""
}

func packed(page []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(page) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func writeJSON(c echo.Context, status int, contentType string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.Blob(status, contentType, append(raw, '\n'))
}
