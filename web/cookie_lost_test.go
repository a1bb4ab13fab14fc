package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/web"
)

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.Lock()
	defer b.Unlock()
	return b.String()
}

// signsIn submits the sign-in page like a browser that opened it at origin and keeps cookies or not. It returns the page or redirect at the
// end.
func (h *testServer) signsIn(origin string, keeps bool, language string) answer {
	h.t.Helper()
	kept := map[string]string{}
	step := func(method, path string, body url.Values, header http.Header) answer {
		header.Set("Accept", "text/html")
		header.Set("Accept-Language", language)
		var cookies []string
		for name, value := range kept {
			cookies = append(cookies, name+"="+value)
		}
		if len(cookies) > 0 {
			header.Set("Cookie", strings.Join(cookies, "; "))
		}
		got := h.send(method, path, header, []byte(body.Encode()))
		for _, c := range (&http.Response{Header: got.Header}).Cookies() {
			if keeps {
				kept[c.Name] = c.Value
			}
		}
		return got
	}
	step("GET", "/login", nil, http.Header{}).want(200)
	form := url.Values{"email": {"anna@example.com"}, "password": {password}, "next": {"/account"}}
	got := step(
		"POST",
		"/login",
		form,
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}, "Referer": {origin + "/login"}},
	).want(303)
	for to := got.Header.Get("Location"); strings.HasPrefix(to, "/login"); to = got.Header.Get("Location") {
		if got = step("GET", to, nil, http.Header{"Referer": {origin + "/login"}}); got.Status != 303 {
			break
		}
	}
	return got
}

// TestARightPasswordIsNotAnsweredByAnEmptyForm checks that page and log explain a dropped session cookie. A proxy with TLS for the
// browser and plain http for Parley causes no warning.
func TestARightPasswordIsNotAnsweredByAnEmptyForm(t *testing.T) {
	t.Parallel()
	said := &lockedBuffer{}
	h := startServer(t, func(s *setup) {
		s.options = func(o *web.Options) { o.PublicURL = publicURL }
		s.log = slog.New(slog.NewTextHandler(said, nil))
	})
	h.agent("anna", models.RoleAgent)
	plain := "http://" + strings.TrimPrefix(h.url, "http://")

	if got := h.signsIn(publicURL, true, "en"); got.Header.Get("Location") != "/account" {
		t.Fatalf("at the right address, behind a proxy: %d %q", got.Status, got.Header.Get("Location"))
	}
	if strings.Contains(said.text(), "sign-in failed with a correct password") {
		t.Fatalf("a false alarm: %s", said.text())
	}
	for language, words := range map[string]string{"en": "cannot keep you signed in at this address", "zh-CN": "无法在此地址保持登录状态"} {
		got := h.signsIn(plain, false, language).want(200)
		if page := string(got.Body); !strings.Contains(page, words) || !strings.Contains(page, `href="`+publicURL+`/login"`) {
			t.Errorf("over http the page says nothing: %s", page)
		}
	}
	if log := said.text(); !strings.Contains(log, "not opened at PUBLIC_URL") || !strings.Contains(log, publicURL) ||
		!strings.Contains(log, plain) {
		t.Errorf("the log says: %s", log)
	}
	if page := string(
		h.signsIn(publicURL, false, "en").want(200).Body,
	); !strings.Contains(page, "Allow cookies") ||
		strings.Contains(page, "Sign in here instead") {
		t.Errorf("with cookies forbidden the page says: %s", page)
	}
	// Opening the page alone shows no warning.
	if page := string(
		h.send("GET", "/login", http.Header{"Accept": {"text/html"}}, nil).want(200).Body,
	); strings.Contains(
		page,
		"password is correct",
	) {
		t.Error("the page says so before anything was tried")
	}
}
