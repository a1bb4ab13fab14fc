package models

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
)

// looksJSON selects all looks, as the JSON of [Look].
const looksJSON = `(SELECT coalesce(json_agg(json_build_object(
		'site', l.site, 'colour', l.colour, 'company', l.company, 'label_en', l.label_en, 'label_zh_cn', l.label_zh_cn,
		'position', l.position,
		'greeting_en', l.greeting_en, 'greeting_zh_cn', l.greeting_zh_cn, 'away_en', l.away_en, 'away_zh_cn', l.away_zh_cn,
		'privacy_url', l.privacy_url, 'avatar', coalesce(l.avatar_hash, ''),
		'topics', (SELECT coalesce(json_agg(json_build_object('slug', d.slug, 'name', d.name) ORDER BY t.position), '[]')
			FROM look_topics t JOIN departments d ON d.slug = t.department WHERE t.site = l.site)) ORDER BY l.site), '[]') FROM looks l)`

// Looks returns all looks that are stored: the one of all sites first, then by site.
func (d *Desk) Looks(ctx context.Context) ([]Look, error) {
	var row struct{ Looks []Look }
	err := d.db.NewRaw(`SELECT `+looksJSON+` AS looks`).Scan(ctx, &row)
	return row.Looks, translate(err)
}

// LookOf returns how the widget looks on a site; "" is no site. What the site leaves out is as on all sites. It is what
// [Desk.Reload] read last.
func (d *Desk) LookOf(site string) Look {
	general, own := Look{}, Look{Site: site}
	for _, l := range *d.looks.Load() {
		switch l.Site {
		case "":
			general = l
		case site:
			own = l
		}
	}
	return own.Over(general)
}

// SiteLooks returns the looks of the sites that may embed the widget and have one of their own, as [Desk.LookOf] does.
// The first one is that of all other sites.
func (d *Desk) SiteLooks() []Look {
	looks := []Look{d.LookOf("")}
	sites := d.AllowedOrigins()
	for _, l := range *d.looks.Load() {
		if l.Site != "" && slices.Contains(sites, l.Site) {
			looks = append(looks, l.Over(looks[0]))
		}
	}
	return looks
}

// SetLook stores the look of a site or, with Site "", of all sites, in place of the one that is stored, and leaves its
// picture as it is. Admins only. A site that may not embed the widget and what [Look] cannot hold are
// validation_failed, an unknown department is department_not_found, and more than [MaxLooks] are 409 too_many_looks.
func (d *Desk) SetLook(ctx context.Context, actor Actor, l Look) error {
	if err := l.validate(); err != nil {
		return err
	}
	return d.changeLook(ctx, actor, l.Site, func(ctx context.Context, t *tx, before *Look, _ bool) (details, error) {
		if err := t.lockTopics(ctx, l.Topics); err != nil {
			return nil, err
		}
		more := lookChanges(before, &l)
		if len(more) == 0 {
			return nil, nil
		}
		_, err := t.NewRaw(`UPDATE looks SET colour = ?, company = ?, label_en = ?, label_zh_cn = ?, position = ?, greeting_en = ?,
				greeting_zh_cn = ?, away_en = ?, away_zh_cn = ?, privacy_url = ? WHERE site = ?`,
			l.Colour, l.Company, l.LabelEn, l.LabelZhCN, l.Position, l.GreetingEn, l.GreetingZhCN, l.AwayEn, l.AwayZhCN, l.PrivacyURL,
			l.Site).Exec(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := t.NewRaw(`DELETE FROM look_topics WHERE site = ?`, l.Site).Exec(ctx); err != nil {
			return nil, err
		}
		for i, topic := range l.Topics {
			_, err := t.NewRaw(`INSERT INTO look_topics (site, department, position) VALUES (?, ?, ?)`, l.Site, topic.Slug, i).Exec(ctx)
			if err != nil {
				return nil, err
			}
		}
		return more, nil
	})
}

// SetLookAvatar stores the picture of a look, nil for none. Admins only. It refuses what [Desk.SetLook] refuses for a
// site; a picture of more than [MaxAvatar] bytes is validation_failed, and removing one of a look that is not stored is
// 404 look_not_found.
func (d *Desk) SetLookAvatar(ctx context.Context, actor Actor, site string, avatar *Avatar) error {
	l := Look{Site: site}
	if err := l.validate(); err != nil {
		return err
	}
	if avatar != nil && len(avatar.Content) > MaxAvatar {
		return invalid("file", fieldTooLong, "This picture is too large.")
	}
	return d.changeLook(ctx, actor, l.Site, func(ctx context.Context, t *tx, before *Look, isNew bool) (details, error) {
		if avatar == nil {
			if isNew {
				return nil, ErrLookNotFound
			}
			if before.Avatar == "" {
				return nil, nil
			}
			_, err := t.NewRaw(`UPDATE looks SET avatar = NULL, avatar_type = NULL, avatar_hash = NULL WHERE site = ?`, l.Site).Exec(ctx)
			return details{"avatar": step{before.Avatar, ""}}, err
		}
		sum := sha256.Sum256(append([]byte(avatar.Type+"\n"), avatar.Content...))
		hash := hex.EncodeToString(sum[:12])
		if hash == before.Avatar {
			return nil, nil
		}
		_, err := t.NewRaw(`UPDATE looks SET avatar = ?, avatar_type = ?, avatar_hash = ? WHERE site = ?`,
			avatar.Content, avatar.Type, hash, l.Site).Exec(ctx)
		return details{"avatar": step{before.Avatar, hash}}, err
	})
}

// RemoveLook removes the look of a site, so that it looks as all sites do, or with "" the latter. Admins only. Without
// a stored look it is 404 look_not_found.
func (d *Desk) RemoveLook(ctx context.Context, actor Actor, site string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if exact, err := ParseOrigin(site); err == nil {
		site = exact
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.NewRaw(`DELETE FROM looks WHERE site = ?`, site).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return ErrLookNotFound
		}
		return t.audit(ctx, actor, AuditLookRemoved, aboutLook(site), nil)
	})
}

