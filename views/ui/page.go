// Package ui contains the document of every page and the controls that all screens share.
package ui

import (
	"context"
	"slices"
	"time"

	"parley/views/text"
)

// Page is the data of the document around a screen. The language comes from the context.
type Page struct {
	Title string // without the name of the product
	// Description describes a public page for search engines in one or two sentences; "" on pages behind the sign-in.
	Description string
	CSRF        string
	Theme       string // "light", "dark", or "" to follow the system
	// Scripts and Stylesheets are names of built files beyond app.css and htmx, as in "workbench.js".
	Scripts, Stylesheets []string
	// Stream is the address of the page's live events; "" for none. Tabs of one session whose pages have the same
	// StreamShare use one stream together. static/src/lib/live.js documents both.
	Stream, StreamShare string
	// Words are the key prefixes of the texts that the scripts of the page need, besides commonWords.
	Words     []string
	HTMLClass string
	BodyClass string
	// Installable is true for the pages of agents, which browsers can install as an app.
	Installable bool
	// Framed is true for the widget's page, which sites show in a frame.
	Framed bool
	// Brand is the colour that the site has passed, if any.
	Brand Brand
}

// htmxConfig keeps htmx within the content policy: it evaluates nothing and adds no scripts or styles to the page.
const htmxConfig = `{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,` +
	`"historyCacheSize":0,"refreshOnHistoryMiss":true,"disableInheritance":false,"scrollIntoViewOnBoost":false}`

// scripts returns the scripts of the page in the order in which they run: trusted-types.js comes before those that create markup.
func (p Page) scripts() []string {
	return append([]string{"trusted-types.js", "htmx.js", "idiomorph.js"}, p.Scripts...)
}

// styleSheet returns the main style sheet: all styles, or only those of the widget.
func (p Page) styleSheet() string {
	if p.Framed {
		return "widget.css"
	}
	return "app.css"
}

func (p Page) title() string {
	if p.Title == "" {
		return "Parley"
	}
	return p.Title + " · Parley"
}

// The colours of a browser's own bars, as --canvas in static/src/css/tokens.css.
const (
	themeLight = "#f4f1ea"
	themeDark  = "#0f1719"
)

func (p Page) viewport() string {
	if p.Framed {
		return "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
	}
	return "width=device-width, initial-scale=1, viewport-fit=cover"
}

// commonWords are the key prefixes of the texts that the scripts of all pages use. Every user of the widget loads them, so texts that only
// the server uses, as most of "chat.", are left out.
var commonWords = []string{
	"ui.live.", "ui.size.", "ui.no_connection", "ui.went_wrong", "ui.today", "ui.yesterday",
	"chat.back", "chat.changed.failed", "chat.changed.save", "chat.earlier.", "chat.emoji.failed", "chat.file.", "chat.new_messages",
	"chat.refused", "chat.status.", "chat.too_", "chat.typing",
}

func (p Page) words(ctx context.Context) string {
	return text.Words(ctx, slices.Concat(commonWords, p.Words)...)
}

// Stamp formats a time for scripts and time elements.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
