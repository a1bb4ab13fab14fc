package kit

import (
	"sync"

	"parley/models"
	"parley/views/text"
)

// Texts caches the texts that a company has written, by site. New ones have another version of the settings.
type Texts struct {
	mu      sync.Mutex
	version int64
	bySite  map[string]*text.Overrides
}

// Of returns the texts of a site, nil for none; "" is no site.
func (t *Texts) Of(desk *models.Desk, site string) *text.Overrides {
	t.mu.Lock()
	defer t.mu.Unlock()
	version := desk.SettingsVersion() // before the texts, which are stored first
	if t.version != version || t.bySite == nil {
		t.version, t.bySite = version, map[string]*text.Overrides{}
	}
	own, known := t.bySite[site]
	if known {
		return own
	}
	var list []text.Override
	for _, o := range desk.TextOverrides(site) {
		list = append(list, text.Override{Lang: o.Locale, Key: o.Key, Text: o.Text})
	}
	if len(list) > 0 {
		own = text.NewOverrides(list)
	}
	t.bySite[site] = own
	return own
}
