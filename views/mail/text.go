package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text returns the content of a mail's HTML as plain text, for mail programs that show no HTML. It knows the elements
// that the components of this package use: blocks are separated by an empty line, quotes begin with ">", and the
// address of a link follows its label.
func Text(document string) (string, error) {
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		return "", err
	}
	var w textWriter
	w.node(root, "")
	return strings.Join(w.lines, "\r\n") + "\r\n", nil
}

// textWriter collects lines. open is the line that is being written.
type textWriter struct {
	lines []string
	open  string
	gap   bool // an empty line comes before the next one
}

// breakLine ends the line that is being written; prefix stands before it.
func (w *textWriter) breakLine(prefix string) {
	line := strings.TrimSpace(w.open)
	w.open = ""
	if w.gap && len(w.lines) > 0 {
		w.lines = append(w.lines, "")
	}
	w.gap = false
	w.lines = append(w.lines, strings.TrimRight(prefix+line, " "))
}

// endBlock ends a block of text.
func (w *textWriter) endBlock(prefix string) {
	if strings.TrimSpace(w.open) != "" {
		w.breakLine(prefix)
	}
	w.open, w.gap = "", true
}

func (w *textWriter) node(n *html.Node, prefix string) {
	switch n.Type {
	case html.TextNode:
		w.open += spaces.Replace(n.Data)
		return
	case html.ElementNode:
		if attribute(n, "data-text") == "skip" {
			return
		}
		switch n.DataAtom {
		case atom.Head, atom.Style, atom.Script:
			return
		case atom.Br:
			w.breakLine(prefix)
			return
		case atom.Blockquote:
			prefix += "> "
		}
	}
	isBlock := n.Type == html.ElementNode && blocks[n.DataAtom]
	if isBlock && strings.TrimSpace(w.open) != "" {
		w.endBlock(prefix)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		w.node(child, prefix)
	}
	if n.DataAtom == atom.A {
		w.open += ":"
		w.breakLine(prefix)
		w.open = attribute(n, "href")
	}
	if isBlock {
		w.endBlock(prefix)
		if isHeadOfMessage(n) {
			w.gap = false
		}
	}
}

// isHeadOfMessage reports whether a block is the line above a message with its sender, which no empty line follows.
func isHeadOfMessage(n *html.Node) bool {
	return n.DataAtom == atom.P && attribute(n, "data-head") != ""
}

var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.H1: true, atom.H2: true, atom.Blockquote: true, atom.Body: true, atom.Ul: true, atom.Li: true,
}

// spaces makes white space of the markup that of a line.
var spaces = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
