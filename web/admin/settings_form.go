package admin

import (
	"context"
	"net/url"
	"strings"
	"time"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
)

// The form fields of a setting in addition to the one named by its key.
const (
	seenField = ".seen" // the value in force when the form was drawn
	unitField = ".unit" // of a duration
)

// groupRows returns the settings of a group.
func groupRows(rows []models.SettingRow, group string) []models.SettingRow {
	var found []models.SettingRow
	for _, row := range rows {
		if string(row.Group) == group {
			found = append(found, row)
		}
	}
	return found
}

// groupChanges returns the changes in a form of the settings that it contains.
func groupChanges(form url.Values, rows []models.SettingRow) []models.SettingChange {
	var changes []models.SettingChange
	for _, row := range rows {
		if form.Has(row.Key + seenField) {
			seen := form.Get(row.Key + seenField)
			changes = append(changes, models.SettingChange{Key: row.Key, Value: enteredValue(form, row), Seen: &seen})
		}
	}
	return changes
}

// enteredValue returns the value of a setting as it is entered in a form. It may be one that the setting does not accept.
func enteredValue(form url.Values, row models.SettingRow) string {
	entered := strings.TrimSpace(form.Get(row.Key))
	switch row.Kind() {
	case models.SettingSwitch:
		if form.Has(row.Key) { // a browser does not send a switch that is off
			return "true"
		}
		return "false"
	case models.SettingDuration:
		return enteredDuration(entered, models.SettingUnit(form.Get(row.Key+unitField)))
	}
	return entered
}

// enteredDuration returns a number of units as a Go duration, "" for what is none.
func enteredDuration(number string, unit models.SettingUnit) string {
	if number == "" || strings.Trim(number, "0123456789.") != "" {
		return ""
	}
	times := 1
	if unit == models.UnitDay {
		unit, times = models.UnitHour, 24
	}
	suffix := map[models.SettingUnit]string{models.UnitSecond: "s", models.UnitMinute: "m", models.UnitHour: "h"}[unit]
	d, err := time.ParseDuration(number + suffix)
	if err != nil || unit.Duration() == 0 || d > maxDuration/time.Duration(times) {
		return ""
	}
	return (d * time.Duration(times)).String()
}

const maxDuration time.Duration = 1<<63 - 1

// enterAgain puts what was entered in a form back into its group, in the units in which it was entered. The setting that was reset, and one
// that the form did not change and another admin did, are shown as they are now.
func enterAgain(group *view.SettingGroup, form url.Values, rows []models.SettingRow, reset string) {
	for i, row := range rows {
		s, seen := &group.Rows[i], form.Get(row.Key+seenField)
		switch {
		case row.Key == reset:
			s.Focus = true // the button that had the focus is gone
		case !form.Has(row.Key + seenField), seen != row.Value && row.Canonical(enteredValue(form, row)) == seen:
		case row.Kind() == models.SettingSwitch:
			s.Value = enteredValue(form, row)
		default:
			s.Value = form.Get(row.Key)
			for _, unit := range s.Units {
				if unit.Value == form.Get(row.Key+unitField) {
					s.Unit = unit.Value
				}
			}
		}
	}
}

// refuseGroup puts the reason for each refused value at its field.
func refuseGroup(ctx context.Context, group *view.SettingGroup, fields map[string]string, rows []models.SettingRow) {
	group.Refused = true
	byKey := map[string]models.SettingRow{}
	for _, row := range rows {
		byKey[row.Key] = row
	}
	focused := false
	for i := range group.Rows {
		s := &group.Rows[i]
		code, refused := fields[s.Key]
		s.Focus = refused && !focused
		focused = focused || refused
		if refused {
			s.Error = settingError(ctx, byKey[s.Key], code, byKey)
		}
	}
}

func settingError(ctx context.Context, row models.SettingRow, code string, rows map[string]models.SettingRow) string {
	switch code {
	case models.FieldChanged:
		return text.T(ctx, "admin.settings.error.changed", "Value", settingWord(ctx, row.Setting, row.Value))
	case models.FieldOrder:
		longer := row
		for _, other := range rows {
			if other.LongerThan == row.Key {
				longer = other
			}
		}
		return text.T(
			ctx,
			"admin.settings.error.order",
			"Longer",
			settingLabel(ctx, longer.Key),
			"Shorter",
			settingLabel(ctx, longer.LongerThan),
		)
	}
	lower, upper := settingRange(ctx, row.Setting)
	switch row.Kind() {
	case models.SettingDuration:
		return text.T(ctx, "admin.settings.error.duration", "Min", lower, "Max", upper)
	case models.SettingInteger:
		return text.T(ctx, "admin.settings.error.integer", "Min", lower, "Max", upper)
	}
	return text.T(ctx, "admin.error.not_known")
}
