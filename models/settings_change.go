package models

import (
	"context"
	"errors"
	"strings"
)

// SettingChange is a new value for one setting, or the way back to the environment's.
type SettingChange struct {
	Key   string
	Value string
	Reset bool // Value is ignored
	// Seen is the value in force that the caller was shown, as in [SettingRow], nil if it does not matter. A Value equal to it changes
	// nothing, even if the value in force is different by now; any other Value is refused if another admin has changed the setting since.
	Seen *string
}

// The codes of field errors that only settings have.
const (
	FieldOrder   = "order"   // does not fit another setting: see Setting.LongerThan
	FieldChanged = "changed" // another admin changed it since it was displayed
)

// ChangeSetting overrides one setting of the environment on every instance. Admins only; a value out of bounds or one that does not fit
// the others is validation_failed, an unknown key setting_not_found.
func (d *Desk) ChangeSetting(ctx context.Context, actor Actor, key, value string) error {
	return d.ChangeSettings(ctx, actor, []SettingChange{{Key: key, Value: value}})
}

// ResetSetting goes back to the value of the environment. Admins only; errors as for [Desk.ChangeSetting].
func (d *Desk) ResetSetting(ctx context.Context, actor Actor, key string) error {
	return d.ChangeSettings(ctx, actor, []SettingChange{{Key: key, Reset: true}})
}

