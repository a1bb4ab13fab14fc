package models

import (
	"strings"
	"unicode/utf8"
)

// SnippetPart is a piece of the text of a message. IsMatch is true for what was searched for.
type SnippetPart struct {
	Text    string
	IsMatch bool
}

// How many characters of a message a result shows, and how many of them before the first match.
const (
	snippetLength = 160
	snippetBefore = 40
)

// textRange is a part of a text, in bytes.
type textRange struct{ start, end int }

// bestMessage returns the message that most of the clauses are about, of several the first; the user's first message if
// no clause is about a message; nil if there is none.
func bestMessage(messages []searchedMessage, clauses []clause) *FoundMessage {
	var best *searchedMessage
	var marks []textRange
	most := 0
	for i := range messages {
		m := &messages[i]
		if m.SenderType == FromSystem {
			continue
		}
		found, n := matchesIn(m.Content, clauses)
		if best == nil || n > most || n == 0 && most == 0 && best.SenderType != FromUser && m.SenderType == FromUser {
			best, marks, most = m, found, n
		}
	}
	if best == nil {
		return nil
	}
	return &FoundMessage{
		ID: best.ID, SenderType: best.SenderType, SenderID: best.SenderID, Type: best.Type, Parts: snippetOf(best.Content, marks),
	}
}

// matchesIn returns the parts of a text that clauses are about, in order and apart from one another, and how many of the
// clauses that are.
func matchesIn(text string, clauses []clause) (marks []textRange, n int) {
	met := make([]bool, len(clauses))
	for _, t := range tokensOf(text) {
		isMatch := false
		for i, c := range clauses {
			if !c.matches(t.text) {
				continue
			}
			isMatch = true
			if !met[i] {
				met[i] = true
				n++
			}
		}
		switch last := len(marks) - 1; {
		case !isMatch:
		case last >= 0 && t.start <= marks[last].end:
			marks[last].end = max(marks[last].end, t.end)
		default:
			marks = append(marks, textRange{t.start, t.end})
		}
	}
	return marks, n
}

// snippetOf returns the text around the first mark, with "…" where it is cut.
func snippetOf(text string, marks []textRange) []SnippetPart {
	start := 0
	if len(marks) > 0 {
		start = startBefore(text, marks[0].start)
	}
	end := start + len(Beginning(text[start:], snippetLength))
	var parts []SnippetPart
	at := start
	for _, m := range marks {
		if m.end > end {
			break
		}
		parts = appendPart(parts, text[at:m.start], false)
		parts = appendPart(parts, text[m.start:m.end], true)
		at = m.end
	}
	parts = appendPart(parts, text[at:end], false)
	if start > 0 {
		parts = append([]SnippetPart{{Text: "…"}}, parts...)
	}
	if end < len(text) {
		parts = append(parts, SnippetPart{Text: "…"})
	}
	return parts
}

func appendPart(parts []SnippetPart, text string, isMatch bool) []SnippetPart {
	if text == "" {
		return parts
	}
	return append(parts, SnippetPart{text, isMatch})
}

// startBefore returns where a snippet begins whose first match is at a byte: at most snippetBefore characters before it,
// at the beginning of a word if there is one.
func startBefore(text string, match int) int {
	start := match
	for range snippetBefore {
		if start == 0 {
			return 0
		}
		_, size := utf8.DecodeLastRuneInString(text[:start])
		start -= size
	}
	if i := strings.IndexAny(text[start:match], " \n\t"); i >= 0 {
		return start + i + 1
	}
	return start
}
