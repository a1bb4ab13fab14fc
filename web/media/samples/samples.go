// Package samples generates files for tests: valid ones of every accepted type, and parts for building invalid ones.
package samples

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"unicode/utf16"
)

// Picture returns a picture that is red on the left and blue on the right with a white upper left corner, so that its orientation is
// visible.
func Picture(width, height int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{200, 30, 40, 255}
			switch {
			case x < width/4 && y < height/4:
				c = color.RGBA{255, 255, 255, 255}
			case x >= width/2:
				c = color.RGBA{30, 60, 200, 255}
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

// JPEG returns a JPEG of this size in pixels.
func JPEG(width, height int) []byte {
	var out bytes.Buffer
	must(jpeg.Encode(&out, Picture(width, height), &jpeg.Options{Quality: 92}))
	return out.Bytes()
}

// Exif adds metadata to a JPEG: the orientation (1 to 8), a position and an owner.
func Exif(photo []byte, orientation uint16) []byte {
	le := binary.LittleEndian
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		tiff = le.AppendUint16(tiff, tag)
		tiff = le.AppendUint16(tiff, kind)
		tiff = le.AppendUint32(tiff, count)
		tiff = le.AppendUint32(tiff, value)
	}
	const artist = "SECRET OWNER\x00\x00"
	tiff = le.AppendUint16(tiff, 3)
	entry(0x0112, 3, 1, uint32(orientation))
	entry(0x013b, 2, uint32(len(artist)), 8+2+3*12+4)
	entry(0x8825, 4, 1, 8+2+3*12+4+uint32(len(artist)))
	tiff = append(le.AppendUint32(tiff, 0), artist...)
	tiff = le.AppendUint16(tiff, 1)
	entry(0x0001, 2, 2, 'N')
	tiff = le.AppendUint32(tiff, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return Join(photo[:2], head, body, photo[2:])
}

// PNG returns a PNG of this size in pixels.
func PNG(width, height int) []byte {
	var out bytes.Buffer
	must(png.Encode(&out, Picture(width, height)))
	return out.Bytes()
}

// APNG returns an animated PNG. Its first frame is also the still picture.
func APNG(width, height, frames int) []byte {
	be := binary.BigEndian
	chunk := func(name string, data []byte) []byte {
		out := append(be.AppendUint32(nil, uint32(len(data))), name...)
		out = append(out, data...)
		return be.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	}
	out := PNG(width, height)[:33]
	out = append(out, chunk("acTL", be.AppendUint32(be.AppendUint32(nil, uint32(frames)), 0))...)
	number := uint32(0)
	for n := range frames {
		control := be.AppendUint32(nil, number)
		for _, field := range []int{width, height, 0, 0} {
			control = be.AppendUint32(control, uint32(field))
		}
		out = append(out, chunk("fcTL", append(control, 0, 10, 0, 100, 0, 0))...)
		number++
		var frame bytes.Buffer
		picture := Picture(width, height)
		for i := range picture.Pix {
			if i%4 == 0 {
				picture.Pix[i] = uint8(n * 40)
			}
		}
		must(png.Encode(&frame, picture))
		pixels := frame.Bytes()[33+8 : frame.Len()-12-4] // one IDAT
		if n == 0 {
			out = append(out, chunk("IDAT", pixels)...)
			continue
		}
		out = append(out, chunk("fdAT", append(be.AppendUint32(nil, number), pixels...))...)
		number++
	}
	return append(out, chunk("IEND", nil)...)
}

// GIF returns an animated GIF.
func GIF(width, height, frames int) []byte {
	all := &gif.GIF{}
	for n := range frames {
		frame := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.RGBA{uint8(n * 40), 90, 90, 255}})
		for i := range frame.Pix {
			frame.Pix[i] = uint8((i + n) % 2)
		}
		all.Image, all.Delay = append(all.Image, frame), append(all.Delay, 10)
	}
	var out bytes.Buffer
	must(gif.EncodeAll(&out, all))
	return out.Bytes()
}

