package inbound

import (
	"bytes"
	"strings"

	"github.com/k3a/html2text"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText returns a text in HTML as plain text. What its sender wrote is what stands before the quoted mail, by the elements in which
// programs put it, and otherwise by its lines.
func htmlText(source string) text {
	whole := plain(source)
	doc, err := html.Parse(strings.NewReader(source)) // which refuses elements that are nested too deep
	if err != nil {
		return text{whole: whole, written: withoutQuote(whole)}
	}
	quote := firstQuote(doc)
	if quote == nil {
		return text{whole: whole, written: withoutQuote(whole)}
	}
	cutFrom(quote)
	var before bytes.Buffer
	if html.Render(&before, doc) != nil {
		return text{whole: whole, written: withoutQuote(whole)}
	}
	written := withoutQuote(plain(before.String()))
	if written == "" { // the answer stands below or between
		written = withoutQuote(whole)
	}
	return text{whole: whole, written: written}
}

func plain(source string) string {
	return strings.TrimSpace(html2text.HTML2TextWithOptions(source, html2text.WithUnixLineBreaks(), html2text.WithLinksInnerText(),
		html2text.WithListSupport()))
}

// firstQuote returns the first element with a quoted mail, nil for none.
func firstQuote(doc *html.Node) *html.Node {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && isQuoteElement(n) {
			return n
		}
	}
	return nil
}

// isQuoteElement knows Gmail, Apple Mail, Thunderbird, Outlook, Yahoo, QQ Mail and NetEase.
func isQuoteElement(n *html.Node) bool {
	if n.DataAtom == atom.Blockquote {
		return attr(n, "type") == "cite" || strings.Contains(attr(n, "class"), "gmail_quote") ||
			strings.Contains(attr(n, "id"), "isReplyContent")
	}
	switch id := attr(n, "id"); {
	case id == "divRplyFwdMsg",
		id == "appendonsend",
		id == "isReplyContent",
		id == "reply-intro",
		id == "mail-editor-reference-message-container":
		return true
	}
	for class := range strings.FieldsSeq(attr(n, "class")) {
		switch class {
		case "gmail_quote", "gmail_quote_container", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "qmbox",
			"ntes_not_fresh_bg", "netease-mail-reply":
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// cutFrom removes an element and everything after it from its document.
func cutFrom(n *html.Node) {
	for at := n; at.Parent != nil; at = at.Parent {
		for next := at.NextSibling; next != nil; {
			after := next.NextSibling
			at.Parent.RemoveChild(next)
			next = after
		}
	}
	n.Parent.RemoveChild(n)
}
