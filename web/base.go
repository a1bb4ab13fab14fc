package web

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"parley/views/paths"
	"parley/web/kit"
)

// PUBLIC_URL may have a path, as in https://example.com/chat. Browsers see that path before every address; inside the server every path
// begins at "/". It is removed in one place (Server.belowBase) and added in three: Location headers (also there), pages (paths.To) and
// whole addresses for programs and sites (Kit.BaseURL). Scripts read it from <html data-base>.

// parsePublicURL parses PUBLIC_URL; it returns nil for "". It refuses a path that begins like one of Parley's own, since behind a proxy
// that removes the path, /login could mean both.
func parsePublicURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil //nolint:nilnil // nil means that PUBLIC_URL is not set
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" || u.ForceQuery ||
		strings.Contains(raw, "#") {
		return nil, errors.New("PUBLIC_URL is not an address such as https://chat.example.com or https://example.com/chat, " +
			"without a user, a password or a query")
	}
	if u.Path == "" {
		return u, nil
	}
	escaped := u.EscapedPath()
	u.RawPath = "" // /ch%61t is /chat
	if path.Clean(u.Path) != u.Path || strings.ContainsAny(u.Path, "\\;") || strings.ContainsFunc(u.Path, unicode.IsControl) ||
		strings.Contains(strings.ToLower(escaped), "%2f") || !utf8.ValidString(u.Path) {
		return nil, fmt.Errorf("PUBLIC_URL %q has a path that browsers read in different ways. Use a plain one such as /chat", raw)
	}
	if first, _, _ := strings.Cut(u.Path[1:], "/"); slices.Contains(ownSegments(), first) {
		return nil, fmt.Errorf("PUBLIC_URL %q: Parley has pages of its own under /%s. Use another path, such as /chat or /chat/%s", raw, first,
			first)
	}
	return u, nil
}

// ownSegments returns the first segments of all paths in the route table.
func ownSegments() []string {
	var all []string
	for _, line := range new(Server).routes() {
		for _, p := range line.paths() {
			first, _, _ := strings.Cut(p[1:], "/")
			all = append(all, first)
		}
	}
	return all
}

// belowBase serves requests below the path of PUBLIC_URL, whether the proxy removes that path or not.
func (s *Server) belowBase(next echo.HandlerFunc) echo.HandlerFunc {
	base := s.BasePath()
	if base == "" {
		return next
	}
	return func(c echo.Context) error {
		r := c.Request()
		if internal, ok := kit.CutBase(s.PublicURL.Path, r.URL.Path); ok { // in place, since Echo routes by the request that it was given
			raw, _ := kit.CutBase(base, r.URL.RawPath)
			if r.URL.RawPath == raw { // the request escapes the base in another way
				raw = ""
			}
			r.URL.Path, r.URL.RawPath = internal, raw
		}
		c.SetRequest(r.WithContext(paths.With(r.Context(), base)))
		c.Response().Before(func() {
			h := c.Response().Header()
			if to := h.Get(echo.HeaderLocation); kit.LocalPath(to, "") != "" {
				h.Set(echo.HeaderLocation, base+to)
			}
		})
		return next(c)
	}
}
