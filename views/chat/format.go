package chat

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Messages are stored and sent as plain text. Screens draw the marks that people type in chats: *bold*, _italic_, `code`, code blocks
// between lines of ```, lists (- and 1.) and quotes (>). Marks that are not closed, or are inside a word, an address or code, are shown as
// they were typed.
//
// Each character is looked at a bounded number of times, so that a long text of odd characters costs no more than any other.

const (
	maxQuotes = 3 // quotes in quotes
	maxLists  = 3 // lists in lists
)

// formatted returns a text as HTML in which all of its characters are escaped. The lines of a text without lists, quotes and code blocks
// stay as they are; otherwise the lines between those are paragraphs.
func formatted(text string) string {
	w := newWriter(true)
	if blocks := splitBlocks(strings.Split(text, "\n"), 0); len(blocks) == 1 && blocks[0].kind == paragraph {
		w.lines(text)
	} else {
		w.blocks(blocks)
	}
	return w.String()
}

// Plain returns a text without the marks that screens draw, for a line of a list or a notice.
func Plain(text string) string {
	if !strings.ContainsAny(text, "*_`->") {
		return text
	}
	if strings.Count(text, fence)%2 == 1 {
		text += "\n" + fence // the text of a list row may be cut off in a code block
	}
	w := newWriter(false)
	w.blocks(splitBlocks(strings.Split(text, "\n"), 0))
	return strings.TrimRight(w.String(), "\n")
}

type blockKind int

const (
	paragraph blockKind = iota
	codeBlock
	quote
	bulletList
	numberedList
)

// block is a part of a message that begins on a line of its own.
type block struct {
	kind   blockKind
	text   string  // of a paragraph or code
	inside []block // of a quote
	items  []item  // of a list
}

// item is one point of a list.
type item struct {
	text   string
	number int
	lists  []block
}

// splitBlocks returns the parts of a text. quotes is in how many quotes it is.
func splitBlocks(lines []string, quotes int) []block {
	var blocks []block
	fences := fenceEnds(lines)
	begin := 0 // of the paragraph
	flush := func(end int) {
		if text := trimBlankLines(lines[begin:end]); text != "" || len(lines) == end-begin {
			blocks = append(blocks, block{kind: paragraph, text: text})
		}
	}
	for i := 0; i < len(lines); {
		found, next := blockAt(lines, i, fences, quotes)
		if next == i {
			i++
			continue
		}
		flush(i)
		blocks = append(blocks, found...)
		i, begin = next, next
	}
	flush(len(lines))
	return blocks
}

// blockAt returns what begins on a line, and the line behind it: the same line if nothing does.
func blockAt(lines []string, i int, fences []int, quotes int) ([]block, int) {
	if code, next := codeAt(lines, i, fences); next > i {
		return []block{{kind: codeBlock, text: code}}, next
	}
	if quotes < maxQuotes && strings.HasPrefix(lines[i], "> ") {
		next := i
		var inside []string
		for ; next < len(lines) && isQuoted(lines[next]); next++ {
			inside = append(inside, strings.TrimPrefix(lines[next][1:], " "))
		}
		return []block{{kind: quote, inside: splitBlocks(inside, quotes+1)}}, next
	}
	return listAt(lines, i)
}

func isQuoted(line string) bool {
	return strings.HasPrefix(line, "> ") || strings.HasPrefix(line, ">>") || strings.TrimRight(line, " \r") == ">"
}

func trimBlankLines(lines []string) string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

const fence = "```"

// fenceEnds returns for each line the next one that ends with a fence, the number of lines if none does.
func fenceEnds(lines []string) []int {
	ends := make([]int, len(lines)+1)
	ends[len(lines)] = len(lines)
	for i := len(lines) - 1; i >= 0; i-- {
		ends[i] = ends[i+1]
		if strings.HasSuffix(strings.TrimSpace(lines[i]), fence) {
			ends[i] = i
		}
	}
	return ends
}