// ChangeSettings makes several changes at once, on every instance: all of them, or none. Each setting that gets another value is a row of
// the audit log. Admins only; an unknown key is setting_not_found; everything else that is refused is validation_failed, with a field for
// each key at fault.
func (d *Desk) ChangeSettings(ctx context.Context, actor Actor, changes []SettingChange) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	changes, err := acceptedChanges(changes)
	if err != nil || len(changes) == 0 {
		return err
	}
	return d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		overrides, err := t.lockOverrides(ctx)
		if err != nil {
			return err
		}
		if err := checkChanges(d.base, overrides, changes); err != nil {
			return err
		}
		inForce := overridden(d.base, overrides)
		for _, c := range changes {
			setting := settingByKey(c.Key)
			stored, hasOverride := overrides[c.Key]
			switch from := setting.value.read(&inForce); {
			case c.Reset && hasOverride:
				err = t.deleteOverride(ctx, actor, c.Key, step{stored, setting.value.read(&d.base)})
			case !c.Reset && (from != c.Value || hasOverride && stored != c.Value):
				err = t.storeOverride(ctx, actor, c.Key, step{from, c.Value})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// acceptedChanges returns the changes with their values as Parley writes them, without those whose value the caller was shown. It refuses
// values that a setting does not accept.
func acceptedChanges(changes []SettingChange) ([]SettingChange, error) {
	var accepted []SettingChange
	var scratch Settings
	var faults fieldFaults
	for _, c := range changes {
		setting := settingByKey(c.Key)
		if setting == nil || setting.EnvironmentOnly {
			return nil, ErrSettingNotFound
		}
		if !c.Reset {
			if err := setting.set(&scratch, c.Value); err != nil {
				faults.add(err)
				continue
			}
			c.Value = setting.value.read(&scratch)
			if c.Seen != nil && *c.Seen == c.Value {
				continue
			}
		}
		accepted = append(accepted, c)
	}
	return accepted, faults.err()
}

// checkChanges refuses changes of settings that another admin has changed since they were displayed, and those after
// which two settings do not fit each other. Overrides that did not fit before are no reason to refuse the change of
// another setting.
func checkChanges(base Settings, overrides map[string]string, changes []SettingChange) error {
	var faults fieldFaults
	inForce, next := overridden(base, overrides), withOverrides(base, overrides)
	changed := map[string]bool{}
	for _, c := range changes {
		setting := settingByKey(c.Key)
		value, now := c.Value, setting.value.read(&inForce)
		if c.Reset {
			value = setting.value.read(&base)
		}
		if c.Seen != nil && *c.Seen != now && value != now {
			faults.add(invalid(c.Key, FieldChanged, c.Key+" was changed to "+ShortDuration(now)+" meanwhile."))
		}
		_ = setting.set(&next, value) // it was accepted before
		changed[c.Key] = true
	}
	for _, longer := range next.outOfOrder() {
		for _, key := range []string{longer.Key, longer.LongerThan} {
			if changed[key] {
				faults.add(longer.orderFault(key))
				break
			}
		}
	}
	return faults.err()
}

// lockOverrides returns the values that admins have set, by key, and holds the table against other changes until the transaction ends: what
// two admins change at once must fit together, too.
func (t *tx) lockOverrides(ctx context.Context) (map[string]string, error) {
	if _, err := t.NewRaw(`LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx); err != nil {
		return nil, err
	}
	var rows []struct{ Key, Value string }
	if err := t.NewRaw(`SELECT key, value FROM settings`).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	overrides := make(map[string]string, len(rows))
	for _, row := range rows {
		overrides[row.Key] = row.Value
	}
	return overrides, nil
}

func (t *tx) storeOverride(ctx context.Context, actor Actor, key string, change step) error {
	_, err := t.NewRaw(`INSERT INTO settings (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()`, key, change.To).Exec(ctx)
	if err != nil || change.From == change.To {
		return err
	}
	return t.audit(ctx, actor, AuditSettingChanged, aboutSetting(key), details{"value": change})
}

func (t *tx) deleteOverride(ctx context.Context, actor Actor, key string, change step) error {
	if _, err := t.NewRaw(`DELETE FROM settings WHERE key = ?`, key).Exec(ctx); err != nil {
		return err
	}
	return t.audit(ctx, actor, AuditSettingReset, aboutSetting(key), details{"value": change})
}

func aboutSetting(key string) Subject { return Subject{Kind: SubjectSetting, ID: key, Name: key} }

// withOverrides returns base with the overrides that a setting accepts; the others are passed over.
func withOverrides(base Settings, overrides map[string]string) Settings {
	for _, setting := range settingTable {
		if value, found := overrides[setting.Key]; found && !setting.EnvironmentOnly {
			_ = setting.set(&base, value)
		}
	}
	return base
}

// overridden returns the settings in force. Where two of them do not fit each other, both are those of base.
func overridden(base Settings, overrides map[string]string) Settings {
	s := withOverrides(base, overrides)
	for _, longer := range s.outOfOrder() {
		for _, setting := range []*Setting{&longer, settingByKey(longer.LongerThan)} {
			_ = setting.set(&s, setting.value.read(&base))
		}
	}
	return s
}

// changeSettings runs f in a transaction that changes settings or sites, lets every instance know, and reads them again.
func (d *Desk) changeSettings(ctx context.Context, f func(context.Context, *tx) error) error {
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		t.emit(Event{Kind: KindSettings})
		return f(ctx, t)
	})
	if err == nil {
		d.reloadChanged(ctx)
	}
	return err
}

// reloadChanged reads the settings again after a change that is committed. Where that fails, the process notices their new version within
// seconds.
func (d *Desk) reloadChanged(ctx context.Context) {
	if err := d.Reload(ctx); err != nil {
		d.log.WarnContext(ctx, "settings not read after a change, will retry", "error", err)
	}
}

// fieldFaults gathers refusals of several fields.
type fieldFaults struct {
	fields  map[string]string
	details []string
}

// add takes what [Setting.set] and its like return.
func (f *fieldFaults) add(err error) {
	var refused *Error
	if !errors.As(err, &refused) {
		return
	}
	for field, code := range refused.Fields {
		if f.fields == nil {
			f.fields = map[string]string{}
		}
		if _, found := f.fields[field]; !found {
			f.fields[field] = code
			f.details = append(f.details, refused.Detail)
		}
	}
}

// err returns all refusals as one error, nil for none.
func (f *fieldFaults) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "validation_failed", Detail: strings.Join(f.details, " "), Fields: f.fields}
}
