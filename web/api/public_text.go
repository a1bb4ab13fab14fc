package api

// PublicText is a text that users see, in one language.
type PublicText struct {
	Key          string   `json:"key"` // with its plural form, if the text has several
	Default      string   `json:"default"`
	OfAllSites   *string  `json:"of_all_sites"` // as the company has written it for all sites, if another site is asked about
	Text         *string  `json:"text"`         // as the company has written it for the site
	Placeholders []string `json:"placeholders"` // names of the values that may be in it, as {{.Name}}
}