// codeAt returns the code block that begins on a line, and the line behind it: the same line if none does. A block has a closing fence.
func codeAt(lines []string, i int, fences []int) (code string, next int) {
	first, isFence := strings.CutPrefix(strings.TrimSpace(lines[i]), fence)
	if !isFence || strings.HasPrefix(first, "`") {
		return "", i
	}
	if inside, whole := strings.CutSuffix(first, fence); whole {
		if strings.TrimSpace(inside) == "" || strings.Contains(inside, "`") {
			return "", i
		}
		return inside, i + 1
	}
	end := fences[i+1]
	if end == len(lines) || strings.Contains(first, "`") {
		return "", i
	}
	last := strings.TrimSuffix(strings.TrimSpace(lines[end]), fence)
	var inside []string
	if first != "" && (last != "" || !isLanguage(first)) {
		inside = append(inside, first)
	}
	inside = append(inside, lines[i+1:end]...)
	if last != "" {
		inside = append(inside, strings.TrimSuffix(strings.TrimRight(lines[end], " \t\r"), fence))
	}
	code = strings.ReplaceAll(strings.Join(inside, "\n"), "\r", "")
	if strings.TrimSpace(code) == "" {
		return "", i
	}
	return code, end + 1
}

// isLanguage reports whether the text behind an opening fence names a language, as in "```go". It is not part of the code.
func isLanguage(text string) bool {
	return len(text) <= 20 && !strings.ContainsFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || !isWord(byte(r)) && !strings.ContainsRune("+#-.", r)
	})
}

// listLine is a line of a list.
type listLine struct {
	indent   int
	numbered bool
	item
}

// listAt returns the lists that begin on a line, and the line behind them: the same line if none does.
func listAt(lines []string, i int) ([]block, int) {
	var found []listLine
	for ; i < len(lines); i++ {
		if line, ok := parseListLine(lines[i]); ok {
			found = append(found, line)
			continue
		}
		// A line that is indented like the text of the point above continues it.
		if len(found) == 0 || !strings.HasPrefix(lines[i], "  ") || strings.TrimSpace(lines[i]) == "" || strings.Contains(lines[i], fence) {
			break
		}
		last := &found[len(found)-1]
		last.text += "\n" + strings.TrimSpace(lines[i])
	}
	if len(found) == 0 {
		return nil, i
	}
	return nestLists(found, 1), i
}

// parseListLine returns the point on a line: "- text", "* text", "• text" or "1. text".
func parseListLine(line string) (listLine, bool) {
	text := strings.TrimLeft(line, " ")
	parsed := listLine{indent: len(line) - len(text)}
	marker, rest, found := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if !found || strings.Trim(rest, "-*• ") == "" {
		return parsed, false
	}
	parsed.text = rest
	if marker == "-" || marker == "*" || marker == "•" {
		return parsed, true
	}
	digits, isNumber := strings.CutSuffix(marker, ".")
	number, err := strconv.Atoi(digits)
	if !isNumber || err != nil || number < 0 || number > 9999 || strconv.Itoa(number) != digits {
		return parsed, false
	}
	parsed.numbered, parsed.number = true, number
	return parsed, true
}

// nestLists returns lines as lists: those that are indented further than the first belong to the point above them.
func nestLists(lines []listLine, depth int) []block {
	var lists []block
	for i := 0; i < len(lines); {
		line := lines[i]
		next := i + 1
		for next < len(lines) && depth < maxLists && lines[next].indent >= lines[0].indent+2 {
			next++
		}
		if next > i+1 {
			line.lists = nestLists(lines[i+1:next], depth+1)
		}
		kind := bulletList
		if line.numbered {
			kind = numberedList
		}
		if len(lists) == 0 || lists[len(lists)-1].kind != kind {
			lists = append(lists, block{kind: kind})
		}
		last := &lists[len(lists)-1]
		last.items = append(last.items, line.item)
		i = next
	}
	return lists
}

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
