package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	_ "image/png"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	_ "golang.org/x/image/webp"

	"parley/web/media"
	"parley/web/media/samples"
)

func prepare(raw []byte) (*media.Prepared, error) {
	return media.Prepare(context.Background(), bytes.NewReader(raw), int64(len(raw)))
}

func content(t *testing.T, p *media.Prepared) []byte {
	t.Helper()
	raw, err := io.ReadAll(p.Content)
	if err != nil || int64(len(raw)) != p.Size {
		t.Fatalf("%d bytes of %d, %v", len(raw), p.Size, err)
	}
	return raw
}

func TestTypesAreDetectedByContent(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]struct {
		raw  []byte
		kind string
	}{
		"jpeg": {samples.JPEG(40, 30), media.JPEG}, "png": {samples.PNG(40, 30), media.PNG}, "gif": {samples.GIF(40, 30, 3), media.GIF},
		"webp lossy": {samples.WebP["lossy"], media.WebP}, "webp lossless": {samples.WebP["lossless"], media.WebP},
		"webp alpha": {samples.WebP["alpha"], media.WebP}, "webp animation": {samples.WebP["animation"], media.WebP},
		"pdf": {samples.PDF(), media.PDF}, "docx": {samples.DOCX(), media.DOCX}, "doc": {samples.DOC("WordDocument", "1Table"), media.DOC},
		"txt": {[]byte("Dear Anna,\r\n您好，\tthat is all.\n"), media.Text}, "csv is text": {[]byte("a,b\n1,2\n3,4\n"), media.Text},
		"json is text": {[]byte(`{"a": [1, 2]}`), media.Text}, "with a mark": {[]byte("\xef\xbb\xbfGrüße"), media.Text},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := prepare(sent.raw)
			if err != nil {
				t.Fatal(err)
			}
			if p.ContentType != sent.kind {
				t.Fatalf("detected as %s", p.ContentType)
			}
			kept := content(t, p)
			if !strings.HasPrefix(sent.kind, "image/") {
				if !bytes.Equal(kept, sent.raw) || p.Thumbnail != nil {
					t.Error("a document is not stored unchanged")
				}
				return
			}
			config, _, err := image.DecodeConfig(bytes.NewReader(kept))
			if err != nil && name != "webp animation" || err == nil && (config.Width != p.Width || config.Height != p.Height) {
				t.Errorf("%dx%d is stored as %dx%d, %v", p.Width, p.Height, config.Width, config.Height, err)
			}
			if _, format, err := image.DecodeConfig(bytes.NewReader(p.Thumbnail)); err != nil || "image/"+format != p.ThumbnailType {
				t.Errorf("the thumbnail is %s, declared as %s, %v", format, p.ThumbnailType, err)
			}
		})
	}
}

// huge returns a small PNG whose header declares another size.
func huge(width, height uint32) []byte {
	raw := samples.PNG(4, 4)
	binary.BigEndian.PutUint32(raw[16:], width)
	binary.BigEndian.PutUint32(raw[20:], height)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

// sized sets the size that the header of a JPEG declares.
func sized(raw []byte, width, height uint16) []byte {
	at := bytes.Index(raw, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(raw[at+5:], height)
	binary.BigEndian.PutUint16(raw[at+7:], width)
	return raw
}

// grey returns a greyscale JPEG. It needs the least memory per pixel, so that the pixel limit applies before the memory limit.
func grey() []byte {
	var out bytes.Buffer
	_ = jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 16, 16)), nil)
	return out.Bytes()
}

// manyScans returns a JPEG that repeats its scan 300 times.
func manyScans() []byte {
	raw := samples.JPEG(16, 16)
	scan := bytes.Index(raw, []byte{0xff, 0xda})
	return samples.Join(raw[:scan], bytes.Repeat(raw[scan:len(raw)-2], 300), []byte{0xff, 0xd9})
}

func noise(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return raw
}

// padded returns an archive with an incompressible entry of n bytes.
func padded(n int) []byte {
	return samples.DOCX(samples.Entry{Name: "word/media/noise.bin", Content: noise(n)})
}

