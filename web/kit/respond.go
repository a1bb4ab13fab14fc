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

// JSONType is the content type of JSON responses.
const JSONType = "application/json; charset=utf-8"

// Result is the response to an action in each of the three formats.
type Result struct {
	Status int // of the JSON; 0 means 200
	JSON   any // nil means 204
	// Fragment is rendered for scripts. Without it they get 204, and the stream of the page delivers the changes.
	Fragment func() (templ.Component, error)
	Redirect string // where a plain form is redirected; "" means back to its page
}

// The keys under which a route of the table puts its fragment and its redirect into the context. They count where Result has none.
// MessageKey is that of the *models.Message that an action changed, for the fragment that draws it.
const (
	FragmentKey = "then"
	NextKey     = "next"
	MessageKey  = "message"
)

// Respond sends a result in the format of the request.
func (k *Kit) Respond(c echo.Context, r Result) error {
	switch Format(c) {
	case Page:
		if next, ok := c.Get(NextKey).(string); ok && r.Redirect == "" {
			r.Redirect = next
		}
		if r.Redirect == "" {
			r.Redirect = atLatest(RefererPage(c))
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

// Render sends a page, or a fragment of one, that no site may put into a frame.
func (k *Kit) Render(c echo.Context, status int, component templ.Component) error {
	return k.RenderEmbedded(c, Embedding{}, status, component)
}

// RenderEmbedded sends a page with these rules for frames. All of it is rendered before the first byte is sent, so that an error can still
// become an error page.
//
// Only responses to requests without credentials are compressed. Others hold secrets next to text that an attacker may have put there, and
// the length of the compressed page would reveal the secrets (BREACH).
func (k *Kit) RenderEmbedded(c echo.Context, e Embedding, status int, component templ.Component) error {
	var html bytes.Buffer
	nonce := newNonce()
	if err := component.Render(templ.WithNonce(c.Request().Context(), nonce), &html); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", pagePolicy(nonce, e))
	if len(e.Ancestors) > 0 {
		h.Del("X-Frame-Options") // it cannot name several sites; the policy does
		allowEmbedding(c)
	}
	if k.hasNoCredentials(c) {
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if static.Takes(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
			h.Set(echo.HeaderContentEncoding, "gzip")
			return c.HTMLBlob(status, gzipped(html.Bytes()))
		}
	}
	return c.HTMLBlob(status, html.Bytes())
}

// allowEmbedding lets sites that have a Cross-Origin-Embedder-Policy hold this page in a frame: the page needs such a policy itself and a
// cross-origin resource policy. It gets the latter only as the document of a frame, so that no other origin can load it as an image or a
// script into its own process. Browsers that send no Sec-Fetch-Dest get it too.
func allowEmbedding(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	if dest := c.Request().Header.Get("Sec-Fetch-Dest"); dest == "" || dest == "iframe" {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// hasNoCredentials reports whether a request has no credential at all. It is asked on public routes too, since those may show secrets of a
// signed-in caller.
func (k *Kit) hasNoCredentials(c echo.Context) bool {
	return c.Get(CallerKey) == nil && c.Request().Header.Get(echo.HeaderAuthorization) == "" && k.Cookie(c, AgentCookie) == "" &&
		k.Cookie(c, UserCookie) == ""
}

func gzipped(page []byte) []byte {
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
