package api

import "parley/models"

// Look is how the widget looks on a site, or with an empty one on all sites. What is empty is as on all sites, and
// there as Parley has it.
type Look struct {
	Site         string   `json:"site"`
	Colour       string   `json:"colour"`
	Company      string   `json:"company"`
	LabelEn      string   `json:"label_en"`
	LabelZhCN    string   `json:"label_zh_cn"`
	Position     string   `json:"position"`
	GreetingEn   string   `json:"greeting_en"`
	GreetingZhCN string   `json:"greeting_zh_cn"`
	AwayEn       string   `json:"away_en"`
	AwayZhCN     string   `json:"away_zh_cn"`
	Topics       []string `json:"topics"` // short names of departments
	PrivacyURL   string   `json:"privacy_url"`
	Avatar       *string  `json:"avatar"` // the address of the picture
}

// LookOf returns the body of a look. base is the address of Parley.
func LookOf(l *models.Look, base string) Look {
	out := Look{
		Site: l.Site, Colour: l.Colour, Company: l.Company, LabelEn: l.LabelEn, LabelZhCN: l.LabelZhCN, Position: l.Position,
		GreetingEn: l.GreetingEn, GreetingZhCN: l.GreetingZhCN, AwayEn: l.AwayEn, AwayZhCN: l.AwayZhCN, PrivacyURL: l.PrivacyURL,
		Topics: Map(l.Topics, func(t *models.Topic) string { return t.Slug }),
	}
	if l.Avatar != "" {
		out.Avatar = optional(base + AvatarPath(l.Avatar))
	}
	return out
}

// AvatarPath returns the address of a picture by its id, "" for none.
func AvatarPath(id string) string {
	if id == "" {
		return ""
	}
	return "/widget/avatars/" + id
}
