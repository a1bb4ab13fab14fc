package inbound

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// toUTF8 returns text whose encoding is not declared: UTF-8 if it is valid, else GB 18030, which Chinese programs send, else
// Windows-1252. NUL bytes are removed.
func toUTF8(raw []byte) string {
	text := string(raw)
	if !utf8.Valid(raw) {
		if chinese, err := simplifiedchinese.GB18030.NewDecoder().
			Bytes(raw); err == nil &&
			!strings.ContainsRune(string(chinese), utf8.RuneError) {
			text = string(chinese)
		} else if western, err := charmap.Windows1252.NewDecoder().
			Bytes(raw); err == nil {
			text = string(western)
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
