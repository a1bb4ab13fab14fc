package kit

import (
	"net/http"
	"net/url"
	"strings"

	"parley/views/paths"
)

// BasePath returns the escaped path of PUBLIC_URL, "" if it has none.
func (k *Kit) BasePath() string {
	if k.PublicURL == nil {
		return ""
	}
	return k.PublicURL.EscapedPath()
}

// CutBase removes base from the front of a path. It returns the path unchanged and false if the path is not below base.
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

// InternalPath removes the path of PUBLIC_URL from an address that a browser sent, such as a Referer or the page to redirect to.
// Handlers and the route table know paths without it. Query and fragment are kept.
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

// isInternal reports whether a path that a browser sent is below the path of PUBLIC_URL.
func isInternal(r *http.Request, path string) bool {
	base, err := url.PathUnescape(paths.Base(r.Context()))
	_, ok := CutBase(base, path)
	return err == nil && ok && path != ""
}
