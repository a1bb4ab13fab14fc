package static

import (
	"bytes"
	"compress/gzip"
	"io/fs"
)

// noLook is where the build left a place in the loader for the settings of sites: see build.mjs. It is the settings of
// none.
const noLook = "{ }"

// Loader is the loader, as a script or as a module, with settings of sites in it.
type Loader struct{ plain, packed File }

// NewLoader returns the loader of that name with a JavaScript expression for the settings; false when there is no such
// file.
func NewLoader(name, settings string) (*Loader, bool) {
	raw, err := fs.ReadFile(FS, name)
	if err != nil || bytes.Count(raw, []byte(noLook)) != 1 {
		return nil, false
	}
	raw = bytes.Replace(raw, []byte(noLook), []byte(settings), 1)
	var small bytes.Buffer
	w, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // the level is known
	_, _ = w.Write(raw)                                       // a buffer takes everything
	_ = w.Close()
	plain := File{Body: raw, Varies: true, Type: types[".js"], ETag: etagOf(raw, "")}
	packed := plain
	packed.Body, packed.Coding, packed.ETag = small.Bytes(), "gzip", etagOf(raw, "gzip")
	return &Loader{plain: plain, packed: packed}, true
}

// Get returns the file in the smallest coding that an Accept-Encoding header takes.
func (l *Loader) Get(accept string) File {
	if Takes(accept, l.packed.Coding) {
		return l.packed
	}
	return l.plain
}
