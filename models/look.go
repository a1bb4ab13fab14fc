package models

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The sides of the page on which the button of the widget can be.
const (
	PositionRight = "right"
	PositionLeft  = "left"
)

// FieldContrast is the code of a field error that only looks have: no text is readable on the colour.
const FieldContrast = "contrast"

// The bounds of looks.
const (
	MaxLooks    = 100 // with the one of all sites
	MaxTopics   = 12
	MaxLookText = 300 // characters of a greeting and of an away text
	MaxCompany  = 40
	MaxLabel    = 24
	MaxAvatar   = 128 << 10 // bytes
)

// Look is how the widget looks on a site. What is empty is as in the look of all sites, and there as Parley has it. Its
// columns and the names in JSON are the same.
type Look struct {
	Site         string  `json:"site"`    // an origin, "" for all sites
	Colour       string  `json:"colour"`  // #rrggbb in lower case, on which white or dark text is readable
	Company      string  `json:"company"` // the name of the company
	LabelEn      string  `json:"label_en"`
	LabelZhCN    string  `json:"label_zh_cn"`
	Position     string  `json:"position"`    // PositionRight or PositionLeft
	GreetingEn   string  `json:"greeting_en"` // the first line is the heading
	GreetingZhCN string  `json:"greeting_zh_cn"`
	AwayEn       string  `json:"away_en"` // while closed or no agent is online; the first line is the heading
	AwayZhCN     string  `json:"away_zh_cn"`
	Topics       []Topic `json:"topics"` // that users choose from, in their order
	PrivacyURL   string  `json:"privacy_url"`
	Avatar       string  `json:"avatar"` // the id of the picture, see [Desk.LookAvatar]; "" for none
}

// Topic is a department that users can choose. A look to store has short names only.
type Topic struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// Avatar is the picture of a look, as it is sent.
type Avatar struct {
	Content []byte
	Type    string // image/jpeg or image/png
}

// Label returns the text of the button in a language, or in the other language where none was entered.
func (l *Look) Label(lang string) string { return inEither(l.LabelEn, l.LabelZhCN, lang) }

// Greeting returns the greeting in a language, or in the other language where none was entered.
func (l *Look) Greeting(lang string) string { return inEither(l.GreetingEn, l.GreetingZhCN, lang) }

// Away returns the away text in a language, or in the other language where none was entered.
func (l *Look) Away(lang string) string { return inEither(l.AwayEn, l.AwayZhCN, lang) }

// IsTopic reports whether users can choose a department.
func (l *Look) IsTopic(department string) bool {
	return slices.ContainsFunc(l.Topics, func(t Topic) bool { return t.Slug == department })
}

func inEither(en, zhCN, lang string) string {
	return ReasonName{NameEn: en, NameZhCN: zhCN}.In(lang)
}

// Over returns the look of a site with what it leaves out as in general. A text that a site has in one language is its
// own in both.
func (l Look) Over(general Look) Look {
	for _, f := range []struct{ own, usual *string }{
		{&l.Colour, &general.Colour},
		{&l.Company, &general.Company},
		{&l.Position, &general.Position},
		{&l.PrivacyURL, &general.PrivacyURL},
		{&l.Avatar, &general.Avatar},
	} {
		if *f.own == "" {
			*f.own = *f.usual
		}
	}
	for _, f := range []struct{ en, zhCN, usualEn, usualZhCN *string }{
		{&l.LabelEn, &l.LabelZhCN, &general.LabelEn, &general.LabelZhCN},
		{&l.GreetingEn, &l.GreetingZhCN, &general.GreetingEn, &general.GreetingZhCN},
		{&l.AwayEn, &l.AwayZhCN, &general.AwayEn, &general.AwayZhCN},
	} {
		if *f.en == "" && *f.zhCN == "" {
			*f.en, *f.zhCN = *f.usualEn, *f.usualZhCN
		}
	}
	if len(l.Topics) == 0 {
		l.Topics = general.Topics
	}
	return l
}

