package chat

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writer writes the parts of a message, as HTML or without their marks.
type writer struct {
	strings.Builder
	html   bool
	links  *linkFinder
	pieces []string // of the line
}

func newWriter(asHTML bool) *writer { return &writer{html: asHTML, links: newLinkFinder()} }

func (w *writer) tag(tag string) {
	if w.html {
		w.WriteString(tag)
	}
}

func (w *writer) escaped(text string) string {
	if w.html {
		return html.EscapeString(text)
	}
	return text
}

// blocks writes parts. The text of each ends with a line break, which browsers do not show there: it separates the parts where only their
// text is read.
func (w *writer) blocks(blocks []block) {
	for _, b := range blocks {
		switch b.kind {
		case paragraph:
			w.tag("<p>")
			w.lines(b.text)
			w.WriteString("\n")
			w.tag("</p>")
		case codeBlock:
			w.tag(`<pre dir="ltr"><code>`)
			w.WriteString(w.escaped(b.text))
			w.WriteString("\n")
			w.tag("</code></pre>")
		case quote:
			w.tag("<blockquote>")
			w.blocks(b.inside)
			w.tag("</blockquote>")
		case bulletList, numberedList:
			w.list(b)
		}
	}
}

func (w *writer) list(b block) {
	name := "ul"
	if b.kind == numberedList {
		name = "ol"
	}
	w.tag("<" + name + ">")
	for i, point := range b.items {
		switch {
		case b.kind == numberedList && !w.html:
			w.WriteString(strconv.Itoa(point.number) + ". ")
		case b.kind == numberedList && (i == 0 && point.number != 1 || i > 0 && point.number != b.items[i-1].number+1):
			w.tag(`<li value="` + strconv.Itoa(point.number) + `">`) // the number is the one that was typed
		default:
			w.tag("<li>")
		}
		w.lines(point.text)
		w.WriteString("\n")
		w.blocks(point.lists)
		w.tag("</li>")
	}
	w.tag("</" + name + ">")
}

// lines writes a text that has no other parts. Formats end with their line.
func (w *writer) lines(text string) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			w.WriteString("\n")
		}
		w.line(line)
	}
}

// mark is a kind of delimiter of emphasis.
type mark struct {
	delimiter, open, close string
}

// Two asterisks are bold too, because texts are pasted from Markdown.
var marks = []mark{{"*", "<strong>", "</strong>"}, {"**", "<strong>", "</strong>"}, {"_", "<em>", "</em>"}}

// opened is a delimiter that is not closed yet.
type opened struct {
	mark      mark
	piece     int // its place among the pieces
	substance int // letters and the like in front of it
}

// lineParser reads one line from left to right.
type lineParser struct {
	*writer
	line      string
	open      []opened // at most one of each kind, so that formats cannot be nested deeper
	substance int
	ticks     map[int][]int // where runs of this many backticks begin
}

func (w *writer) line(line string) {
	if !w.html && !strings.ContainsAny(line, "*_`") {
		w.WriteString(line)
		return
	}
	w.pieces = w.pieces[:0]
	p := lineParser{writer: w, line: line, ticks: tickRuns(line)}
	links := w.links.in(line)
	found := links.next(0)
	plain := 0 // where the text begins that is not written yet
	for i := 0; i < len(line); {
		if i == found.start {
			p.text(line[plain:i])
			end := p.trimMarks(found)
			p.link(found, end)
			i, plain = end, end
			found = links.next(i)
			continue
		}
		switch line[i] {
		case '`':
			length := runLength(line[i:], '`')
			if end := p.codeEnd(i, length); end > 0 {
				p.text(line[plain:i])
				p.code(line[i+length : end])
				i, plain = end+length, end+length
			} else {
				i += length
			}
		case '*', '_':
			length := runLength(line[i:], line[i])
			if kind := markOf(line[i : i+length]); kind != nil {
				p.text(line[plain:i])
				p.delimiter(*kind, i)
				plain = i + length
			}
			i += length
		default:
			i++
		}
		if found.start >= 0 && found.start < i {
			found = links.next(i)
		}
	}
	p.text(line[plain:])
	for _, piece := range w.pieces {
		w.WriteString(piece)
	}
}

func runLength(text string, b byte) int {
	n := 0
	for n < len(text) && text[n] == b {
		n++
	}
	return n
}

func tickRuns(line string) map[int][]int {
	var runs map[int][]int
	for i := 0; i < len(line); {
		length := runLength(line[i:], '`')
		if length == 0 {
			i++
			continue
		}
		if runs == nil {
			runs = map[int][]int{}
		}
		runs[length] = append(runs[length], i)
		i += length
	}
	return runs
}