func TestInvalidFilesAndBombsAreRefused(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 60<<20)
	long := func(raw []byte, n int) []byte { return samples.Join(raw, make([]byte, n-len(raw))) }
	photo, docx := samples.JPEG(300, 200), samples.DOCX()
	for name, sent := range map[string]struct {
		raw  []byte
		want media.Reason
	}{
		"nothing":                 {nil, media.Empty},
		"html":                    {[]byte("<!DOCTYPE html><script>alert(1)</script>"), media.UnknownType},
		"html after space":        {[]byte("\n  \t<html><body onload=alert(1)>"), media.UnknownType},
		"svg":                     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), media.UnknownType},
		"svg with a head":         {[]byte("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"), media.UnknownType},
		"xml":                     {[]byte(`<?xml version="1.0"?><a/>`), media.UnknownType},
		"php":                     {[]byte("<?php system($_GET['x']);"), media.UnknownType},
		"rtf":                     {[]byte(`{\rtf1 hello}`), media.UnknownType},
		"a program of Windows":    {samples.Join([]byte("MZ\x90\x00\x03\x00"), noise(500)), media.UnknownType},
		"a program of Linux":      {samples.Join([]byte("\x7fELF\x02\x01\x01"), noise(500)), media.UnknownType},
		"noise":                   {noise(5000), media.UnknownType},
		"NUL in a text":           {[]byte("hello\x00world"), media.UnknownType},
		"NUL late in a text":      {samples.Join(bytes.Repeat([]byte("word "), 5000), []byte{0}), media.UnknownType},
		"control in a text":       {samples.Join(bytes.Repeat([]byte("word "), 5000), []byte{7}), media.UnknownType},
		"latin-1":                 {samples.Join(bytes.Repeat([]byte("word "), 5000), []byte("Gr\xfc\xdfe")), media.NotUTF8},
		"gif that is html":        {[]byte("GIF89a/*<script>alert(1)</script>*/=1;"), media.Broken},
		"jpeg that is html":       {[]byte("\xff\xd8\xff\xe0<script>alert(1)</script>"), media.Broken},
		"half a jpeg":             {half(photo), media.Broken},
		"half a png":              {samples.PNG(300, 200)[:300], media.Broken},
		"half a gif":              {half(samples.GIF(60, 60, 4)), media.Broken},
		"half a webp":             {samples.WebP["alpha"][:40], media.Broken},
		"half an animated webp":   {samples.WebP["animation"][:70], media.Broken},
		"half a docx":             {docx[:len(docx)/2], media.Broken},
		"a docx with a bad byte":  {broken(samples.DOCX(samples.Entry{Name: "word/styles.xml", Content: noise(2000)})), media.Broken},
		"half a doc":              {samples.DOC("WordDocument")[:600], media.Broken},
		"a large png":             {huge(60000, 60000), media.TooManyPixels},
		"a wide png":              {huge(40000, 2), media.TooManyPixels},
		"the largest png":         {huge(1<<31-1, 1<<31-1), media.Broken},
		"a large jpeg":            {sized(samples.JPEG(16, 16), 60000, 60000), media.TooManyPixels},
		"a grey jpeg too large":   {sized(grey(), 7800, 7800), media.TooManyPixels},
		"a jpeg of many scans":    {manyScans(), media.TooManyPixels},
		"a gif of many frames":    {samples.GIF(2, 2, 1200), media.TooManyPixels},
		"a large image":           {long(photo, media.MaxImage+1), media.ImageTooLarge},
		"a large document":        {long(samples.PDF(), media.MaxDocument+1), media.DocumentTooLarge},
		"a large text":            {bytes.Repeat([]byte("words "), media.MaxDocument/6+1), media.DocumentTooLarge},
		"a zip":                   {samples.Zip(samples.Entry{Name: "readme.txt", Content: []byte("x")}), media.UnknownType},
		"a sheet":                 {samples.Zip(samples.Entry{Name: "[Content_Types].xml"}, samples.Entry{Name: "xl/workbook.xml"}), media.UnknownType},
		"a zip after a program":   {samples.Join([]byte("#!/bin/sh\nexit\n"), docx), media.UnknownType},
		"a docx with macros":      {samples.DOCX(samples.Entry{Name: "word/vbaProject.bin", Content: []byte("x")}), media.Macros},
		"a docm":                  {samples.DOCM(), media.Macros},
		"a doc with macros":       {samples.DOC("WordDocument", "Macros"), media.Macros},
		"an ole file of others":   {samples.DOC("Workbook"), media.UnknownType},
		"a docx that explodes":    {samples.DOCX(samples.Entry{Name: "word/a.xml", Content: zeros}, samples.Entry{Name: "word/b.xml", Content: zeros}), media.UnpacksTooLarge},
		"a docx of many entries":  {samples.DOCX(make([]samples.Entry, 6000)...), media.UnpacksTooLarge},
		"an empty ole file":       {samples.Join([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 2000)), media.Broken},
		"a docx that is too long": {padded(media.MaxDocument), media.DocumentTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prepare(sent.raw)
			var refused *media.Refusal
			if !errors.As(err, &refused) || refused.Reason != sent.want {
				t.Errorf("got %v, want %s", err, sent.want)
			}
		})
	}
}

