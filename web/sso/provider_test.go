package sso_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/web/sso"
)

func TestTheIssuerIsAnAddress(t *testing.T) {
	t.Parallel()
	for issuer, isRight := range map[string]bool{
		"https://sso.example.com": true, "https://sso.example.com/realms/company": true, "http://localhost:8081": true, "http://127.0.0.1:8081": true,
		"http://sso.example.com": false, "sso.example.com": false, "https://": false, "https://a@sso.example.com": false,
		"https://sso.example.com?x=y": false, "ftp://sso.example.com": false, "": false,
	} {
		if _, err := sso.New(sso.Options{Issuer: issuer, ClientID: "parley"}); (err == nil) != isRight {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

// TestDiscovery asks providers that do not say what they must.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter, string){
		"another issuer": func(w http.ResponseWriter, _ string) {
			_, _ = w.Write([]byte(`{"issuer":"https://evil.example","jwks_uri":"https://evil.example/keys"}`))
		},
		"no document": func(w http.ResponseWriter, _ string) { _, _ = w.Write([]byte(`<html>`)) },
		"no PKCE": func(w http.ResponseWriter, self string) {
			_, _ = w.Write([]byte(`{"issuer":"` + self + `","code_challenge_methods_supported":["plain"]}`))
		},
		"a redirect": func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", "https://evil.example")
			w.WriteHeader(http.StatusFound)
		},
		"an error": func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusInternalServerError) },
		"no end": func(w http.ResponseWriter, _ string) {
			for range 100 {
				_, _ = w.Write(make([]byte, 100_000))
			}
		},
	} {
		var self string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, self) }))
		self = server.URL
		p, err := sso.New(sso.Options{Issuer: self, ClientID: "parley", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(t.Context()); !errors.Is(err, sso.ErrAway) {
			t.Errorf("%s: %v", name, err)
		}
		if p.IsReachable(t.Context()) || p.EndSessionURL(t.Context(), "", "") != "" {
			t.Errorf("%s: it is used", name)
		}
		server.Close()
	}
}
