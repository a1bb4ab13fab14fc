package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"strings"
	"testing"
)

// Every visit of a host page downloads the loader.
func TestTheLoaderIsSmallAndSpeaks(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][]string{
		"loader.js": {"Open chat", "Open chat, 1 unread message"}, "loader.mjs": {"Open chat"}, "loader.zh-CN.js": {"打开对话"},
		"loader.ar.js": {"فتح المحادثة", "رسالتان", `dir:"rtl"`}, "loader.ru.js": {"непрочитанных"}, // the longest ones
	} {
		f, found := Get(name, "gzip")
		if !found || f.Coding != "gzip" {
			t.Fatalf("%s was not built: run the build first", name)
		}
		if len(f.Body) > 5*1024 {
			t.Errorf("%s has %d bytes gzipped, more than 5 kB", name, len(f.Body))
		}
		plain, _ := Get(name, "")
		for _, said := range texts {
			if !bytes.Contains(plain.Body, []byte(said)) {
				t.Errorf("%s lacks %s", name, said)
			}
		}
		if bytes.Contains(plain.Body, []byte("{{")) || bytes.Contains(plain.Body, []byte("@parley-words@")) {
			t.Errorf("%s has placeholders that are not filled", name)
		}
	}
}

func TestFilesComeAsTheBrowserTakesThem(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "br": "br", "gzip, deflate, br": "br", "GZIP": "gzip", "*": "br", "br;q=0, gzip": "gzip", "br;q=0, *": "gzip", "gzip;q=0": "",
		"br;q=0.0, gzip;q=0.000": "", "gzip;q=0.5": "gzip", "*;q=0": "", "gzip;q=nonsense": "", "zstd, deflate": "", "xbr": "", " br ; q=1 ": "br",
	} {
		f, found := Get("app.css", accept)
		if !found || f.Coding != want {
			t.Errorf("with Accept-Encoding %q it comes as %q, want %q", accept, f.Coding, want)
		}
		if !f.Varies || f.Type != "text/css; charset=utf-8" {
			t.Errorf("it comes as %q, varying %v", f.Type, f.Varies)
		}
	}
}

// What was packed by the build is what was built, for every file, and each form has an ETag of its own.
func TestPackedFilesAreWhatWasBuilt(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(FS, "*.*s*")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range names {
		if strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br") {
			continue
		}
		plain, _ := Get(name, "")
		small, _ := Get(name, "gzip")
		if small.Coding == "" {
			continue // it is so small that packing makes it larger
		}
		r, err := gzip.NewReader(bytes.NewReader(small.Body))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(raw, plain.Body) {
			t.Errorf("%s unpacks to something else (%v)", name, err)
		}
		smallest, _ := Get(name, "br")
		if plain.ETag == small.ETag || small.ETag == smallest.ETag {
			t.Errorf("%s has one ETag for several forms", name)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("only %d files are packed", checked)
	}
}

func TestNothingButBuiltFilesIsServed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "../embed.go", "/app.css", "app.css.gz", "app.css.br", ".gitkeep", "./app.css", "no-such.js", "app.css/", "a\\..\\app.css"} {
		if _, found := Get(name, "gzip"); found {
			t.Errorf("%q is served", name)
		}
	}
}
