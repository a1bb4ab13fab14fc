package models_test

import (
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/models"
	catalogue "parley/views/text"
)

var keyForm = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

func TestEverySettingIsWellDefined(t *testing.T) {
	t.Parallel()
	seen, groups := map[string]bool{}, map[models.SettingGroup]bool{}
	var group models.SettingGroup
	for _, s := range models.SettingTable() {
		if seen[s.Key] || !keyForm.MatchString(s.Key) {
			t.Errorf("%s is no key, or there are two of it", s.Key)
		}
		seen[s.Key] = true
		if s.Group != group && groups[s.Group] {
			t.Errorf("%s stands apart from the others of the group %s", s.Key, s.Group)
		}
		group = s.Group
		groups[group] = true
		if s.Doc == "" || strings.ContainsAny(s.Doc, "|\"\n") || strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s has the text %q, which fits no table", s.Key, s.Doc)
		}
		if _, err := alone(s, s.BuiltInDefault()); err != nil {
			t.Errorf("%s refuses its own default %s: %v", s.Key, s.BuiltInDefault(), err)
		}
		for _, choice := range s.Choices() {
			if _, err := alone(s, choice); err != nil {
				t.Errorf("%s refuses its choice %s: %v", s.Key, choice, err)
			}
		}
		if other, found := models.SettingByKey(s.LongerThan); s.LongerThan != "" &&
			(!found || other.Kind() != models.SettingDuration || s.Kind() != models.SettingDuration) {
			t.Errorf("%s must be longer than %q, which is no duration", s.Key, s.LongerThan)
		}
		checkNumber(t, s)
		checkTexts(t, s)
	}
}

// alone reads an environment in which one variable is set. Settings that limit it have values that allow it.
func alone(s models.Setting, value string) (models.Settings, error) {
	settings, err := models.SettingsFromEnvironment(func(key string) string {
		if key == s.Key {
			return value
		}
		return ""
	})
	var refused *models.Error
	if errors.As(err, &refused) && refused.Fields[s.Key] == "" || refused != nil && refused.Fields[s.Key] == models.FieldOrder {
		return settings, nil
	}
	return settings, err
}

// manyWords returns a list with one word too many.
func manyWords() string {
	var words strings.Builder
	for i := range 101 {
		words.WriteString("w" + strconv.Itoa(i) + ",")
	}
	return words.String()
}

// lineSamples has values of settings that are a line: what they accept, and what they refuse.
var lineSamples = map[string]struct{ inside, outside []string }{
	"MAIL_FROM": {
		[]string{"", "support@example.com"},
		[]string{"support", "a@b\r\nBcc: x@y.z", "Support <support@example.com>", "a\x00@example.com"},
	},
	"MAIL_NAME":        {[]string{"", "客服"}, []string{strings.Repeat("x", 101), "\u200b", "a\nb"}},
	"WEBHOOK_NETWORKS": {[]string{"", "10.1.0.0/16, 192.168.7.9 fd00::/8"}, []string{"intranet", "10.0.0.0/40"}},
	"MAIL_COLOR":       {[]string{"", "#FFCC00"}, []string{"red", "#12345", "#0b5968;x"}},
}