// LookAvatar returns a picture by its id. One that no look has is 404 look_not_found.
func (d *Desk) LookAvatar(ctx context.Context, id string) (*Avatar, error) {
	var row struct {
		Avatar     []byte
		AvatarType string
	}
	err := d.db.NewRaw(`SELECT avatar, avatar_type FROM looks WHERE avatar_hash = ? LIMIT 1`, id).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrLookNotFound
	}
	return &Avatar{Content: row.Avatar, Type: row.AvatarType}, translate(err)
}

// aboutLook returns the subject of a look: a site, or "all".
func aboutLook(site string) Subject {
	return Subject{Kind: SubjectLook, ID: cmp.Or(site, "all"), Name: site}
}

// changeLook runs change in a transaction that alone changes looks, with the stored look of a site. Without one it adds
// an empty look first. What change returns is recorded, unless a stored look stays as it is. Admins only.
func (d *Desk) changeLook(ctx context.Context, actor Actor, site string,
	change func(ctx context.Context, t *tx, before *Look, isNew bool) (details, error),
) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if site != "" && !slices.Contains(d.AllowedOrigins(), site) {
		return invalid("site", fieldUnknown, "This site may not embed the widget. Add it to the sites first.")
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`LOCK TABLE looks IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx); err != nil {
			return err
		}
		var row struct{ Looks []Look }
		if err := t.NewRaw(`SELECT `+looksJSON+` AS looks`).Scan(ctx, &row); err != nil {
			return err
		}
		i := slices.IndexFunc(row.Looks, func(l Look) bool { return l.Site == site })
		isNew := i < 0
		if isNew {
			if len(row.Looks) >= MaxLooks {
				return ErrTooManyLooks
			}
			_, err := t.NewRaw(`INSERT INTO looks (site, colour, company, label_en, label_zh_cn, position, greeting_en, greeting_zh_cn, away_en,
				away_zh_cn, privacy_url) VALUES (?, '', '', '', '', '', '', '', '', '', '')`, site).
				Exec(ctx)
			if err != nil {
				return err
			}
			i, row.Looks = len(row.Looks), append(row.Looks, Look{Site: site})
		}
		more, err := change(ctx, t, &row.Looks[i], isNew)
		if err != nil || !isNew && len(more) == 0 {
			return err
		}
		return t.audit(ctx, actor, AuditLookChanged, aboutLook(site), more)
	})
}

// lockTopics keeps departments from being removed until the transaction ends. It comes before the first change, whose
// trigger locks the number of all changes: the transaction that renames a department locks the department first. An
// unknown one is department_not_found.
func (t *tx) lockTopics(ctx context.Context, topics []Topic) error {
	if len(topics) == 0 {
		return nil
	}
	slugs := slugsOf(topics)
	slices.Sort(slugs)
	var known []string
	err := t.NewRaw(`SELECT slug FROM departments WHERE slug IN (?) ORDER BY slug FOR KEY SHARE`, bunIn(slugs)).Scan(ctx, &known)
	if err == nil && len(known) < len(slugs) {
		err = ErrDepartmentNotFound
	}
	return err
}

func slugsOf(topics []Topic) []string {
	slugs := make([]string, len(topics))
	for i, t := range topics {
		slugs[i] = t.Slug
	}
	return slugs
}

// lookChanges returns what administrators changed of a look, for the audit log, by the names in JSON.
func lookChanges(before, after *Look) details {
	more := details{}
	was, is := fieldsOfLook(before), fieldsOfLook(after)
	for name, value := range is {
		if !reflect.DeepEqual(was[name], value) {
			more[name] = step{was[name], value}
		}
	}
	return more
}

func fieldsOfLook(l *Look) map[string]any {
	return map[string]any{
		"colour": l.Colour, "company": l.Company, "label_en": l.LabelEn, "label_zh_cn": l.LabelZhCN, "side": l.Position,
		"greeting_en": l.GreetingEn, "greeting_zh_cn": l.GreetingZhCN, "away_en": l.AwayEn, "away_zh_cn": l.AwayZhCN,
		"privacy_url": l.PrivacyURL, "topics": slugsOf(l.Topics),
	}
}
