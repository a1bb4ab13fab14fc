package models

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Setting describes one setting: an entry of the table of settings.
type Setting struct {
	Key             string       // the environment variable, the key in the database and the JSON, and in lower case the key of its texts
	Group           SettingGroup // its section of the settings page
	Doc             string       // for the README and the command line, in English Markdown
	LongerThan      string       // the key of the duration that this one must exceed, "" for none
	EnvironmentOnly bool         // admins cannot change it while Parley runs

	value settingValue
}

// SettingGroup is a section of the settings page.
type SettingGroup string

// The groups, each with a title in the catalogues.
const (
	GroupIdle      SettingGroup = "idle"
	GroupPresence  SettingGroup = "presence"
	GroupQueue     SettingGroup = "queue"
	GroupMessages  SettingGroup = "messages"
	GroupWrapUp    SettingGroup = "wrap_up"
	GroupFlags     SettingGroup = "flags"
	GroupPrivacy   SettingGroup = "privacy"
	GroupMail      SettingGroup = "mail"
	GroupWebhooks  SettingGroup = "webhooks"
	GroupAssistant SettingGroup = "assistant"
	GroupLimits    SettingGroup = "limits"
)

// SettingKind is how the value of a setting is written and entered.
type SettingKind string

// The kinds. A new one is a type that implements settingValue, and its control on the settings page.
const (
	SettingDuration SettingKind = "duration" // a Go duration such as 90s
	SettingInteger  SettingKind = "integer"
	SettingSwitch   SettingKind = "switch" // true or false
	SettingChoice   SettingKind = "choice" // one of [Setting.Choices]
	SettingWords    SettingKind = "words"  // words or phrases, separated by commas
	SettingText     SettingKind = "text"   // any text, or an address
	SettingLine     SettingKind = "line"   // one line of a certain form
)

// SettingUnit is what the number of a setting counts; of a duration it is the smallest unit in which the page offers it.
type SettingUnit string

// The units, "" for a setting that is no number.
const (
	UnitSecond    SettingUnit = "second"
	UnitMinute    SettingUnit = "minute"
	UnitHour      SettingUnit = "hour"
	UnitDay       SettingUnit = "day"
	UnitChat      SettingUnit = "chat"
	UnitPerMinute SettingUnit = "per_minute"
	UnitPercent   SettingUnit = "percent"
)

// DurationUnits returns the units of durations, smallest first.
func DurationUnits() []SettingUnit {
	return []SettingUnit{UnitSecond, UnitMinute, UnitHour, UnitDay}
}

// Duration returns the length of a unit of time, 0 for any other unit.
func (u SettingUnit) Duration() time.Duration {
	switch u {
	case UnitSecond:
		return time.Second
	case UnitMinute:
		return time.Minute
	case UnitHour:
		return time.Hour
	case UnitDay:
		return day
	}
	return 0
}

// settingValue is the part of a setting that depends on its kind.
type settingValue interface {
	describe() valueDescription
	read(*Settings) string
	// set writes a value to its field, or leaves the field alone and returns the code of what is wrong with the value.
	set(*Settings, string) (code string)
	setDefault(*Settings)
}

type valueDescription struct {
	kind     SettingKind
	unit     SettingUnit
	min, max string
	choices  []string
	accepts  string // completes "KEY is …"
}

// Kind returns how the value is written and entered.
func (s Setting) Kind() SettingKind { return s.value.describe().kind }

// Unit returns what the number counts, "" where the value is no number.
func (s Setting) Unit() SettingUnit { return s.value.describe().unit }

// Min returns the smallest value that the setting accepts, "" for a switch or a choice.
func (s Setting) Min() string { return s.value.describe().min }

// Max returns the largest value that the setting accepts, "" for a switch or a choice.
func (s Setting) Max() string { return s.value.describe().max }

// Choices returns the values of a choice or a switch, nothing for a number.
func (s Setting) Choices() []string { return s.value.describe().choices }

// BuiltInDefault returns the value that holds unless the environment or an admin sets another.
func (s Setting) BuiltInDefault() string {
	var defaults Settings
	s.value.setDefault(&defaults)
	return ShortDuration(s.value.read(&defaults))
}