func half(raw []byte) []byte { return raw[:len(raw)/2] }

func broken(raw []byte) []byte {
	at := bytes.Index(raw, []byte("word/styles.xml"))
	raw[at+100] ^= 0xff
	return raw
}

// TestMaximumSizesAreAccepted uploads an image and a text of exactly the maximum size.
func TestMaximumSizesAreAccepted(t *testing.T) {
	t.Parallel()
	photo := samples.JPEG(60, 60)
	if _, err := prepare(samples.Join(photo, make([]byte, media.MaxImage-len(photo)))); err != nil {
		t.Errorf("5 MB of an image: %v", err)
	}
	if _, err := prepare(bytes.Repeat([]byte("words.\n..."), media.MaxDocument/10)); err != nil {
		t.Errorf("10 MB of a text: %v", err)
	}
}

func TestMetadataIsRemoved(t *testing.T) {
	t.Parallel()
	hidden := []byte("<script>SECRET</script>")
	comment := func(raw []byte) []byte {
		return samples.Join(raw[:2], []byte{0xff, 0xfe, 0, byte(2 + len(hidden))}, hidden, raw[2:])
	}
	text := samples.Join([]byte{0, 0, 0, byte(len(hidden))}, []byte("tEXt"), hidden)
	text = binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text[4:]))
	png := samples.PNG(40, 30)
	moving := samples.GIF(20, 20, 2)
	riff := func(raw []byte) []byte {
		raw = samples.Join(raw, []byte("EXIF"), binary.LittleEndian.AppendUint32(nil, uint32(len(hidden))), hidden, []byte{0})
		binary.LittleEndian.PutUint32(raw[4:], uint32(len(raw)-8))
		return raw
	}
	for name, raw := range map[string][]byte{
		"jpeg with a camera's notes": samples.Exif(samples.JPEG(40, 30), 1),
		"jpeg with a comment":        comment(samples.JPEG(40, 30)),
		"jpeg with a tail":           samples.Join(samples.JPEG(40, 30), hidden),
		"png with a text":            samples.Join(png[:33], text, png[33:]),
		"png with a tail":            samples.Join(png, hidden),
		"gif with a comment":         samples.Join(moving[:len(moving)-1], []byte{0x21, 0xfe, byte(len(hidden))}, hidden, []byte{0, 0x3b}),
		"gif with a tail":            samples.Join(moving, hidden),
		"webp with a camera's notes": riff(samples.WebP["alpha"]),
		"webp moving, with notes":    riff(samples.WebP["animation"]),
		"webp with a tail":           samples.Join(samples.WebP["lossy"], hidden),
	} {
		p, err := prepare(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for what, kept := range map[string][]byte{"picture": content(t, p), "thumbnail": p.Thumbnail} {
			if bytes.Contains(kept, []byte("SECRET")) || bytes.Contains(kept, []byte("Exif")) {
				t.Errorf("%s: the %s still contains metadata", name, what)
			}
		}
	}
	p, err := prepare(moving)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := gif.DecodeAll(p.Content); err != nil || len(again.Image) != 2 {
		t.Errorf("the animation has lost its frames: %v", err)
	}
}

// TestPicturesAreRotatedUpright checks the position of the white corner for all eight Exif orientations.
func TestPicturesAreRotatedUpright(t *testing.T) {
	t.Parallel()
	white := map[uint16]string{1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}
	for how, want := range white {
		p, err := prepare(samples.Exif(samples.JPEG(80, 40), how))
		if err != nil {
			t.Fatal(err)
		}
		if across := how >= 5; across != (p.Width == 40) || across != (p.Height == 80) {
			t.Errorf("orientation %d: %dx%d", how, p.Width, p.Height)
		}
		for what, raw := range map[string][]byte{"picture": content(t, p), "thumbnail": p.Thumbnail} {
			picture, _, err := image.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if got := whiteCorner(picture); got != want {
				t.Errorf("orientation %d: the white corner of the %s is %s, want %s", how, what, got, want)
			}
		}
	}
}

