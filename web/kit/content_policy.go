package kit

import (
	"crypto/rand"
	"strings"
)

// ClosedPolicy is the policy of everything but pages: data and files load nothing, even when a browser is made to show them as a page.
const ClosedPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Embedding is what a page has to do with frames. The zero value is a page that lies in none and holds none.
type Embedding struct {
	Sites     []string // whose pages may hold this one
	ScriptsOf string   // whose pages this one may hold, "" for nobody's
}

// newNonce is 128 bits that nobody can foretell, for one answer.
func newNonce() string { return rand.Text() }

// pagePolicy lets run what this very answer names by its nonce and nothing else: no script and no style that found its way into a page is
// of any effect. Text becomes markup only through the policy of trusted-types.js, and never code.
func pagePolicy(nonce string, e Embedding) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'nonce-" + nonce + "'",
		"style-src 'nonce-" + nonce + "'",
		"img-src 'self' data: blob:", // data: is in our style sheets, blob: a picture that is about to be sent
		"connect-src 'self'",
		"worker-src 'self'",
		"frame-src " + sources(e.ScriptsOf),
		"form-action 'self'",
		"object-src 'none'",
		"base-uri 'none'",
		"frame-ancestors " + sources(e.Sites...),
		"require-trusted-types-for 'script'",
		"trusted-types default",
	}, "; ")
}

func sources(of ...string) string {
	if named := strings.TrimSpace(strings.Join(of, " ")); named != "" {
		return named
	}
	return "'none'"
}
