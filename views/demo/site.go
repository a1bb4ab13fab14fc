// Package demo draws the site of an imaginary company with the widget on its pages.
package demo

import (
	"context"
	"strings"

	"github.com/a-h/templ"
)

// Site is the data of every page of the company.
type Site struct {
	// Here is the path of the page.
	Here string
	// Theme is "light", "dark", or "" to follow the system.
	Theme string
	// Lang is the language in the address, "" to follow the browser. Links keep it.
	Lang string
	// Snippet is the HTML that a site pastes.
	Snippet string
}

// option is one of a choice in the workshop.
type option struct{ value, words, class string }

const (
	homePath = "/demo"
	helpPath = "/demo/help"
)

// to is an address within the site, in the language that was asked for.
func (s Site) to(path string) string {
	if s.Lang == "" {
		return path
	}
	return path + "?lang=" + s.Lang
}

// with returns the snippet with the attributes of this page: the name of the company and, if one was chosen, the theme.
func (s Site) with(name string) string {
	attributes := ` data-site="` + name + `"`
	if s.Theme != "" {
		attributes += ` data-theme="` + s.Theme + `"`
	}
	return strings.Replace(s.Snippet, "></script>", attributes+"></script>", 1)
}

// live is with, for this very page, whose content policy asks for a nonce.
func (s Site) live(ctx context.Context, name string) string {
	return strings.Replace(s.with(name), "<script ", `<script nonce="`+templ.GetNonce(ctx)+`" `, 1)
}