// Canonical returns a value as Parley writes it, such as 1m0s for 60s, or as it is if the setting does not accept it.
func (s Setting) Canonical(value string) string {
	var scratch Settings
	if s.set(&scratch, value) != nil {
		return value
	}
	return s.value.read(&scratch)
}

// set writes value to the setting's field. A value that the setting does not accept is validation_failed at the field of its key.
func (s Setting) set(settings *Settings, value string) error {
	if code := s.value.set(settings, strings.TrimSpace(value)); code != "" {
		return invalid(s.Key, code, s.Key+" is "+s.value.describe().accepts+".")
	}
	return nil
}

// orderFault returns the error, at the field of key, that the setting is not longer than the one that it must exceed.
func (s Setting) orderFault(key string) error {
	return invalid(key, FieldOrder, s.Key+" must be longer than "+s.LongerThan+".")
}

type durationValue struct {
	field         func(*Settings) *time.Duration
	def, min, max time.Duration
	unit          SettingUnit
}

func (v durationValue) describe() valueDescription {
	lower, upper := ShortDuration(v.min.String()), ShortDuration(v.max.String())
	return valueDescription{
		kind: SettingDuration, unit: v.unit, min: lower, max: upper,
		accepts: fmt.Sprintf("a duration from %s to %s, such as %s", lower, upper, ShortDuration(v.def.String())),
	}
}

func (v durationValue) read(s *Settings) string { return v.field(s).String() }

func (v durationValue) set(s *Settings, value string) string {
	d, err := time.ParseDuration(value)
	if err != nil || d < v.min || d > v.max {
		return fieldOutOfBounds
	}
	*v.field(s) = d
	return ""
}

func (v durationValue) setDefault(s *Settings) { *v.field(s) = v.def }

type integerValue struct {
	field         func(*Settings) *int
	def, min, max int
	unit          SettingUnit
}

func (v integerValue) describe() valueDescription {
	return valueDescription{
		kind: SettingInteger, unit: v.unit, min: strconv.Itoa(v.min), max: strconv.Itoa(v.max),
		accepts: fmt.Sprintf("a whole number from %d to %d", v.min, v.max),
	}
}

func (v integerValue) read(s *Settings) string { return strconv.Itoa(*v.field(s)) }

func (v integerValue) set(s *Settings, value string) string {
	n, err := strconv.Atoi(value)
	if err != nil || n < v.min || n > v.max {
		return fieldOutOfBounds
	}
	*v.field(s) = n
	return ""
}

func (v integerValue) setDefault(s *Settings) { *v.field(s) = v.def }

type switchValue struct {
	field func(*Settings) *bool
	def   bool
}

func (v switchValue) describe() valueDescription {
	return valueDescription{kind: SettingSwitch, choices: []string{"true", "false"}, accepts: "true or false"}
}

func (v switchValue) read(s *Settings) string { return strconv.FormatBool(*v.field(s)) }

// set accepts what strconv.ParseBool does: the environment of a container often contains 1.
func (v switchValue) set(s *Settings, value string) string {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return fieldUnknown
	}
	*v.field(s) = on
	return ""
}

func (v switchValue) setDefault(s *Settings) { *v.field(s) = v.def }

type choiceValue struct {
	field   func(*Settings) *string
	def     string
	choices []string
}

func (v choiceValue) describe() valueDescription {
	return valueDescription{kind: SettingChoice, choices: v.choices, accepts: strings.Join(v.choices, " or ")}
}

func (v choiceValue) read(s *Settings) string { return *v.field(s) }

func (v choiceValue) set(s *Settings, value string) string {
	if !slices.Contains(v.choices, value) {
		return fieldUnknown
	}
	*v.field(s) = value
	return ""
}

func (v choiceValue) setDefault(s *Settings) { *v.field(s) = v.def }

// The bounds of a list of words.
const (
	maxWords      = 100
	maxWordLength = 60
)

type wordsValue struct{ field func(*Settings) *string }

