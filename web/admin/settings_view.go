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

// bounds are the least and the most that the desk takes, as the page tells them. A test holds them to the desk's own.
type bounds struct{ least, most string }

// settingGroups is the order of the settings page.
var settingGroups = []struct {
	name string
	rows []settingRow
}{
	{"admin.settings.group_idle", []settingRow{
		{"IDLE_WARNING", bounds{"1s", "24h"}}, {"IDLE_TIMEOUT", bounds{"2s", "48h"}}, {"IDLE_AGENT_ACTION", bounds{}},
	}},
	{"admin.settings.group_presence", []settingRow{
		{"PRESENCE_TIMEOUT", bounds{"1s", "1h"}}, {"PRESENCE_GRACE", bounds{"0s", "24h"}}, {"QUEUE_GRACE", bounds{"1s", "24h"}},
	}},
	{"admin.settings.group_queue", []settingRow{
		{"QUEUE_BATCH", bounds{"1", "1000"}}, {"RETENTION", bounds{"1h", "87600h"}}, {"MASK_CARDS", bounds{}},
	}},
	{"admin.settings.group_access", []settingRow{{"REQUIRE_IDENTITY", bounds{}}}},
	{"admin.settings.group_limits", []settingRow{
		{"RATE_SEND", bounds{"1", "100000"}}, {"RATE_END", bounds{"1", "100000"}}, {"RATE_RATE", bounds{"1", "100000"}},
		{"RATE_FILE", bounds{"1", "100000"}}, {"RATE_LOGIN", bounds{"1", "100000"}},
		{"RATE_SESSION", bounds{"1", "100000"}},
	}},
}

type settingRow struct {
	key string
	bounds
}

// settingsView sorts the desk's settings into their groups.
func settingsView(ctx context.Context, rows []models.SettingRow) []view.Group {
	groups := make([]view.Group, len(settingGroups))
	for i, g := range settingGroups {
		groups[i].Name = text.T(ctx, g.name)
		for _, listed := range g.rows {
			for _, row := range rows {
				if row.Key == listed.key {
					groups[i].Rows = append(groups[i].Rows, settingView(ctx, row, listed.bounds))
				}
			}
		}
	}
	return groups
}

func settingView(ctx context.Context, row models.SettingRow, b bounds) view.Setting {
	key := "admin.setting." + strings.ToLower(row.Key)
	s := view.Setting{Key: row.Key, Name: text.T(ctx, key+".name"), Does: text.T(ctx, key+".does"),
		Value: short(row.Value), Default: short(row.Default), Overridden: row.Overridden}
	switch {
	case row.Key == "IDLE_AGENT_ACTION":
		s.Choices = settingChoices(ctx, models.IdleEnd, models.IdleRequeue)
	case row.Value == "true", row.Value == "false":
		s.Choices = settingChoices(ctx, "true", "false")
	case isLength(row.Value):
		s.Bounds = text.T(ctx, "admin.settings.duration", "Least", b.least, "Most", b.most)
	case strings.HasPrefix(row.Key, "RATE_"):
		s.Bounds, s.Number = text.T(ctx, "admin.settings.per_minute", "Least", b.least, "Most", b.most), true
	default:
		s.Bounds, s.Number = text.T(ctx, "admin.settings.number", "Least", b.least, "Most", b.most), true
	}
	return s
}

func settingChoices(ctx context.Context, values ...string) []view.Choice {
	choices := make([]view.Choice, len(values))
	for i, value := range values {
		choices[i] = view.Choice{Value: value, Name: settingWord(ctx, value)}
	}
	return choices
}

// settingWord is the value of a setting as people read it.
func settingWord(ctx context.Context, value string) string {
	switch value {
	case "true":
		return text.T(ctx, "admin.settings.on")
	case "false":
		return text.T(ctx, "admin.settings.off")
	case models.IdleEnd:
		return text.T(ctx, "admin.setting.idle_agent_action.end")
	case models.IdleRequeue:
		return text.T(ctx, "admin.setting.idle_agent_action.requeue")
	}
	return short(value)
}

// refusedSetting is the row with what was typed and why it was refused.
func refusedSetting(ctx context.Context, row models.SettingRow, b bounds, typed string, words view.Errors) view.Setting {
	s := settingView(ctx, row, b)
	s.Value, s.Error = typed, words["value"]
	d, err := time.ParseDuration(strings.TrimSpace(typed))
	least, _ := time.ParseDuration(b.least)
	most, _ := time.ParseDuration(b.most)
	switch {
	case strings.HasPrefix(row.Key, "IDLE_") && err == nil && d >= least && d <= most:
		s.Error = text.T(ctx, "admin.error.idle_order") // within its own bounds, so it is the other that it does not fit
	case isLength(row.Value):
		s.Error = text.T(ctx, "admin.error.duration")
	case s.Error == "":
		s.Error = words[""]
	}
	return s
}

func isLength(value string) bool {
	_, err := strconv.Atoi(value)
	_, derr := time.ParseDuration(value)
	return err != nil && derr == nil
}

// short writes a duration without the zeros that Go adds: 2m for 2m0s. Anything else stays as it is.
func short(value string) string {
	if !isLength(value) {
		return value
	}
	if trimmed, ok := strings.CutSuffix(value, "m0s"); ok {
		value = trimmed + "m"
	}
	if trimmed, ok := strings.CutSuffix(value, "h0m"); ok {
		value = trimmed + "h"
	}
	return value
}

type settingJSON struct {
	Key          string      `json:"key"`
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Value        string      `json:"value"`
	Default      string      `json:"default"`
	IsOverridden api.IntBool `json:"is_overridden"`
	Minimum      *string     `json:"minimum"`
	Maximum      *string     `json:"maximum"`
	Choices      []string    `json:"choices"`
}

// settingOf is a setting with the values that it takes: between bounds, or one of several.
func settingOf(ctx context.Context, row models.SettingRow, b bounds) settingJSON {
	shown := settingView(ctx, row, b)
	out := settingJSON{Key: row.Key, Name: shown.Name, Description: shown.Does, Value: short(row.Value), Default: short(row.Default),
		IsOverridden: api.IntBool(row.Overridden), Choices: []string{}}
	for _, choice := range shown.Choices {
		out.Choices = append(out.Choices, choice.Value)
	}
	if b.most != "" {
		out.Minimum, out.Maximum = &b.least, &b.most
	}
	return out
}

// settingsOf are the settings in the order of their page.
func settingsOf(ctx context.Context, rows []models.SettingRow) []settingJSON {
	settings := make([]settingJSON, 0, len(rows))
	for _, group := range settingGroups {
		for _, listed := range group.rows {
			for _, row := range rows {
				if row.Key == listed.key {
					settings = append(settings, settingOf(ctx, row, listed.bounds))
				}
			}
		}
	}
	return settings
}
