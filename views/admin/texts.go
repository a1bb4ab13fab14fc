package admin

import (
	"crypto/sha256"
	"encoding/hex"

	"parley/views/staff"
	"parley/views/text"
)

// Texts is the page of the texts that a company writes in place of those of Parley.
type Texts struct {
	Frame               staff.Frame
	Site, Locale, Query string
	OnlyChanged         bool
	Sites               []string // that may embed the widget
	All                 int      // texts that fit the filter
	Rows                []TextRow
	Previous, Next      string // addresses of the pages before and after, "" for none
}

// TextRow is one text in the language and on the site of the page.
type TextRow struct {
	Key, Default     string
	Text, OfAllSites string   // as the company has written it, "" for not
	IsOwn            bool     // it has written it for this site
	Placeholders     []string // that the text may contain
	Error            string
}

// TextRowID returns the id of the row of a text in the page.
func TextRowID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "text-" + hex.EncodeToString(sum[:5])
}

func (p Texts) siteChoices(all string) []Choice {
	choices := []Choice{{Value: "", Name: all}}
	for _, site := range p.Sites {
		choices = append(choices, Choice{Value: site, Name: site})
	}
	return choices
}

func localeChoices() (choices []Choice) {
	for _, l := range text.Languages {
		choices = append(choices, Choice{Value: l.Tag, Name: l.Name})
	}
	return choices
}

// direction is the one in which the texts of the page are written. What begins with a value has the direction of its language, too.
func (p Texts) direction() string {
	for _, l := range text.Languages {
		if l.Tag == p.Locale && l.IsRTL {
			return "rtl"
		}
	}
	return "ltr"
}

// usual is what users see without a text of this site.
func (r TextRow) usual() string {
	if r.OfAllSites != "" {
		return r.OfAllSites
	}
	return r.Default
}
