package models

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// The bounds of texts that a company writes itself.
const (
	MaxTextOverride  = 500    // characters of one
	MaxTextOverrides = 20_000 // of all sites and languages together
)

// TextOverride is a text for users as the company has written it, in one language, on one site or, with Site "", on all sites. Its
// columns and the names in JSON are the same.
type TextOverride struct {
	Site   string `bun:"site"   json:"site"`   // an origin, "" for all sites
	Locale string `bun:"locale" json:"locale"` // one of Locales
	Key    string `bun:"key"    json:"key"`    // of the catalogue, followed by the plural form if the text has several
	Text   string `bun:"text"   json:"text"`
}

// textsJSON selects all texts of the company, those of all sites before those of a site, as the JSON of [TextOverride].
const textsJSON = `(SELECT coalesce(json_agg(json_build_object('site', site, 'locale', locale, 'key', key, 'text', text)
	ORDER BY site, locale, key), '[]') FROM text_overrides)`

// TextOverrides returns the texts that the company has written for a site, after those for all sites; "" is no site. It is what
// [Desk.Reload] read last.
func (d *Desk) TextOverrides(site string) []TextOverride {
	var of []TextOverride
	for _, o := range *d.texts.Load() {
		if o.Site == "" || o.Site == site {
			of = append(of, o)
		}
	}
	return of
}

// SetTextOverride stores a text of the company in place of the one that is stored. Admins only. Line breaks become spaces, control
// characters are removed. A site that may not embed the widget, an unknown language, and a text that is empty or too long are
// validation_failed; more than [MaxTextOverrides] are 409 too_many_text_overrides. Whether the key exists, and what may be in
// braces, is for the caller to check.
func (d *Desk) SetTextOverride(ctx context.Context, actor Actor, o TextOverride) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	err := d.checkTextOverride(&o)
	if err != nil {
		return err
	}
	if o.Text, err = validateText("text", oneLine(o.Text), 1, MaxTextOverride); err != nil {
		return err
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockTextOverride(ctx, o)
		if err != nil || before == o.Text {
			return err
		}
		if before == "" {
			var stored int
			if err := t.NewRaw(`SELECT count(*) FROM text_overrides`).Scan(ctx, &stored); err != nil {
				return err
			}
			if stored >= MaxTextOverrides {
				return ErrTooManyTextOverrides
			}
		}
		_, err = t.NewRaw(`INSERT INTO text_overrides (site, locale, key, text) VALUES (?, ?, ?, ?)
			ON CONFLICT (site, locale, key) DO UPDATE SET text = excluded.text`, o.Site, o.Locale, o.Key, o.Text).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditTextChanged, aboutText(o), details{"text": step{before, o.Text}})
	})
}

// RemoveTextOverride removes a text of the company, so that users see that of all sites, or else that of Parley. Admins only. Without a
// stored text it is 404 text_override_not_found.
func (d *Desk) RemoveTextOverride(ctx context.Context, actor Actor, o TextOverride) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if exact, err := ParseOrigin(o.Site); err == nil {
		o.Site = exact
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockTextOverride(ctx, o)
		if err != nil {
			return err
		}
		if before == "" {
			return ErrTextOverrideNotFound
		}
		_, err = t.NewRaw(`DELETE FROM text_overrides WHERE site = ? AND locale = ? AND key = ?`, o.Site, o.Locale, o.Key).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditTextRemoved, aboutText(o), details{"text": step{before, ""}})
	})
}

// lockTextOverride returns the stored text, "" for none, and keeps others from changing texts until the transaction ends.
func (t *tx) lockTextOverride(ctx context.Context, o TextOverride) (string, error) {
	if _, err := t.NewRaw(`LOCK TABLE text_overrides IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx); err != nil {
		return "", err
	}
	var before string
	err := t.NewRaw(`SELECT coalesce((SELECT text FROM text_overrides WHERE site = ? AND locale = ? AND key = ?), '')`, o.Site, o.Locale, o.Key).
		Scan(ctx, &before)
	return before, err
}

// originOf returns the origin of a page, "" for an address without one.
func originOf(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (d *Desk) checkTextOverride(o *TextOverride) error {
	if o.Site != "" {
		exact, err := ParseOrigin(o.Site)
		if err != nil || !slices.Contains(d.AllowedOrigins(), exact) {
			return invalid("site", fieldUnknown, "This site may not embed the widget. Add it to the sites first.")
		}
		o.Site = exact
	}
	if !slices.Contains(Locales, o.Locale) {
		return invalid("locale", fieldUnknown, "locale must be one of "+strings.Join(Locales, ", ")+".")
	}
	return nil
}

// aboutText returns the subject of a text: its site, or "all", its language and its key.
func aboutText(o TextOverride) Subject {
	site := o.Site
	if site == "" {
		site = "all"
	}
	return Subject{
		Kind: SubjectText,
		ID:   site + " " + o.Locale + " " + o.Key,
		Name: strings.TrimSpace(o.Site + " " + o.Locale + " " + o.Key),
	}
}
