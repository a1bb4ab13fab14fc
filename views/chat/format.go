package chat

import (
	"strconv"
	"strings"
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
