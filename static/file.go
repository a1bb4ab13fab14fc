package static

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"
)

// packed are the codings of the compressed files that the build creates, the smallest first.
var packed = []struct{ coding, ending string }{{"br", ".br"}, {"gzip", ".gz"}}

// types are the content types by file extension. They do not depend on the configuration of the machine.
var types = map[string]string{
	".js":  "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// File is a built file as it is sent.
type File struct {
	Body   []byte
	Coding string // for Content-Encoding, "" for the file as it is
	Varies bool   // others may get it in another coding
	Drawn  bool   // browsers show it as a page of its own, as they do pictures
	Type   string // for Content-Type
	ETag   string
	// IsTranslated is true for a file that others may get in another language.
	IsTranslated bool
}

// Get returns a built file in the smallest coding that an Accept-Encoding header takes; false when there is no such file.
func Get(name, accept string) (File, bool) {
	if slices.Contains([]string{".br", ".gz"}, path.Ext(name)) || strings.HasPrefix(path.Base(name), ".") {
		return File{}, false
	}
	raw, err := fs.ReadFile(FS, name)
	if err != nil {
		return File{}, false
	}
	f := File{Body: raw, Type: types[path.Ext(name)]}
	if f.Type == "" {
		f.Type = mime.TypeByExtension(path.Ext(name))
	}
	for _, p := range packed {
		small, err := fs.ReadFile(FS, name+p.ending)
		if err != nil || len(small) >= len(raw) {
			continue
		}
		f.Varies = true
		if f.Coding == "" && Takes(accept, p.coding) {
			f.Body, f.Coding = small, p.coding
		}
	}
	f.ETag = etagOf(raw, f.Coding)
	f.Drawn = !strings.HasPrefix(f.Type, "text/")
	return f, true
}

// etagOf returns the ETag of a file in a coding.
func etagOf(raw []byte, coding string) string {
	sum := sha256.Sum256(raw)
	return `"` + hex.EncodeToString(sum[:6]) + coding + `"`
}

// Takes reports whether an Accept-Encoding header allows a coding: by its name or by *, unless with a quality of 0.
func Takes(accept, coding string) bool {
	wild := false
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != coding && name != "*" {
			continue
		}
		_, quality, weighed := strings.Cut(params, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(quality), 64)
		wanted := !weighed || err == nil && q > 0
		if name == coding {
			return wanted
		}
		wild = wanted
	}
	return wild
}
