package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What happens to a chat whose agent fell silent.
const (
	IdleEnd     = "end"
	IdleRequeue = "requeue"
)

// Settings are the numbers of the rules. Zero values are not usable; start from [DefaultSettings].
type Settings struct {
	QueueBatch      int           // chats per drain transaction
	IdleWarning     time.Duration // silence before the warning
	IdleTimeout     time.Duration // silence before the end, longer than IdleWarning
	IdleAgentAction string        // IdleEnd or IdleRequeue
	Retention       time.Duration // how long ended chats are kept
	PresenceTimeout time.Duration // without a sign of life: away
	PresenceGrace   time.Duration // after that: chats go back
	QueueGrace      time.Duration // without a sign of life a waiting chat is abandoned
	RateSend        int           // per minute and identity, as are the following
	RateEnd         int
	RateRate        int
	RateFile        int
	RateLogin       int
	RequireIdentity bool          // users whom no host site has vouched for are refused
	RateSession     int           // new anonymous users per minute and address
	MaskCards       bool          // card numbers are masked before they are stored
	AuditRetention  time.Duration // how long the audit log is kept; only the environment says so, not those whose deeds are in it
	AllowedOrigins  []string      // exact origins of the sites that may embed
}

// DefaultSettings returns the defaults of the contract.
func DefaultSettings() Settings {
	return Settings{QueueBatch: 10, IdleWarning: time.Minute, IdleTimeout: 2 * time.Minute, IdleAgentAction: IdleEnd,
		Retention: 720 * time.Hour, PresenceTimeout: 45 * time.Second, PresenceGrace: 3 * time.Minute, QueueGrace: 5 * time.Minute,
		RateSend: 30, RateEnd: 10, RateRate: 5, RateFile: 10, RateLogin: 10, RateSession: 60, AuditRetention: 2 * 365 * 24 * time.Hour}
}

// setting is one number that an admin may change while Parley runs.
type setting struct {
	key  string
	read func(*Settings) string
	set  func(*Settings, string) error
}

func durationSetting(key string, field func(*Settings) *time.Duration, least, most time.Duration) setting {
	return setting{key, func(s *Settings) string { return field(s).String() }, func(s *Settings, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < least || d > most {
			return invalid("value", fieldOutOfBounds, fmt.Sprintf("%s is a duration from %s to %s, such as 90s or 5m.", key, least, most))
		}
		*field(s) = d
		return nil
	}}
}

func intSetting(key string, field func(*Settings) *int, most int) setting {
	return setting{key, func(s *Settings) string { return strconv.Itoa(*field(s)) }, func(s *Settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > most {
			return invalid("value", fieldOutOfBounds, fmt.Sprintf("%s is a whole number from 1 to %d.", key, most))
		}
		*field(s) = n
		return nil
	}}
}

func boolSetting(key string, field func(*Settings) *bool) setting {
	return setting{key, func(s *Settings) string { return strconv.FormatBool(*field(s)) }, func(s *Settings, v string) error {
		if v != "true" && v != "false" {
			return invalid("value", fieldUnknown, key+" is true or false.")
		}
		*field(s) = v == "true"
		return nil
	}}
}

var settingTable = []setting{
	durationSetting("IDLE_WARNING", func(s *Settings) *time.Duration { return &s.IdleWarning }, time.Second, 24*time.Hour),
	durationSetting("IDLE_TIMEOUT", func(s *Settings) *time.Duration { return &s.IdleTimeout }, 2*time.Second, 48*time.Hour),
	{"IDLE_AGENT_ACTION", func(s *Settings) string { return s.IdleAgentAction }, func(s *Settings, v string) error {
		if v != IdleEnd && v != IdleRequeue {
			return invalid("value", fieldUnknown, "IDLE_AGENT_ACTION is end or requeue.")
		}
		s.IdleAgentAction = v
		return nil
	}},
	intSetting("QUEUE_BATCH", func(s *Settings) *int { return &s.QueueBatch }, 1000),
	durationSetting("PRESENCE_TIMEOUT", func(s *Settings) *time.Duration { return &s.PresenceTimeout }, time.Second, time.Hour),
	durationSetting("PRESENCE_GRACE", func(s *Settings) *time.Duration { return &s.PresenceGrace }, 0, 24*time.Hour),
	durationSetting("QUEUE_GRACE", func(s *Settings) *time.Duration { return &s.QueueGrace }, time.Second, 24*time.Hour),
	durationSetting("RETENTION", func(s *Settings) *time.Duration { return &s.Retention }, time.Hour, 10*365*24*time.Hour),
	boolSetting("MASK_CARDS", func(s *Settings) *bool { return &s.MaskCards }),
	intSetting("RATE_SEND", func(s *Settings) *int { return &s.RateSend }, 100000),
	intSetting("RATE_END", func(s *Settings) *int { return &s.RateEnd }, 100000),
	intSetting("RATE_RATE", func(s *Settings) *int { return &s.RateRate }, 100000),
	intSetting("RATE_FILE", func(s *Settings) *int { return &s.RateFile }, 100000),
	intSetting("RATE_LOGIN", func(s *Settings) *int { return &s.RateLogin }, 100000),
	boolSetting("REQUIRE_IDENTITY", func(s *Settings) *bool { return &s.RequireIdentity }),
	intSetting("RATE_SESSION", func(s *Settings) *int { return &s.RateSession }, 100000),
}

