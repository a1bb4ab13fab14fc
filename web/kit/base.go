package kit

import (
	"net/http"
	"net/url"
	"strings"

	"parley/views/paths"
)

// Base is the escaped path of PUBLIC_URL, "" for none.
func (k *Kit) Base() string {
	if k.PublicURL == nil {
		return ""
	}
	return k.PublicURL.EscapedPath()
}

// Below takes base off a path; false for a path that is not below it.
func Below(base, path string) (string, bool) {
	rest, found := strings.CutPrefix(path, base)
	switch {
	case !found, rest != "" && rest[0] != '/':
		return path, false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// Inside is a path within Parley for an address that a browser sent: in its Referer, or as the page to go on to.
func Inside(r *http.Request, address string) string {
	base := paths.Base(r.Context())
	cut := strings.IndexAny(address, "?#")
	if cut < 0 {
		cut = len(address)
	}
	if inner, ok := Below(base, address[:cut]); ok && base != "" {
		return inner + address[cut:]
	}
	return address
}

// isBelow tells whether the path of an address that a browser sent is one of Parley's.
func isBelow(r *http.Request, path string) bool {
	base, err := url.PathUnescape(paths.Base(r.Context()))
	_, ok := Below(base, path)
	return err == nil && ok && path != ""
}
