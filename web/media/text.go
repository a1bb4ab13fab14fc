package media

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// endOfText is Ctrl+Z, which ends the texts of some old programs.
const endOfText = 0x1a

// checkText reads all of it: characters of UTF-8, and no control characters but those that lay a text out or end it.
func checkText(content io.Reader) error {
	in := bufio.NewReader(content)
	for ended := false; ; {
		r, n, err := in.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case r == utf8.RuneError && n == 1:
			return refuse(NotUTF8)
		case r == endOfText:
			ended = true
		case ended && !unicode.IsSpace(r), r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", r), r == 0x7f:
			return refuse(UnknownType)
		}
	}
}

// isAboutType reports whether a file that begins as one of that type does is a text that speaks of it: all of it is text, which no
// picture is. The
// sign of a picture ends there as a word of a sentence does, since some scripts begin with one; a PDF without objects is none.
func isAboutType(kind string, up io.ReaderAt, size int64) bool {
	sign := map[string]int{GIF: len("GIF89a"), WebP: len("RIFF....WEBP"), PDF: len("%PDF-")}[kind]
	if sign == 0 || checkText(io.NewSectionReader(up, 0, size)) != nil {
		return false
	}
	in := bufio.NewReader(io.NewSectionReader(up, int64(sign), size))
	if kind == PDF {
		text, err := io.ReadAll(in)
		return err == nil && !strings.Contains(string(text), "endobj")
	}
	next, _, err := in.ReadRune()
	return errors.Is(err, io.EOF) || err == nil && (next >= utf8.RuneSelf || unicode.IsSpace(next) ||
		strings.ContainsRune(".,:;!?)]-'\"", next))
}
