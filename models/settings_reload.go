package models

import (
	"context"
	"sync/atomic"
)

// reload lets one read of the settings finish before the next begins, so that what is stored last was also read last.
type reload struct {
	turn    chan struct{} // holds one token during a read
	version atomic.Int64
	// Whether there are bots and webhooks, so that installations without any look for nothing every second.
	hasBots, hasWebhooks atomic.Bool
}

// SettingsVersion returns the version of the settings and sites that [Desk.Reload] read last, 0 before the first time. In the database
// the version grows with every change by any instance.
func (d *Desk) SettingsVersion() int64 { return d.reload.version.Load() }

// Reload reads the overrides of admins, the sites that they added, the opening hours, the questions before chats, the
// looks of the widget, the texts that the company has written, the outcomes and tags that are offered, and whether there are bots and
// webhooks. Values that no longer fit are passed over in favour of the environment's. Of two calls at once the second one waits for the
// first, and then reads too.
func (d *Desk) Reload(ctx context.Context) error {
	select {
	case d.reload.turn <- struct{}{}:
		defer func() { <-d.reload.turn }()
	case <-ctx.Done():
		return translate(ctx.Err())
	}
	// One statement sees one state of all of them.
	var row struct {
		Version   int64
		Overrides map[string]string
		Sites     []string
		Options   []WrapUpOption
		Hours     []OpeningHours
		Questions []Question
		Looks     []Look
		Texts     []TextOverride

		HasBots, HasWebhooks bool
	}
	err := d.db.NewRaw(`SELECT settings_version AS version,
		(SELECT coalesce(json_object_agg(key, value), '{}') FROM settings) AS overrides,
		(SELECT coalesce(json_agg(origin ORDER BY origin), '[]') FROM sites) AS sites,
		(SELECT coalesce(json_agg(o ORDER BY lower(name), id), '[]') FROM wrap_up_options o WHERE retired_at IS NULL) AS options,
		`+openingHoursJSON+` AS hours, `+questionsJSON+` AS questions, `+looksJSON+` AS looks, `+textsJSON+` AS texts,
		EXISTS (SELECT FROM bots) AS has_bots, EXISTS (SELECT FROM webhooks) AS has_webhooks
		FROM pulse`).Scan(ctx, &row)
	if err != nil {
		return translate(err)
	}
	next := overridden(d.base, row.Overrides)
	sites := allSites(d.base.AllowedOrigins, row.Sites)
	d.settings.Store(&next)
	d.sites.Store(&sites)
	d.options.Store(&row.Options)
	d.hours.Store(&row.Hours)
	d.questions.Store(&row.Questions)
	d.looks.Store(&row.Looks)
	d.texts.Store(&row.Texts)
	d.reload.hasBots.Store(row.HasBots)
	d.reload.hasWebhooks.Store(row.HasWebhooks)
	d.reload.version.Store(row.Version)
	return nil
}
