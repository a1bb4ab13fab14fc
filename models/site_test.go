package models_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/models"
)

func TestASiteIsAnExactOrigin(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://www.example.com":                     "https://www.example.com",
		" HTTPS://WWW.Example.COM/ ":                  "https://www.example.com",
		"https://www.example.com:443":                 "https://www.example.com",
		"http://localhost:80/":                        "http://localhost",
		"http://localhost:3000":                       "http://localhost:3000",
		"https://xn--bcher-kva.example":               "https://xn--bcher-kva.example",
		"http://127.0.0.1:8080":                       "http://127.0.0.1:8080",
		"https://www.example.com:443/":                "https://www.example.com",
		"http://www.example.com:443":                  "http://www.example.com:443",
		"https://a-b.c-d.example:65535":               "https://a-b.c-d.example:65535",
		"https://www.example.com/shop":                "",
		"https://www.example.com//":                   "",
		"https://www.example.com?a=b":                 "",
		"https://www.example.com?":                    "",
		"https://www.example.com#":                    "",
		"https://www.example.com.":                    "",
		"https://.example.com":                        "",
		"https://-a.example":                          "",
		"https://*.example.com":                       "",
		"*":                                           "",
		"null":                                        "",
		"":                                            "",
		"https:":                                      "",
		"https://":                                    "",
		"www.example.com":                             "",
		"//www.example.com":                           "",
		"ftp://www.example.com":                       "",
		"javascript://www.example.com":                "",
		"https://user@www.example.com":                "",
		"https://user:word@www.example.com":           "",
		"https://@www.example.com":                    "",
		"https://www.example.com:":                    "",
		"https://www.example.com:0":                   "",
		"https://www.example.com:0443":                "",
		"https://www.example.com:65536":               "",
		"https://www.example.com:+443":                "",
		"https://www.example.com:https":               "",
		"https://[::1]:8080":                          "",
		"https://[::1]":                               "",
		"https://bücher.example":                      "",
		"https://www.exa_mple.com":                    "",
		"https://www.example.com; script-src *":       "",
		"https://www.example.com https://evil.test":   "",
		"https://www.example.com,https://evil.test":   "",
		"https://www.example.com\r\nSet-Cookie: a=b":  "",
		"https://www.example.com\t":                   "https://www.example.com", // surrounding white space is ignored
		"https://www.exam\tple.com":                   "",
		"https://www.example.com'unsafe-inline'":      "",
		"https://www.example.com%0d%0aX:y":            "",
		"https://www.example.com\\@evil.test":         "",
		"https://" + strings.Repeat("a", 64) + ".com": "",
		"https://" + strings.Repeat("a.", 126) + "ab": "",
		"https://www.example.com\x00":                 "",
		"https://www.exаmple.com":                     "", // with a Cyrillic а
		"https://www。example。com":                     "",
	} {
		got, err := models.ParseOrigin(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseOrigin(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

// exactOrigin is a second definition of an exact origin, by what a header may contain.
var exactOrigin = regexp.MustCompile(`^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?$`)

// An accepted origin can be sent in a header, equals what a browser would send, and is accepted unchanged.
func FuzzParseOrigin(f *testing.F) {
	for _, seed := range []string{
		"https://www.example.com", "http://localhost:3000/", "https://a:0", "HTTPS://A.b:443", "https://a;b", "https://a b", "https://[::1]",
		"https://a.", "https://user@a", "https://a\r\nb", "https://*.a", "null", "https://a:99999", "https://xn--a", "https://ſ.example", "https://K.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		origin, err := models.ParseOrigin(raw)
		if err != nil {
			if models.CodeOf(err) != "validation_failed" || origin != "" {
				t.Fatalf("%q is refused as %v with %q", raw, err, origin)
			}
			return
		}
		if !exactOrigin.MatchString(origin) || strings.Contains(origin, "..") || len(origin) > 270 {
			t.Fatalf("%q became %q", raw, origin)
		}
		if again, err := models.ParseOrigin(origin); err != nil || again != origin {
			t.Fatalf("%q became %q, and that %q, %v", raw, origin, again, err)
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme+"://"+u.Host != origin || u.User != nil {
			t.Fatalf("%q became %q, which is %+v", raw, origin, u)
		}
		policy := "frame-ancestors 'self' " + origin
		if fields := strings.FieldsFunc(policy, func(r rune) bool { return strings.ContainsRune(" ;,\t\r\n", r) }); len(fields) != 3 {
			t.Fatalf("%q breaks the policy into %q", raw, fields)
		}
	})
}

func TestSettingsRefuseSitesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"https://a;b", "https://A.example", "https://a.example:443", "*", ""} {
		s := models.DefaultSettings()
		s.AllowedOrigins = []string{"https://good.example", bad}
		if err := s.Validate(); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
	s := models.DefaultSettings()
	for i := range 300 {
		s.AllowedOrigins = append(s.AllowedOrigins, fmt.Sprintf("https://shop-%d.example", i))
	}
	if err := s.Validate(); models.CodeOf(err) != "sites_full" {
		t.Errorf("a list of any length is taken: %v", err)
	}
}

func TestTheListOfSitesStaysWithinAHeader(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	long := strings.Repeat("a", 60)
	added := 0
	for ; added < 100; added++ {
		if err := h.AddSite(t.Context(), admin, fmt.Sprintf("https://shop-%d.%s.example", added, long)); err != nil {
			if models.CodeOf(err) != "sites_full" {
				t.Fatal(err)
			}
			break
		}
	}
	if length := len(strings.Join(h.AllowedOrigins(), " ")); length > 4000 || length < 3800 {
		t.Errorf("the list has %d characters", length)
	}
	if err := h.AddSite(t.Context(), admin, "https://shop-0."+long+".example"); err != nil {
		t.Errorf("a site that is there already is refused: %v", err)
	}
	if err := h.RemoveSite(t.Context(), admin, h.AllowedOrigins()[0]); err != nil {
		t.Fatal(err)
	}
	if err := h.AddSite(
		t.Context(),
		admin,
		"https://new.example",
	); err != nil ||
		!slices.Contains(h.AllowedOrigins(), "https://new.example") {
		t.Errorf("with room again: %v", err)
	}
	if err := h.AddSite(
		t.Context(),
		models.Actor{Kind: models.KindAgent, ID: "x", Role: models.RoleSupervisor},
		"https://other.example",
	); models.CodeOf(
		err,
	) != "role_required" {
		t.Errorf("a supervisor adds a site: %v", err)
	}
}

// The constraints of the table also reject invalid values written by hand.
func TestTheTableOfSitesHoldsOnlyExactOrigins(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, bad := range []string{"https://a; script-src *", "https://a b", "*", "null", "https://a.example/x", "https://A.example", "https://a\r\nb", "https://a:0", "https://*.a", "https://" + strings.Repeat("a", 300)} {
		if _, err := h.DB().NewRaw(`INSERT INTO sites (origin) VALUES (?)`, bad).Exec(t.Context()); err == nil {
			t.Errorf("the table takes %q", bad)
		}
	}
}