// validate puts names on one line. It refuses, as validation_failed: a site that is no origin, a colour that is not
// #rrggbb or on which neither white nor dark text has enough contrast, an unknown position, texts that are too long, a
// link that is not http or https, and topics that are listed twice or more than MaxTopics.
func (l *Look) validate() (err error) {
	if l.Site != "" {
		if l.Site, err = ParseOrigin(l.Site); err != nil {
			return invalid("site", fieldInvalid,
				"site must be the exact origin of a site such as https://www.example.com, or empty for all.")
		}
	}
	l.Colour = strings.ToLower(strings.TrimSpace(l.Colour))
	switch l.ColourFault() {
	case fieldInvalid:
		return invalid("colour", fieldInvalid, "colour must be a colour such as #0b5968.")
	case FieldContrast:
		return invalid("colour", FieldContrast,
			"Neither white nor dark text is readable on this colour. Choose a darker or a lighter one, with a contrast of at least 4.5.")
	}
	if l.Position != "" && l.Position != PositionRight && l.Position != PositionLeft {
		return invalid("position", fieldUnknown, "position must be right, left or empty.")
	}
	for _, f := range []struct {
		field string
		text  *string
		most  int
	}{
		{"company", &l.Company, MaxCompany}, {"label_en", &l.LabelEn, MaxLabel}, {"label_zh_cn", &l.LabelZhCN, MaxLabel},
	} {
		if *f.text, err = validateText(f.field, oneLine(*f.text), 0, f.most); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		field string
		text  *string
	}{
		{"greeting_en", &l.GreetingEn}, {"greeting_zh_cn", &l.GreetingZhCN}, {"away_en", &l.AwayEn}, {"away_zh_cn", &l.AwayZhCN},
	} {
		if *f.text, err = validateText(f.field, severalLines(*f.text), 0, MaxLookText); err != nil {
			return err
		}
	}
	if l.PrivacyURL, err = validateURL("privacy_url", l.PrivacyURL); err != nil {
		return err
	}
	return validateTopics(l.Topics)
}

// ColourFault returns the code of the field error of the colour, "" if it can be stored.
func (l *Look) ColourFault() string {
	if l.Colour == "" {
		return ""
	}
	switch readable, isColour := isReadable(l.Colour); {
	case !isColour:
		return fieldInvalid
	case !readable:
		return FieldContrast
	}
	return ""
}

// severalLines is [oneLine] for each line of a text.
func severalLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = oneLine(lines[i])
	}
	return strings.Join(lines, "\n")
}

func validateTopics(topics []Topic) error {
	if len(topics) > MaxTopics {
		return invalid("topics", fieldTooMany, "There can be at most "+strconv.Itoa(MaxTopics)+" topics.")
	}
	seen := map[string]bool{}
	for _, t := range topics {
		if !slugForm.MatchString(t.Slug) {
			return invalid("topics", fieldUnknown, "A topic must be the short name of a department.")
		}
		if seen[t.Slug] {
			return invalid("topics", fieldTaken, "The department "+t.Slug+" is listed twice.")
		}
		seen[t.Slug] = true
	}
	return nil
}

var colourForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// isReadable reports whether white or #05262d has a contrast of at least 4.5 on a colour, and whether it is one.
func isReadable(colour string) (readable, isColour bool) {
	if colour = strings.ToLower(colour); !colourForm.MatchString(colour) {
		return false, false
	}
	const white, dark = 1.05, 0.01608 + 0.05 // relative luminances of WCAG 2, with the 0.05 of its formula
	light := 0.05
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, _ := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		v := float64(n) / 255
		if v > 0.04045 {
			v = math.Pow((v+0.055)/1.055, 2.4)
		} else {
			v /= 12.92
		}
		light += share * v
	}
	return white/light >= 4.5 || light/dark >= 4.5, true
}