func whiteCorner(p image.Image) string {
	at := p.Bounds()
	for name, point := range map[string]image.Point{"tl": {2, 2}, "tr": {at.Dx() - 3, 2}, "bl": {2, at.Dy() - 3}, "br": {at.Dx() - 3, at.Dy() - 3}} {
		if _, g, _, _ := p.At(point.X, point.Y).RGBA(); g > 0xc000 {
			return name
		}
	}
	return "nowhere"
}

// TestPicturesWithoutEndMarkerAreAccepted checks that only the end marker may be missing. Browsers display such pictures.
func TestPicturesWithoutEndMarkerAreAccepted(t *testing.T) {
	t.Parallel()
	photo, drawing, moving, animated := samples.JPEG(300, 200), samples.PNG(300, 200), samples.GIF(60, 60, 4), samples.APNG(60, 40, 3)
	exif := samples.Join(samples.WebP["alpha"], []byte("EXIF\x10\x00\x00\x00"), make([]byte, 16))
	binary.LittleEndian.PutUint32(exif[4:], uint32(len(exif)-8))
	for name, sent := range map[string]struct {
		raw []byte
		cut []int
	}{
		"jpeg": {photo, []int{1, 2}}, "jpeg with a camera's notes": {samples.Exif(photo, 6), []int{2}}, "grey jpeg": {grey(), []int{1, 2}},
		"png": {drawing, []int{1, 2, 4, 8, 11, 12}}, "animated png": {animated, []int{2, 12}},
		"gif": {moving, []int{1, 2}}, "webp with notes": {exif, []int{1, 10, 24}}, "odd webp": {samples.WebP["lossless"], []int{1}},
	} {
		for _, cut := range sent.cut {
			p, err := prepare(sent.raw[:len(sent.raw)-cut])
			if err != nil {
				t.Errorf("%s without its last %d bytes: %v", name, cut, err)
				continue
			}
			whole, err := prepare(sent.raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(content(t, p), content(t, whole)) {
				t.Errorf("%s without its last %d bytes is a different picture", name, cut)
			}
		}
		for part := 2; part < 8; part++ { // less would be detected as text, more would have the complete picture
			var refused *media.Refusal
			if _, err := prepare(sent.raw[:len(sent.raw)*part/10]); !errors.As(err, &refused) {
				t.Errorf("%d/10 of %s: %v", part, name, err)
			}
		}
	}
}

func TestAnAnimatedPNGKeepsItsFrames(t *testing.T) {
	t.Parallel()
	raw := samples.APNG(60, 40, 3)
	hidden := []byte("<script>SECRET</script>")
	text := samples.Join([]byte{0, 0, 0, byte(len(hidden))}, []byte("tEXt"), hidden)
	text = binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text[4:]))
	p, err := prepare(samples.Join(raw[:33], text, raw[33:], hidden))
	if err != nil {
		t.Fatal(err)
	}
	kept := content(t, p)
	for name, want := range map[string]int{"acTL": 1, "fcTL": 3, "IDAT": 1, "fdAT": 2, "IEND": 1, "tEXt": 0, "SECRET": 0} {
		if got := bytes.Count(kept, []byte(name)); got != want {
			t.Errorf("it has %d of %s, want %d", got, name, want)
		}
	}
	if again, err := prepare(kept); err != nil || !bytes.Equal(content(t, again), kept) {
		t.Errorf("preparing it again changes it: %v", err)
	}
	if p.Width != 60 || p.Height != 40 || p.ContentType != media.PNG {
		t.Errorf("it is %s of %dx%d", p.ContentType, p.Width, p.Height)
	}
	for name, lie := range map[string]func([]byte){
		"a frame beside the picture": func(control []byte) { binary.BigEndian.PutUint32(control[12:], 1000) },
		"a frame too large": func(control []byte) {
			binary.BigEndian.PutUint32(control[4:], 20000)
			binary.BigEndian.PutUint32(control[8:], 20000)
		},
		"a frame of nothing": func(control []byte) { binary.BigEndian.PutUint32(control[4:], 0) },
	} {
		bad := bytes.Clone(raw)
		at := bytes.LastIndex(bad, []byte("fcTL"))
		lie(bad[at+4 : at+30])
		binary.BigEndian.PutUint32(bad[at+30:], crc32.ChecksumIEEE(bad[at:at+30]))
		var refused *media.Refusal
		if _, err := prepare(bad); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var refused *media.Refusal
	if _, err := prepare(samples.APNG(1, 1, 1100)); !errors.As(err, &refused) || refused.Reason != media.TooManyPixels {
		t.Errorf("an animation of 1100 frames: %v", err)
	}
}

