package text

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// ownNames are the texts for which a language may choose among the names that are passed.
var ownNames = []string{"chat.status.delivered", "widget.queue.reason."}

func TestEveryLanguageHasThePublicTexts(t *testing.T) {
	en := catalogues()[English]
	for _, l := range Languages {
		own := catalogues()[l.Tag]
		for key, value := range en {
			other, found := own[key]
			switch {
			case !IsPublic(key):
			case !found:
				t.Errorf("%s.toml lacks %s", l.Tag, key)
			case slices.ContainsFunc(ownNames, func(part string) bool { return strings.HasPrefix(key, part) }):
			case !slices.Equal(namesOf(value), namesOf(other)) && l.Tag != Chinese:
				t.Errorf("%s.toml, %s: the names are %v in English and %v here", l.Tag, key, namesOf(value), namesOf(other))
			}
		}
		for key, value := range own {
			if _, found := en[key]; !found {
				t.Errorf("%s.toml has %s, which en.toml lacks", l.Tag, key)
			} else if l.Tag != English && l.Tag != Chinese && !IsPublic(key) {
				t.Errorf("%s.toml has %s, which is not public", l.Tag, key)
			}
			for form, text := range formsOf(value) {
				if said := strings.TrimSpace(text); IsPublic(key) && (said == "" || said != text) {
					t.Errorf("%s.toml, %s %s: %q is empty or has spaces around it", l.Tag, key, form, text)
				}
			}
		}
	}
}

// A language has exactly the plural forms that its numbers need, as the library chooses them from CLDR.
func TestPluralFormsAreThoseOfTheLanguage(t *testing.T) {
	for _, l := range Languages {
		needed := pluralForms(t, l.Tag)
		for key, value := range catalogues()[l.Tag] {
			forms, plural := value.(map[string]any)
			if !IsPublic(key) {
				continue
			}
			if !plural {
				if _, inEnglish := catalogues()[English][key].(map[string]any); inEnglish && len(needed) > 1 {
					t.Errorf("%s.toml, %s has no plural forms, and needs %v", l.Tag, key, needed)
				}
				continue
			}
			if own := slices.Sorted(maps.Keys(forms)); !slices.Equal(own, needed) {
				t.Errorf("%s.toml, %s has the forms %v, and needs %v", l.Tag, key, own, needed)
			}
		}
	}
}

// pluralForms returns the plural forms of a language, sorted.
func pluralForms(t *testing.T, lang string) []string {
	t.Helper()
	bundle := i18n.NewBundle(language.English)
	all := &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
	if err := bundle.AddMessages(language.MustParse(lang), all); err != nil {
		t.Fatal(err)
	}
	localizer := i18n.NewLocalizer(bundle, lang)
	used := map[string]bool{"other": true}
	for n := range 200 {
		used[localizer.MustLocalize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})] = true
	}
	used[localizer.MustLocalize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: 1_000_000})] = true
	return slices.Sorted(maps.Keys(used))
}

func formsOf(value any) map[string]string {
	if forms, plural := value.(map[string]any); plural {
		all := map[string]string{}
		for name, text := range forms {
			all[name] = text.(string)
		}
		return all
	}
	return map[string]string{"": fmt.Sprint(value)}
}

// publicSources are the files and folders whose texts users see.
var publicSources = []string{
	"views/chat",
	"views/mail",
	"views/widget",
	"views/ui/layout.templ",
	"views/ui/page.go",
	"web/widget",
	"web/mail",
	"web/chat/transcript_text.go",
	"static/src/continue.js",
	"static/src/emoji.js",
	"static/src/leave.mjs",
	"static/src/lib",
	"static/src/loader",
	"static/src/rating.mjs",
	"static/src/transcript.mjs",
	"static/src/widget",
	"static/src/widget.js",
}

// staffTexts are those that files of publicSources show to the staff only.
var staffTexts = append([]string{
	"hand_over.", // a note is drawn with the other messages, and only in threads of the staff
}, staffParts...)

// A text that a public template uses is one that every language has.
func TestTextsOfPublicPagesArePublic(t *testing.T) {
	checked := 0
	for path, source := range sources(t) {
		name, err := filepath.Rel(filepath.Join("..", ".."), path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(publicSources, func(part string) bool { return name == part || strings.HasPrefix(name, part+"/") }) {
			continue
		}
		for _, found := range literal.FindAllStringSubmatch(source, -1) {
			key := found[1]
			if _, isKey := catalogues()[English][key]; !isKey {
				continue
			}
			checked++
			if !IsPublic(key) && !isOneOf(staffTexts, key) {
				t.Errorf("%s uses %s, which is not in publicParts", name, key)
			}
		}
	}
	if checked < 200 {
		t.Errorf("only %d texts were found", checked)
	}
}

func TestPartsOfPublicTextsExist(t *testing.T) {
	for _, part := range slices.Concat(publicParts, staffParts) {
		if !slices.ContainsFunc(
			slices.Collect(maps.Keys(catalogues()[English])),
			func(key string) bool { return isOneOf([]string{part}, key) },
		) {
			t.Errorf("no text has the key %s", part)
		}
	}
}

func TestATextThatALanguageLacksIsReported(t *testing.T) {
	var lang, key string
	OnMissing(func(l, k string) { lang, key = l, k })
	defer OnMissing(nil)
	if got := In("de", "ui.save"); got != "Save" || lang != "de" || key != "ui.save" {
		t.Errorf("In returned %q, and %q %q was reported", got, lang, key)
	}
	lang, key = "", ""
	if got := In("de", "ui.close"); got != "Schließen" || key != "" {
		t.Errorf("In returned %q, and %q %q was reported", got, lang, key)
	}
}