// WebP holds pictures of one pixel each: lossy, lossless, with alpha, and an animation.
var WebP = map[string][]byte{
	"lossy":    decoded("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"),
	"lossless": decoded("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
	"alpha": decoded(
		"UklGRkoAAABXRUJQVlA4WAoAAAAQAAAAAAAAAAAAQUxQSAwAAAARBxAR/Q9ERP8DAABWUDggGAAAABQBAJ0BKgEAAQAAAP4AAA3AAP7mtQAAAA==",
	),
	"animation": decoded(
		"UklGRlIAAABXRUJQVlA4WAoAAAASAAAAAAAAAAAAQU5JTQYAAAD/////AABBTk1GJgAAAAAAAAAAAAAAAAAAAGQAAABWUDhMDQAAAC8AAAAQBxAREYiI/gcA",
	),
}

// PDF returns a document with one empty page.
func PDF() []byte {
	return []byte(
		"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
			"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>endobj\nxref\n0 4\n0000000000 65535 f \n" +
			"trailer<</Size 4/Root 1 0 R>>\nstartxref\n180\n%%EOF\n",
	)
}

// Entry is a file in an archive.
type Entry struct {
	Name    string
	Content []byte
}

const types = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Override PartName="/word/document.xml" ContentType="application/vnd.%s.main+xml"/></Types>`

// DOCX returns a Word document with these additional entries.
func DOCX(more ...Entry) []byte {
	return archive("openxmlformats-officedocument.wordprocessingml.document", more)
}

// DOCM returns a Word document that declares macros.
func DOCM() []byte { return archive("ms-word.document.macroEnabled", nil) }

func archive(kind string, more []Entry) []byte {
	return Zip(append([]Entry{
		{"[Content_Types].xml", []byte(strings.Replace(types, "%s", kind, 1))},
		{"_rels/.rels", []byte(`<Relationships/>`)},
		{"word/document.xml", []byte(`<w:document><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body></w:document>`)},
	}, more...)...)
}

// Zip returns an archive with these entries.
func Zip(entries ...Entry) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		w, err := z.Create(e.Name)
		must(err)
		_, err = w.Write(e.Content)
		must(err)
	}
	must(z.Close())
	return out.Bytes()
}

// DOC returns an OLE2 file with streams of these names, each of 4096 bytes. A Word document has the stream "WordDocument".
func DOC(streams ...string) []byte {
	const sector, free, end, table = 512, 0xffffffff, 0xfffffffe, 0xfffffffd
	le := binary.LittleEndian
	head := make([]byte, sector)
	copy(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for at, v := range map[int]uint16{24: 0x3e, 26: 3, 28: 0xfffe, 30: 9, 32: 6} {
		le.PutUint16(head[at:], v)
	}
	for at, v := range map[int]uint32{44: 1, 48: 1, 56: 4096, 60: end, 68: end} {
		le.PutUint32(head[at:], v)
	}
	for at := 76; at < sector; at += 4 {
		le.PutUint32(head[at:], free)
	}
	le.PutUint32(head[76:], 0)

	fat, folder := make([]byte, sector), make([]byte, sector)
	for at := 0; at < sector; at += 4 {
		le.PutUint32(fat[at:], free)
	}
	le.PutUint32(fat[0:], table)
	le.PutUint32(fat[4:], end)
	put := func(at int, name string, kind byte, right, child, start uint32, size uint64) {
		e := folder[at*128:]
		for i, u := range utf16.Encode([]rune(name)) {
			le.PutUint16(e[2*i:], u)
		}
		le.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66], e[67] = kind, 1
		le.PutUint32(e[68:], free)
		le.PutUint32(e[72:], right)
		le.PutUint32(e[76:], child)
		le.PutUint32(e[116:], start)
		le.PutUint64(e[120:], size)
	}
	put(0, "Root Entry", 5, free, 1, end, 0)
	var body []byte
	for i, name := range streams {
		first, right := uint32(2+8*i), uint32(free)
		for n := range uint32(8) {
			next := first + n + 1
			if n == 7 {
				next = end
			}
			le.PutUint32(fat[4*(first+n):], next)
		}
		if i+1 < len(streams) {
			right = uint32(i + 2)
		}
		put(i+1, name, 2, right, free, first, 4096)
		body = append(body, bytes.Repeat([]byte(name[:1]), 4096)...)
	}
	return Join(head, fat, folder, body)
}

// Join concatenates its arguments.
func Join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func decoded(s string) []byte {
	raw, err := base64.StdEncoding.DecodeString(s)
	must(err)
	return raw
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
