// Package ui holds the frame of every page and the controls that all screens share.
package ui

import (
	"context"
	"time"

	"parley/views/text"
)

// Page is what the frame around a screen needs to know. The context gives the language.
type Page struct {
	Title string // without the name of the product
	// Description says in one or two sentences what a public page is for; "" on pages behind the sign-in.
	Description string
	CSRF        string
	Theme       string // "light", "dark", or "" for what the system says
	// Scripts and Stylesheets are names of built files beyond app.css and htmx, as in "workbench.js".
	Scripts, Stylesheets []string
	// Stream is the address of the page's live events; "" for none. Tabs of one session whose pages have the same
	// StreamShare use one stream together. static/src/lib/live.js documents both.
	Stream, StreamShare string
	// Words are prefixes of the texts that the scripts of the page say, beside "ui." and "chat.".
	Words     []string
	HTMLClass string
	BodyClass string
	// Framed is true for the page that lies in a frame on a customer's site.
	Framed bool
	// Brand is the colour of that site, if it has told one.
	Brand Brand
}

// htmxConfig keeps htmx within the content policy: nothing evaluated, no script and no style put into the page.
const htmxConfig = `{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,` +
	`"historyCacheSize":0,"refreshOnHistoryMiss":true,"disableInheritance":false,"scrollIntoViewOnBoost":false}`

// scripts are in the order in which they run: trusted-types.js comes before the scripts that create markup.
func (p Page) scripts() []string {
	return append([]string{"trusted-types.js", "htmx.js", "idiomorph.js"}, p.Scripts...)
}

// sheet is the style of the staff's screens, or the part of it that the panel needs.
func (p Page) sheet() string {
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

func (p Page) viewport() string {
	if p.Framed {
		return "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
	}
	return "width=device-width, initial-scale=1, viewport-fit=cover"
}

func (p Page) words(ctx context.Context) string {
	return text.Words(ctx, append([]string{"ui.", "chat."}, p.Words...)...)
}

// Stamp writes a moment as scripts and time elements read it.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
