package media

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/richardlehane/mscfb"
)

const (
	maxEntries  = 5000
	maxUnpacked = 100 << 20
	maxTypes    = 1 << 20 // of [Content_Types].xml
)

// checkDOCX checks that a ZIP archive is a Word document that can be unpacked completely and has no macros. It decompresses every entry and
// discards the result.
func checkDOCX(up io.ReaderAt, size int64) error {
	begin := make([]byte, 4)
	if _, err := up.ReadAt(begin, 0); err != nil || string(begin) != "PK\x03\x04" {
		return refuse(UnknownType)
	}
	archive, err := zip.NewReader(up, size)
	if err != nil {
		return refuse(Broken)
	}
	if len(archive.File) > maxEntries {
		return refuse(UnpacksTooLarge)
	}
	isWord := false
	for _, entry := range archive.File {
		name := strings.ToLower(entry.Name)
		isWord = isWord || name == "word/document.xml"
		if strings.HasSuffix(name, "vbaproject.bin") || strings.HasSuffix(name, "vbadata.xml") {
			return refuse(Macros)
		}
	}
	if !isWord {
		return refuse(UnknownType)
	}
	left := int64(maxUnpacked)
	for _, entry := range archive.File {
		if err := unpack(entry, &left); err != nil {
			return err
		}
	}
	return nil
}

// unpack decompresses one entry and subtracts its actual size, not the declared one, from left.
func unpack(entry *zip.File, left *int64) error {
	content, err := entry.Open()
	if err != nil {
		return refuse(Broken)
	}
	defer content.Close()
	var seen bytes.Buffer
	to := io.Discard
	if entry.Name == "[Content_Types].xml" {
		to = &limitedBuffer{&seen, maxTypes}
	}
	n, err := io.Copy(to, io.LimitReader(content, *left+1))
	*left -= n
	switch {
	case *left < 0:
		return refuse(UnpacksTooLarge)
	case err != nil:
		return refuse(Broken)
	case bytes.Contains(bytes.ToLower(seen.Bytes()), []byte("macroenabled")),
		bytes.Contains(bytes.ToLower(seen.Bytes()), []byte("vbaproject")):
		return refuse(Macros)
	}
	return nil
}

// limitedBuffer keeps the first limit bytes and discards the rest.
type limitedBuffer struct {
	*bytes.Buffer
	limit int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	_, _ = b.Buffer.Write(p[:min(len(p), max(0, b.limit-b.Len()))])
	return len(p), nil
}

// checkDOC checks that an OLE2 file is a Word document without macros, by the names of its entries.
func checkDOC(up io.ReaderAt, size int64) error {
	file, err := mscfb.New(io.NewSectionReader(up, 0, size))
	if err != nil {
		return refuse(Broken)
	}
	isWord := false
	for n := 0; ; n++ {
		entry, err := file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n > maxEntries {
			return refuse(Broken)
		}
		switch strings.ToLower(entry.Name) {
		case "worddocument":
			isWord = true
		case "macros", "_vba_project", "_vba_project_cur":
			return refuse(Macros)
		}
	}
	if !isWord {
		return refuse(UnknownType)
	}
	return nil
}