// codeEnd returns where the code ends that a run of backticks begins, 0 if it does not.
func (p *lineParser) codeEnd(start, length int) int {
	runs := p.ticks[length]
	for len(runs) > 0 && runs[0] <= start {
		runs = runs[1:]
	}
	p.ticks[length] = runs
	if len(runs) == 0 || strings.TrimSpace(p.line[start+length:runs[0]]) == "" {
		return 0
	}
	return runs[0]
}

func markOf(delimiter string) *mark {
	for i := range marks {
		if marks[i].delimiter == delimiter {
			return &marks[i]
		}
	}
	return nil
}

func (p *lineParser) text(text string) {
	if text == "" {
		return
	}
	for _, r := range text {
		if unicode.In(r, unicode.L, unicode.N) || r >= 0x1f000 {
			p.substance++
		}
	}
	p.pieces = append(p.pieces, p.escaped(text))
}

func (p *lineParser) code(code string) {
	p.substance++
	if trimmed := strings.TrimSpace(code); len(trimmed)+2 == len(code) && strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") {
		code = trimmed // the spaces that separate a backtick in the code from those around it
	}
	code = p.escaped(code)
	if p.html {
		code = "<code>" + code + "</code>"
	}
	p.pieces = append(p.pieces, code)
}

func (p *lineParser) link(found link, end int) {
	p.substance++
	text := p.line[found.start:end]
	if p.html {
		text = found.markup(text)
	}
	p.pieces = append(p.pieces, text)
}

// trimMarks returns where an address ends: in front of delimiters at its end that close an open format.
func (p *lineParser) trimMarks(found link) int {
	text := p.line[found.start:found.end]
	for range marks {
		last := text[len(text)-1]
		bare := strings.TrimRight(text, string(rune(last)))
		kind := markOf(text[len(bare):])
		if kind == nil || bare == "" || p.openAt(*kind) < 0 {
			break
		}
		text = bare
	}
	return found.start + len(text)
}

func (p *lineParser) openAt(kind mark) int {
	for i, o := range p.open {
		if o.mark == kind {
			return i
		}
	}
	return -1
}

// delimiter closes the format that the delimiter at i has opened before, or opens one. Without its counterpart it stays as it is.
func (p *lineParser) delimiter(kind mark, i int) {
	before, _ := utf8.DecodeLastRuneInString(p.line[:i])
	after, _ := utf8.DecodeRuneInString(p.line[i+len(kind.delimiter):])
	at := p.openAt(kind)
	switch {
	case at >= 0 && p.substance > p.open[at].substance && endsInside(before) && isOutside(after):
		if p.html {
			p.pieces[p.open[at].piece] = kind.open
			p.pieces = append(p.pieces, kind.close)
		} else {
			p.pieces[p.open[at].piece] = ""
		}
		p.open = p.open[:at]
	case isOutside(before) && beginsInside(after):
		if at >= 0 {
			p.open = append(p.open[:at], p.open[at+1:]...)
		}
		p.open = append(p.open, opened{kind, len(p.pieces), p.substance})
		fallthrough
	default:
		p.pieces = append(p.pieces, kind.delimiter)
	}
}

// isOutside reports whether a character may be next to a format, outside of it: white space, most punctuation, emoji, and letters of
// scripts that have no spaces between words. utf8.RuneError is the beginning or the end of the line.
func isOutside(r rune) bool {
	switch {
	case r == utf8.RuneError, unicode.IsSpace(r), unspaced(r):
		return true
	case r < utf8.RuneSelf:
		return strings.ContainsRune(".,;:!?'\"()[]{}&%*_~", r)
	}
	return r == 0xfe0f || unicode.In(r, unicode.P, unicode.So, unicode.Sk)
}

// beginsInside reports whether a character may be the first one of a format.
func beginsInside(r rune) bool {
	switch {
	case r == utf8.RuneError, unicode.IsSpace(r):
		return false
	case r < utf8.RuneSelf:
		return !strings.ContainsRune(".,;:!?)]}^", r)
	}
	return !unicode.In(r, unicode.Pe, unicode.Sk) && !strings.ContainsRune("，。；：！？、", r)
}

// endsInside reports whether a character may be the last one of a format.
func endsInside(r rune) bool {
	return r != utf8.RuneError && !unicode.IsSpace(r) && !unicode.In(r, unicode.Ps)
}