func (v wordsValue) describe() valueDescription {
	return valueDescription{
		kind:    SettingWords,
		accepts: fmt.Sprintf("up to %d words or phrases of at most %d characters, separated by commas", maxWords, maxWordLength),
	}
}

func (v wordsValue) read(s *Settings) string { return *v.field(s) }

func (v wordsValue) set(s *Settings, value string) string {
	words := splitWords(value)
	if len(words) > maxWords || slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) > maxWordLength }) {
		return fieldTooLong
	}
	*v.field(s) = strings.Join(words, ", ")
	return ""
}

func (v wordsValue) setDefault(s *Settings) { *v.field(s) = "" }

// maxSettingText is how many characters a text may have.
const maxSettingText = 1000

type textValue struct {
	field func(*Settings) *string
	isURL bool // the address of a page
	// arePatterns is for a text of regular expressions, one on each line.
	arePatterns bool
}

func (v textValue) describe() valueDescription {
	accepts := fmt.Sprintf("a text of at most %d characters", maxSettingText)
	if v.isURL {
		accepts = "an address such as https://www.example.com/privacy, or empty"
	}
	if v.arePatterns {
		accepts = "regular expressions (RE2), one on each line, that do not match an empty text"
	}
	return valueDescription{kind: SettingText, accepts: accepts}
}

func (v textValue) read(s *Settings) string { return *v.field(s) }

func (v textValue) set(s *Settings, value string) string {
	text, err := validateText("value", value, 0, maxSettingText)
	if err != nil {
		return fieldTooLong
	}
	if v.isURL && text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
			strings.ContainsAny(text, " \t\r\n") {
			return fieldInvalid
		}
	}
	if v.arePatterns && !arePatterns(text) {
		return fieldInvalid
	}
	*v.field(s) = text
	return ""
}

func (v textValue) setDefault(s *Settings) { *v.field(s) = "" }

// lineValue is a line of text, "" for none where that is the default.
type lineValue struct {
	field   func(*Settings) *string
	def     string
	accepts string
	isValid func(string) bool // of a text that is not empty
}

func (v lineValue) describe() valueDescription {
	return valueDescription{kind: SettingLine, accepts: v.accepts}
}

func (v lineValue) read(s *Settings) string { return *v.field(s) }

func (v lineValue) set(s *Settings, value string) string {
	if value == "" {
		value = v.def
	}
	if value != "" && (value != oneLine(value) || !utf8.ValidString(value) || strings.ContainsRune(value, 0) || !v.isValid(value)) {
		return fieldInvalid
	}
	*v.field(s) = value
	return ""
}

func (v lineValue) setDefault(s *Settings) { *v.field(s) = v.def }

// splitWords returns the words of a list, which are separated by commas or lines, without blank and repeated ones.
func splitWords(list string) []string {
	var words []string
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(",，、;；\n\r", r) }) {
		word = strings.Join(strings.Fields(word), " ")
		if word != "" && !IsBlank(word) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// SettingTable returns every setting, in the order of the settings page.
func SettingTable() []Setting { return slices.Clone(settingTable) }

// SettingByKey returns the setting with that key, and whether there is one.
func SettingByKey(key string) (Setting, bool) {
	if s := settingByKey(key); s != nil {
		return *s, true
	}
	return Setting{}, false
}

// settingByKey returns the entry with that key, nil for none.
func settingByKey(key string) *Setting {
	if i := slices.IndexFunc(settingTable, func(s Setting) bool { return s.Key == key }); i >= 0 {
		return &settingTable[i]
	}
	return nil
}

// ShortDuration writes a Go duration without the zeros that Go adds: 2m for 2m0s. Any other text is returned as it is.
func ShortDuration(value string) string {
	if _, err := time.ParseDuration(value); err != nil {
		return value
	}
	if short, ok := strings.CutSuffix(value, "m0s"); ok {
		value = short + "m"
	}
	if short, ok := strings.CutSuffix(value, "h0m"); ok {
		value = short + "h"
	}
	return value
}

// duration returns the value of a duration, 0 for any other kind.
func (s Setting) duration(settings *Settings) time.Duration {
	if v, ok := s.value.(durationValue); ok {
		return *v.field(settings)
	}
	return 0
}