// checkNumber compares the bounds of a number with the values that the setting accepts.
func checkNumber(t *testing.T, s models.Setting) {
	t.Helper()
	var inside, outside []string
	switch s.Kind() {
	case models.SettingDuration:
		unit := s.Unit().Duration()
		for _, value := range []string{s.Min(), s.BuiltInDefault(), s.Max()} {
			d, err := time.ParseDuration(value)
			if err != nil || unit == 0 || d%unit != 0 {
				t.Errorf("%s has %q, which is no whole number of its unit %s: %v", s.Key, value, s.Unit(), err)
			}
			inside = append(inside, value)
			if value == s.Min() {
				outside = append(outside, (d - 1).String())
			} else if value == s.Max() {
				outside = append(outside, (d + 1).String())
			}
		}
	case models.SettingInteger:
		lower, err := strconv.Atoi(s.Min())
		upper, otherErr := strconv.Atoi(s.Max())
		if err != nil || otherErr != nil {
			t.Errorf("%s is bound by %q and %q", s.Key, s.Min(), s.Max())
		}
		inside, outside = []string{s.Min(), s.Max()}, []string{strconv.Itoa(lower - 1), strconv.Itoa(upper + 1), "1.5"}
	case models.SettingWords:
		if s.Unit() != "" || s.Min() != "" || len(s.Choices()) > 0 {
			t.Errorf("%s has a unit, bounds or choices", s.Key)
		}
		inside, outside = []string{
			"",
			"refund, charge back",
			"退款，律师",
		}, []string{
			strings.Repeat("x", 61),
			strings.Repeat("a, ", 50) + manyWords(),
		}
	case models.SettingText:
		if s.Unit() != "" || s.Min() != "" || len(s.Choices()) > 0 {
			t.Errorf("%s has a unit, bounds or choices", s.Key)
		}
		inside, outside = []string{""}, []string{"https://example.com/" + strings.Repeat("x", 1000)}
		if strings.HasSuffix(s.Key, "_URL") {
			inside = append(inside, "https://www.example.com/privacy?lang=zh")
			outside = append(outside, "privacy", "javascript:alert(1)", "https://", "https://a b.example", "https://me@example.com")
		}
	case models.SettingLine:
		inside, outside = lineSamples[s.Key].inside, lineSamples[s.Key].outside
		if len(inside) == 0 || len(outside) == 0 || s.Unit() != "" || s.Min() != "" || len(s.Choices()) > 0 {
			t.Errorf("%s has no samples in lineSamples, or a unit, bounds or choices", s.Key)
		}
	default:
		if s.Unit() != "" || s.Min() != "" || len(s.Choices()) < 2 {
			t.Errorf("%s is a %s, with the unit %q, the bounds %q and %q and the choices %v",
				s.Key, s.Kind(), s.Unit(), s.Min(), s.Max(), s.Choices())
		}
		outside = []string{"perhaps"}
	}
	for _, value := range inside {
		if _, err := alone(s, value); err != nil {
			t.Errorf("%s refuses %s, which is within its bounds: %v", s.Key, value, err)
		}
	}
	for _, value := range outside {
		if _, err := alone(s, value); err == nil {
			t.Errorf("%s accepts %s", s.Key, value)
		}
	}
}

// checkTexts checks that the texts of a setting exist in both languages.
func checkTexts(t *testing.T, s models.Setting) {
	t.Helper()
	if s.EnvironmentOnly {
		return
	}
	own := "admin.setting." + strings.ToLower(s.Key)
	keys := []string{own + ".label", own + ".help", "admin.settings.group." + string(s.Group)}
	if s.Kind() == models.SettingChoice {
		for _, choice := range s.Choices() {
			keys = append(keys, "admin.settings.choice."+choice)
		}
	}
	if s.Unit() != "" {
		keys = append(keys, "admin.settings.units."+string(s.Unit()), "admin.settings.amount."+string(s.Unit()))
	}
	for _, key := range keys {
		en, zh := catalogue.In(catalogue.English, key, "Count", 1), catalogue.In(catalogue.Chinese, key, "Count", 1)
		if en == key || en == "" || zh == en || zh == "" { // without a Chinese text the English one is returned
			t.Errorf("%s needs the text %s in views/text/en.toml and zh-CN.toml; they have %q and %q", s.Key, key, en, zh)
		}
	}
}

func TestEveryFieldOfTheSettingsHasOneEntry(t *testing.T) {
	t.Parallel()
	entries := map[string]string{"AllowedOrigins": "a list, with a page of its own"}
	for _, s := range models.SettingTable() {
		value := s.Max()
		for _, choice := range s.Choices() {
			if choice != s.BuiltInDefault() {
				value = choice
			}
		}
		switch s.Kind() {
		case models.SettingWords:
			value = "refund"
		case models.SettingText:
			value = "https://www.example.com/"
		case models.SettingLine:
			value = lineSamples[s.Key].inside[1]
		}
		settings, err := alone(s, value)
		if err != nil {
			t.Fatal(err)
		}
		now, before := reflect.ValueOf(settings), reflect.ValueOf(models.DefaultSettings())
		for i := range now.NumField() {
			if reflect.DeepEqual(now.Field(i).Interface(), before.Field(i).Interface()) {
				continue
			}
			name := now.Type().Field(i).Name
			if entries[name] != "" {
				t.Errorf("the field %s is set by %s and by %s", name, s.Key, entries[name])
			}
			entries[name] = s.Key
		}
	}
	for field := range reflect.TypeFor[models.Settings]().Fields() {
		if entries[field.Name] == "" && field.Name != "ReplyAddress" { // of the process, as the receiver of mail is
			t.Errorf("the field %s has no entry in the table of settings", field.Name)
		}
	}
}
