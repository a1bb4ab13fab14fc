package migrations

import (
	"regexp"
	"strings"
)

// token is what must be kept whole when a script is split: a comment, a text in quotes or dollar quotes, or the end of a statement.
var token = regexp.MustCompile(`--[^\n]*|'[^']*'|"[^"]*"|\$\w*\$|;`)

// statements splits a script at its semicolons, and leaves out comments. Scripts have no comments in /* */ and no texts with backslashes
// before quotes.
func statements(text string) (found []string) {
	var current strings.Builder
	end := func() {
		if statement := strings.TrimSpace(current.String()); statement != "" {
			found = append(found, statement)
		}
		current.Reset()
	}
	for text != "" {
		at := token.FindStringIndex(text)
		if at == nil {
			break
		}
		current.WriteString(text[:at[0]])
		piece := text[at[0]:at[1]]
		text = text[at[1]:]
		switch {
		case piece == ";":
			end()
		case strings.HasPrefix(piece, "--"):
		case strings.HasPrefix(piece, "$"):
			body, rest, closed := strings.Cut(text, piece)
			current.WriteString(piece + body)
			if text = rest; closed {
				current.WriteString(piece)
			}
		default:
			current.WriteString(piece)
		}
	}
	current.WriteString(text)
	end()
	return found
}
