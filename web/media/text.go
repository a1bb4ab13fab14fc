package media

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// endOfText is Ctrl+Z, with which some old programs end a text.
const endOfText = 0x1a

// checkText checks that the whole content is UTF-8 and has no control characters except those for layout and endOfText.
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

// isAboutType reports whether a file that begins with the signature of a type is only a text that mentions it, such as "GIF89a is a
// format". The whole file must be text. The signature of a picture must be followed by a space, punctuation or a non-ASCII character,
// because some scripts begin with such a signature. A PDF must have no objects.
func isAboutType(kind string, up io.ReaderAt, size int64) bool {
	signature := map[string]int{GIF: len("GIF89a"), WebP: len("RIFF....WEBP"), PDF: len("%PDF-")}[kind]
	if signature == 0 || checkText(io.NewSectionReader(up, 0, size)) != nil {
		return false
	}
	in := bufio.NewReader(io.NewSectionReader(up, int64(signature), size))
	if kind == PDF {
		text, err := io.ReadAll(in)
		return err == nil && !strings.Contains(string(text), "endobj")
	}
	next, _, err := in.ReadRune()
	return errors.Is(err, io.EOF) || err == nil && (next >= utf8.RuneSelf || unicode.IsSpace(next) ||
		strings.ContainsRune(".,:;!?)]-'\"", next))
}
