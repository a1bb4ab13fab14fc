package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
)

// settingsView returns the settings in their groups, in the order of the table.
func settingsView(ctx context.Context, rows []models.SettingRow) []view.SettingGroup {
	var groups []view.SettingGroup
	for _, row := range rows {
		id := string(row.Group)
		if len(groups) == 0 || groups[len(groups)-1].ID != id {
			groups = append(groups, view.SettingGroup{ID: id, Name: text.T(ctx, "admin.settings.group."+id)})
		}
		last := &groups[len(groups)-1]
		last.Rows = append(last.Rows, settingView(ctx, row))
	}
	return groups
}

func settingView(ctx context.Context, row models.SettingRow) view.Setting {
	s := view.Setting{
		Key: row.Key, Name: settingLabel(ctx, row.Key), Help: text.T(ctx, settingText(row.Key)+".help"),
		Value: row.Value, Seen: row.Value, Default: settingWord(ctx, row.Setting, row.Default), Overridden: row.Overridden,
	}
	switch row.Kind() {
	case models.SettingDuration:
		offered := offeredUnits(row)
		s.Value, s.Unit = numberAndUnit(row.Value, offered)
		for _, unit := range offered {
			s.Units = append(s.Units, view.Choice{Value: string(unit), Name: text.T(ctx, "admin.settings.units."+string(unit))})
		}
	case models.SettingInteger:
		s.IsWhole, s.Suffix = true, text.T(ctx, "admin.settings.units."+string(row.Unit()))
	case models.SettingSwitch:
		s.IsSwitch = true
	case models.SettingWords, models.SettingText:
		s.IsWords = true
	case models.SettingLine:
		s.IsText = true
	case models.SettingChoice:
		for _, choice := range row.Choices() {
			s.Choices = append(s.Choices, view.Choice{Value: choice, Name: settingWord(ctx, row.Setting, choice)})
		}
	}
	if lower, upper := settingRange(ctx, row.Setting); upper != "" {
		s.Range = text.T(ctx, "admin.settings.range", "Min", lower, "Max", upper)
	}
	return s
}

// settingText is the beginning of the keys of a setting's texts in the catalogues.
func settingText(key string) string { return "admin.setting." + strings.ToLower(key) }

func settingLabel(ctx context.Context, key string) string {
	return text.T(ctx, settingText(key)+".label")
}

// offeredUnits returns the units in which a duration can be entered: from the setting's own to the largest of which two fit its bounds. A
// value in force that is no whole number of its own unit adds seconds.
func offeredUnits(row models.SettingRow) []models.SettingUnit {
	upper, _ := time.ParseDuration(row.Max())
	value, _ := time.ParseDuration(row.Value)
	smallest := row.Unit().Duration()
	if value%smallest != 0 {
		smallest = time.Second
	}
	var offered []models.SettingUnit
	for _, unit := range models.DurationUnits() {
		if unit.Duration() >= smallest && 2*unit.Duration() <= upper {
			offered = append(offered, unit)
		}
	}
	return offered
}

// numberAndUnit returns a duration in the largest unit of which it is a whole number, or as a fraction of the smallest.
func numberAndUnit(value string, units []models.SettingUnit) (number, unit string) {
	d, _ := time.ParseDuration(value)
	for i := len(units) - 1; i >= 0; i-- {
		if length := units[i].Duration(); d%length == 0 && (d != 0 || i == 0) {
			return strconv.FormatInt(int64(d/length), 10), string(units[i])
		}
	}
	return strconv.FormatFloat(float64(d)/float64(units[0].Duration()), 'f', -1, 64), string(units[0])
}

// settingWord returns the value of a setting for display.
func settingWord(ctx context.Context, s models.Setting, value string) string {
	switch s.Kind() {
	case models.SettingDuration:
		if _, err := time.ParseDuration(value); err != nil {
			return value
		}
		number, unit := numberAndUnit(value, models.DurationUnits())
		return amount(ctx, unit, number)
	case models.SettingInteger:
		return amount(ctx, string(s.Unit()), value)
	case models.SettingSwitch:
		if value == "true" {
			return text.T(ctx, "admin.settings.on")
		}
		return text.T(ctx, "admin.settings.off")
	case models.SettingChoice:
		return text.T(ctx, "admin.settings.choice."+value)
	case models.SettingLine:
		if value == "" {
			return text.T(ctx, "admin.settings.no_text")
		}
	case models.SettingWords, models.SettingText:
		if value == "" {
			return text.T(ctx, "admin.settings.no_words")
		}
	}
	return value
}

// amount is a number with its unit, such as 90 seconds.
func amount(ctx context.Context, unit, number string) string {
	count, err := strconv.Atoi(number)
	if err != nil {
		return number + " " + text.T(ctx, "admin.settings.units."+unit)
	}
	said := text.T(ctx, "admin.settings.amount."+unit, "Count", count)
	return strings.Replace(said, number, grouped(number), 1)
}

// grouped is a whole number with a comma for each three digits, as both languages write it.
func grouped(number string) string {
	for at := len(number) - 3; at > 0; at -= 3 {
		number = number[:at] + "," + number[at:]
	}
	return number
}

// settingRange returns the bounds of a number for display, both "" for a setting without bounds.
func settingRange(ctx context.Context, s models.Setting) (lower, upper string) {
	switch s.Kind() {
	case models.SettingDuration:
		return settingWord(ctx, s, s.Min()), settingWord(ctx, s, s.Max())
	case models.SettingInteger:
		return grouped(s.Min()), grouped(s.Max())
	}
	return "", ""
}

type settingJSON struct {
	Key          string      `json:"key"`
	Group        string      `json:"group"`
	Kind         string      `json:"kind"`
	Unit         *string     `json:"unit"`
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Value        string      `json:"value"`
	Default      string      `json:"default"`
	IsOverridden api.IntBool `json:"is_overridden"`
	Minimum      *string     `json:"minimum"`
	Maximum      *string     `json:"maximum"`
	Choices      []string    `json:"choices"`
}

// settingJSONOf is a setting with the values that it accepts: between bounds, or one of several.
func settingJSONOf(ctx context.Context, row models.SettingRow) settingJSON {
	out := settingJSON{
		Key: row.Key, Group: string(row.Group), Kind: string(row.Kind()), Name: settingLabel(ctx, row.Key),
		Description: text.T(ctx, settingText(row.Key)+".help"),
		Value:       models.ShortDuration(row.Value), Default: models.ShortDuration(row.Default),
		IsOverridden: api.IntBool(row.Overridden), Choices: append([]string{}, row.Choices()...),
	}
	if unit, lower, upper := string(row.Unit()), row.Min(), row.Max(); unit != "" {
		out.Unit, out.Minimum, out.Maximum = &unit, &lower, &upper
	}
	return out
}

func settingsJSON(ctx context.Context, rows []models.SettingRow) []settingJSON {
	settings := make([]settingJSON, len(rows))
	for i, row := range rows {
		settings[i] = settingJSONOf(ctx, row)
	}
	return settings
}
