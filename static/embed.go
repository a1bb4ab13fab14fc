// Package static holds what browsers fetch besides pages: the style sheet and the scripts that the build put
// into dist.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// FS is the built files by name, as in "app.css".
var FS = must(fs.Sub(dist, "dist"))

var hashes sync.Map

// URL is the address of a built file with a hash of its content, so that it may be cached for ever. A file that
// was not built has no hash.
func URL(name string) string {
	if hash, ok := hashes.Load(name); ok {
		return "/static/" + name + hash.(string)
	}
	query := ""
	if raw, err := fs.ReadFile(FS, name); err == nil {
		sum := sha256.Sum256(raw)
		query = "?v=" + hex.EncodeToString(sum[:6])
	}
	hashes.Store(name, query)
	return "/static/" + name + query
}

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err)
	}
	return f
}
