package web_test

import "testing"

// The page Export in both languages, light and dark, on a desk and on a phone.
func TestTheExportIsOffered(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/data")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/data?lang=" + l.lang)
		b.sees("#main code", "parley export --after CURSOR --out FILE")
		b.accessible("the export, " + l.name)
		b.looksLike("export-" + l.name)
	}
	b.size(390, 844)
	b.until("no scrolling sideways", "document.documentElement.scrollWidth <= innerWidth")
	b.looksLike("export-phone")
}