// Validate refuses settings that the rules cannot work with, naming the variable at fault.
func (s *Settings) Validate() error {
	for _, row := range settingTable {
		if err := row.set(s, row.read(s)); err != nil {
			return err
		}
	}
	for _, origin := range s.AllowedOrigins {
		if exact, err := ParseOrigin(origin); err != nil || exact != origin {
			return invalid("value", fieldInvalid, fmt.Sprintf("ALLOWED_ORIGINS: %q is not an exact origin such as https://www.example.com.", origin))
		}
	}
	if err := fitHeader(s.AllowedOrigins); err != nil {
		return err
	}
	if s.AuditRetention < leastAuditRetention || s.AuditRetention > mostAuditRetention {
		return invalid("value", fieldOutOfBounds, fmt.Sprintf("AUDIT_RETENTION is a duration from %s to %s, such as 17520h for two years.", leastAuditRetention, mostAuditRetention))
	}
	return s.fit()
}

// The schema keeps the log's last 90 days whatever is set.
const (
	leastAuditRetention = 90 * 24 * time.Hour
	mostAuditRetention  = 20 * 365 * 24 * time.Hour
)

func (s *Settings) fit() error {
	if s.IdleTimeout <= s.IdleWarning {
		return invalid("value", fieldOutOfBounds, "IDLE_TIMEOUT must be longer than IDLE_WARNING, or nobody could answer the warning.")
	}
	return nil
}

// SettingRow is one setting as the admin page shows it.
type SettingRow struct {
	Key, Value, Default string // Default is what the environment says
	Overridden          bool
}

// Settings returns the settings in force.
func (d *Desk) Settings() Settings { return *d.settings.Load() }

// SettingRows returns every setting that an admin may change, in a fixed order.
func (d *Desk) SettingRows() []SettingRow {
	now, base := d.Settings(), d.base
	rows := make([]SettingRow, 0, len(settingTable))
	for _, s := range settingTable {
		row := SettingRow{Key: s.key, Value: s.read(&now), Default: s.read(&base)}
		row.Overridden = row.Value != row.Default
		rows = append(rows, row)
	}
	return rows
}

// ChangeSetting overrides one setting of the environment on every instance. Admins only; a value out of bounds or one that does not fit
// the others is validation_failed, an unknown key setting_not_found.
func (d *Desk) ChangeSetting(ctx context.Context, actor Actor, key, value string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	i := slices.IndexFunc(settingTable, func(s setting) bool { return s.key == key })
	if i < 0 {
		return ErrSettingNotFound
	}
	next := d.Settings()
	if err := settingTable[i].set(&next, strings.TrimSpace(value)); err != nil {
		return err
	}
	if err := next.fit(); err != nil {
		return err
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		from, to := settingTable[i].read(&d.base), settingTable[i].read(&next)
		if err := t.NewRaw(`SELECT value FROM settings WHERE key = ? FOR UPDATE`, key).Scan(ctx, &from); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err := t.NewRaw(`INSERT INTO settings (key, value) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()`, key, to).Exec(ctx)
		if err != nil || from == to {
			return err
		}
		return t.audit(ctx, actor, AuditSettingChanged, aboutSetting(key), details{"value": step{from, to}})
	})
}

// ResetSetting goes back to the value of the environment. Admins only.
func (d *Desk) ResetSetting(ctx context.Context, actor Actor, key string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	i := slices.IndexFunc(settingTable, func(s setting) bool { return s.key == key })
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		var from string
		err := t.NewRaw(`DELETE FROM settings WHERE key = ? RETURNING value`, key).Scan(ctx, &from)
		if errors.Is(err, sql.ErrNoRows) || i < 0 {
			return nil
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditSettingReset, aboutSetting(key), details{"value": step{from, settingTable[i].read(&d.base)}})
	})
}

func aboutSetting(key string) Subject { return Subject{Kind: SubjectSetting, ID: key, Name: key} }

func (d *Desk) changeSettings(ctx context.Context, f func(context.Context, *tx) error) error {
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		t.emit(Event{Kind: KindSettings})
		return f(ctx, t)
	})
	if err != nil {
		return err
	}
	return d.Reload(ctx)
}
