package text

import (
	"strings"
	"testing"
)

func TestOverrides(t *testing.T) {
	own := NewOverrides([]Override{
		{"de", "widget.greeting", "Moin!"},
		{"de", "widget.greeting", "Servus!"},
		{"ru", "chat.new_messages.few", "{{.Count}} новинки"},
		{"en", "chat.new_messages.other", "{{.Count}} news"},
		{"en", "chat.send", "Go"},
		{"en", "admin.nav.settings", "not public"},
		{"en", "chat.typing", "{{.Nobody}} types"}, // as another release may have it
		{"en", "chat.new_messages", "without a form"},
		{"xx", "chat.send", "no language"},
	})
	var current *Overrides
	ctx := WithOverrides(t.Context(), func() *Overrides { return current })
	say := func(lang, key string, pairs ...any) string { return T(With(ctx, lang), key, pairs...) }
	if got := say("de", "widget.greeting"); got != "Guten Tag. Wie können wir Ihnen helfen?" {
		t.Errorf("without overrides: %q", got)
	}
	current = own // what changes is used at once
	for _, c := range []struct {
		lang, key string
		pairs     []any
		want      string
	}{
		{"de", "widget.greeting", nil, "Servus!"},
		{"fr", "widget.greeting", nil, "Bonjour. Comment pouvons-nous vous aider ?"},
		{"ru", "chat.new_messages", []any{"Count", 3}, "3 новинки"},
		{"ru", "chat.new_messages", []any{"Count", 21}, "21 новое сообщение"},
		{"en", "chat.new_messages", []any{"Count", 2}, "2 news"},
		{"en", "chat.new_messages", []any{"Count", 1}, "1 new message"},
		{"en", "chat.typing", []any{"Name", "Anna"}, "Anna is typing"},
		{"en", "chat.send", nil, "Go"},
	} {
		if got := say(c.lang, c.key, c.pairs...); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.key, c.lang, got, c.want)
		}
	}
	if got := In("en", "chat.send"); got != "Send" {
		t.Errorf("In returned %q", got)
	}
	words := Words(With(ctx, "ru"), "chat.new_messages")
	if !strings.Contains(words, "новинки") || !strings.Contains(words, "новое сообщение") {
		t.Errorf("the texts of scripts are %s", words)
	}
	if words := Words(With(t.Context(), "ru"), "chat.new_messages"); strings.Contains(words, "новинки") {
		t.Errorf("the texts of scripts of others are %s", words)
	}
}

func TestDefaults(t *testing.T) {
	if got, ok := DefaultOf("ar", "chat.new_messages.two"); !ok || got.Text != "رسالتان جديدتان" || len(got.Placeholders) != 1 {
		t.Errorf("%+v %v", got, ok)
	}
	for _, key := range []string{"chat.new_messages", "chat.new_messages.two", "ui.save", "", "no.key"} {
		if got, ok := DefaultOf("en", key); ok {
			t.Errorf("%s: %+v", key, got)
		}
	}
	for _, l := range Languages {
		for _, d := range Defaults(l.Tag) {
			if again, ok := DefaultOf(l.Tag, d.Key); !ok || again.Text != d.Text {
				t.Errorf("%s, %s: %+v", l.Tag, d.Key, again)
			}
			if bad := UnknownPlaceholder(d.Text, d.Placeholders); bad != "" {
				t.Errorf("%s, %s: %s is unknown", l.Tag, d.Key, bad)
			}
		}
	}
	for text, want := range map[string]string{
		"no braces": "", "{{.Name}}": "", "{{.Other}}": "{{.Other}}", "{{ .Name }}": "{{ .Name }}", "{{.Name": "{{.Name}}", "} {": "",
	} {
		if got := UnknownPlaceholder(text, []string{"Name"}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
