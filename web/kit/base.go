package kit

import (
	"net/http"
	"net/url"
	"strings"

	"parley/views/paths"
)

// BasePath is the escaped path of PUBLIC_URL, "" for none.
func (k *Kit) BasePath() string {
	if k.PublicURL == nil {
		return ""
	}
	return k.PublicURL.EscapedPath()
}

// CutBase takes base off a path; false for a path that is not below it.
func CutBase(base, path string) (string, bool) {
	rest, found := strings.CutPrefix(path, base)
	switch {
	case !found, rest != "" && rest[0] != '/':
		return path, false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// InternalPath is a path within Parley for an address that a browser sent: in its Referer, or as the page to go on to.
func InternalPath(r *http.Request, address string) string {
	base := paths.Base(r.Context())
	cut := strings.IndexAny(address, "?#")
	if cut < 0 {
		cut = len(address)
	}
	if internal, ok := CutBase(base, address[:cut]); ok && base != "" {
		return internal + address[cut:]
	}
	return address
}

// isInternal tells whether the path of an address that a browser sent is one of Parley's.
func isInternal(r *http.Request, path string) bool {
	base, err := url.PathUnescape(paths.Base(r.Context()))
	_, ok := CutBase(base, path)
	return err == nil && ok && path != ""
}