func TestThumbnailsAreSmall(t *testing.T) {
	t.Parallel()
	p, err := prepare(samples.JPEG(3000, 1500))
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(p.Thumbnail))
	if err != nil || config.Width != 480 || config.Height != 240 {
		t.Errorf("%dx%d, %v", config.Width, config.Height, err)
	}
}

// TestImagesWaitForTheirTurn checks that an image waits while others use all memory for decoding, at most until its context ends. It cannot
// run in parallel because it reserves all of that memory.
func TestImagesWaitForTheirTurn(t *testing.T) {
	raw := samples.JPEG(2000, 2000)
	release := media.TakeAll()
	if release == nil {
		t.Fatal("another test is decoding")
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := media.Prepare(brief, bytes.NewReader(raw), int64(len(raw))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without memory: %v", err)
	}
	if _, err := prepare(samples.PDF()); err != nil {
		t.Errorf("a document had to wait: %v", err)
	}
	done := make(chan error)
	go func() { _, err := prepare(raw); done <- err }()
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNamesAreMadeHarmless(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"photo.jpg": "photo.jpg", "photo.JPEG": "photo.JPEG", "photo.png": "photo.jpg", "photo": "photo.jpg", "photo.exe": "photo.exe.jpg",
		"../../etc/passwd": "passwd.jpg", `C:\fakepath\cat.jpg`: "cat.jpg", `..\..\cat.jpg`: "cat.jpg", "a/b/../c.jpg": "c.jpg", "/": "image.jpg", "..": "image.jpg", ".": "image.jpg",
		"": "image.jpg", "   ": "image.jpg", ".jpg": "image.jpg", ".htaccess": "htaccess.jpg", "nul\x00byte.jpg": "nulbyte.jpg", "line\r\nbreak.jpg": "line break.jpg",
		"evil\u202egpj.exe": "evilgpj.exe.jpg", "\u2066x\u2069.jpg": "x.jpg", "zero\u200bwidth.jpg": "zerowidth.jpg", "\ufeffbom.jpg": "bom.jpg", "sep\u2028x.jpg": "sep x.jpg",
		`a"b<c>d|e?f*g:h.jpg`: "a_b_c_d_e_f_g_h.jpg", "bad\xffbyte.jpg": "bad\uFFFDbyte.jpg", "照片 1.jpg": "照片 1.jpg", "Grüße.jpg": "Grüße.jpg", "x. .jpg": "x.jpg",
		strings.Repeat("a", 300) + ".jpg": strings.Repeat("a", 176) + ".jpg", strings.Repeat("照", 300) + ".jpg": strings.Repeat("照", 58) + ".jpg", "a." + strings.Repeat("b", 300): "a." + strings.Repeat("b", 174) + ".jpg",
	} {
		if got := media.CleanName(given, media.JPEG); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
	if got := media.CleanName("", media.PDF); got != "file.pdf" {
		t.Errorf("a document without a name is %q", got)
	}
}

// TestNamesKeepJoiners checks that zero-width joiners and non-joiners stay where scripts and emoji need them and are removed elsewhere.
func TestNamesKeepJoiners(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"می\u200cخواهم.txt": "می\u200cخواهم.txt", "क्\u200dष.txt": "क्\u200dष.txt", "۱۴۰۵ ه\u200d.txt": "۱۴۰۵ ه\u200d.txt", "👩\u200d👩\u200d👧 home.txt": "👩\u200d👩\u200d👧 home.txt", "❤\ufe0f.txt": "❤\ufe0f.txt",
		"\u200da.txt": "a.txt", "a\u200c\u200c\u200cb.txt": "a\u200cb.txt", "a \u200d b.txt": "a b.txt", "\u200d\u200c.txt": "file.txt", "\u3164.txt": "file.txt", "\u2800\ufe0f.txt": "file.txt", "1\u200d.txt": "1.txt",
		"\u202eمی\u200cخ\u2066.txt": "می\u200cخ.txt", "photo.t\u200dxt": "photo.t\u200dxt.txt",
		strings.Repeat("👩\u200d👩\u200d👧", 20) + ".txt": strings.Repeat("👩\u200d👩\u200d👧", 9) + ".txt", "e" + strings.Repeat("\u0301", 300) + ".txt": "file.txt",
	} {
		if got := media.CleanName(given, media.Text); got != want {
			t.Errorf("%+q became %+q, want %+q", given, got, want)
		}
	}
}

// TestTextsThatBeginLikeOtherTypes checks that a text may begin with the signature of another type and end with ^Z.
func TestTextsThatBeginLikeOtherTypes(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{
		"MZ", "ZM", "GIF89a", "GIF87a", "%PDF-1.7", "%PDF-", "RIFF1234WEBP", "BM", "PK", "ID3", "OggS", "fLaC", "MThd", "BZh9", "Rar!", "FWS", "CWS", "8BPS", "wOFF", "wOF2", "OTTO", "II*", "%!PS-Adobe-3.0", "!<arch>", "FORM0000AIFF",
		"RIFF0000AVI LIST", "RIFF0000WAVE", "SQLite format 3", "SIMPLE  =", "AC1015", "LWFN", "MSCF", "xar!", "070701", "glTF", ".snd", "#!AMR", "-lh5-", "CR24", "DICM", "LZIP", "ustar", "#EXTM3U", "BEGIN:VCARD", "{\\", "--- ", "#!/bin/sh",
	} {
		for _, rest := range []string{" is how such a file begins.\n", ", they say\r\n", "\n" + strings.Repeat("and more of it\n", 500), "是开头", ""} {
			p, err := prepare([]byte(begin + rest))
			if err != nil || p.ContentType != media.Text {
				t.Errorf("%q is %v, %v", begin+rest[:min(len(rest), 20)], p, err)
			}
		}
	}
	for name, text := range map[string]string{"ends with ^Z": "dir\r\n\x1a", "padded with ^Z": "dir\n" + strings.Repeat("\x1a", 100), "^Z and a line break": "dir\x1a\r\n", "vertical tab": "a\vb", "escape": "\x1b[31mred"} {
		if p, err := prepare([]byte(text)); err != nil || p.ContentType != media.Text {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	for name, text := range map[string]string{"^Z in the middle": "dir\x1amore", "a program's beginning": "MZ\x00\x01", "PDF": string(samples.PDF()), "PDF in ASCII": strings.Map(ascii, string(samples.PDF()))} {
		if p, err := prepare([]byte(text)); err == nil && p.ContentType == media.Text {
			t.Errorf("%s is a text", name)
		}
	}
}

func ascii(r rune) rune {
	if r >= utf8.RuneSelf {
		return -1
	}
	return r
}

func FuzzNames(f *testing.F) {
	f.Add("photo.png", media.JPEG)
	f.Fuzz(func(t *testing.T, given, kind string) {
		if !slices.Contains([]string{media.JPEG, media.GIF, media.WebP, media.PDF, media.DOC, media.DOCX, media.Text}, kind) {
			kind = media.PNG
		}
		got := media.CleanName(given, kind)
		if !utf8.ValidString(got) || len(got) > 180 || len(got) < 5 || strings.ContainsAny(got, "/\\\x00\r\n\"") ||
			media.CleanName(got, kind) != got {
			t.Errorf("%q became %q", given, got)
		}
	})
}

// FuzzPrepare checks that any input is prepared or refused in bounded time.
func FuzzPrepare(f *testing.F) {
	f.Add(samples.JPEG(8, 8))
	f.Add(samples.Exif(samples.JPEG(8, 8), 6))
	f.Add(samples.PNG(8, 8))
	f.Add(samples.GIF(8, 8, 2))
	for _, raw := range samples.WebP {
		f.Add(raw)
	}
	f.Add(samples.DOC("WordDocument"))
	f.Add(samples.DOCX())
	f.Add([]byte("text"))
	f.Add([]byte("\xff\xd8\xff\xe0\x00\x00\xff")) // a segment length shorter than its own field
	f.Fuzz(func(t *testing.T, raw []byte) {
		began := time.Now()
		p, err := prepare(raw)
		if took := time.Since(began); took > 20*time.Second {
			t.Fatalf("it took %s", took)
		}
		var refused *media.Refusal
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if err == nil && p.Size == 0 {
			t.Fatal("accepted, but the stored file is empty")
		}
	})
}
