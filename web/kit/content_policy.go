package kit

import (
	"crypto/rand"
	"strings"
)

// ClosedPolicy is the content security policy of every response that is no page: data and files load nothing, even if a browser can be
// tricked into showing them as a page.
const ClosedPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Embedding lists the sites that may embed a page in a frame, and those that the page may embed. The zero value allows neither.
type Embedding struct {
	Ancestors   []string // origins whose pages may hold this one
	FrameSource string   // origin whose pages this one may hold, "" for none
}

// newNonce returns at least 128 random bits for one response.
func newNonce() string { return rand.Text() }

// pagePolicy allows only scripts and styles that carry the nonce of this response, so that markup injected into a page runs nothing.
// Text becomes markup only through the policy of trusted-types.js, and never code.
func pagePolicy(nonce string, e Embedding) string {
	rules := []string{
		"default-src 'none'",
		"script-src 'nonce-" + nonce + "'",
		"style-src 'nonce-" + nonce + "'",
		"img-src 'self' data: blob:", // data: is in our style sheets, blob: a picture that is about to be sent
		"connect-src 'self'",
		"worker-src 'self'",
		"frame-src " + frameSources(e.FrameSource),
		"form-action 'self'",
		"object-src 'none'",
		"base-uri 'none'",
		"frame-ancestors " + frameSources(e.Ancestors...),
		"require-trusted-types-for 'script'",
		"trusted-types default",
	}
	if len(e.Ancestors) == 0 { // a page in a frame is not installed
		rules = append(rules, "manifest-src 'self'")
	}
	return strings.Join(rules, "; ")
}

func frameSources(of ...string) string {
	if named := strings.TrimSpace(strings.Join(of, " ")); named != "" {
		return named
	}
	return "'none'"
}
