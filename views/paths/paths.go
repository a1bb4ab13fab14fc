// Package paths writes the addresses of Parley's own pages and files into pages.
//
// Inside Parley every path begins at its own root, as in "/workbench". Where PUBLIC_URL has a path, as in
// https://example.com/chat, browsers need that path before it.
package paths

import (
	"context"
	"strings"

	"github.com/a-h/templ"
)

type baseKey struct{}

// With returns a context whose pages are served below base, the escaped path of PUBLIC_URL without a slash at its end; "" for the root.
func With(ctx context.Context, base string) context.Context {
	return context.WithValue(ctx, baseKey{}, base)
}

// Base returns the path that With was given, "" without one.
func Base(ctx context.Context) string {
	base, _ := ctx.Value(baseKey{}).(string)
	return base
}

// To returns the address of a path of Parley for a browser. What is not such a path, as in "#main" or "https://example.com", is returned
// as it is.
func To[S ~string](ctx context.Context, path S) templ.SafeURL {
	if !strings.HasPrefix(string(path), "/") || strings.HasPrefix(string(path), "//") {
		return templ.SafeURL(path)
	}
	return templ.SafeURL(Base(ctx) + string(path))
}
