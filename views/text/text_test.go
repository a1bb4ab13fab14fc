package text

import (
	"context"
	"testing"
	"time"
)

func TestTSpeaksTheLanguageOfTheContext(t *testing.T) {
	en, zh := With(context.Background(), English), With(context.Background(), Chinese)
	for _, c := range []struct {
		ctx  context.Context
		key  string
		args []any
		want string
	}{
		{en, "widget.state.place", []any{"Place", 3, "About", "about 3–6 min"}, "You are number 3, about 3–6 min"},
		{zh, "widget.state.place", []any{"Place", 3, "About", "约 3–6 分钟"}, "您排在第 3 位，约 3–6 分钟"},
		{en, "chat.new_messages", []any{"Count", 1}, "1 new message"},
		{en, "chat.new_messages", []any{"Count", 2}, "2 new messages"},
		{zh, "chat.new_messages", []any{"Count", 1}, "1 条新消息"},
		{With(en, "nl"), "ui.close", nil, "Close"},
		{With(en, "fr"), "ui.close", nil, "Fermer"},
		{With(en, "fr"), "ui.save", nil, "Save"},
		{en, "ui.no_such_key", nil, "ui.no_such_key"},
	} {
		if got := T(c.ctx, c.key, c.args...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.key, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ accept, forced, want, staff string }{
		{"", "", "en", "en"},
		{"zh", "", "zh-CN", "zh-CN"},
		{"zh-Hans-CN;q=0.8, en;q=0.9", "", "en", "en"},
		{"zh-TW", "", "zh-TW", "zh-CN"},
		{"zh-HK", "", "zh-TW", "zh-CN"},
		{"zh-Hant", "", "zh-TW", "zh-CN"},
		{"zh-SG", "", "zh-CN", "zh-CN"},
		{"de-DE, zh-CN;q=0.5", "", "de", "zh-CN"},
		{"de-AT", "", "de", "en"},
		{"fr-CA", "", "fr", "en"},
		{"es-419", "", "es", "en"},
		{"pt", "", "pt-BR", "en"},
		{"pt-PT", "", "pt-BR", "en"},
		{"iw", "", "he", "en"},
		{"in-ID", "", "id", "en"},
		{"ar-EG", "", "ar", "en"},
		{"hi-IN, en;q=0.5", "", "hi", "en"},
		{"nl", "", "en", "en"},
		{"en", "zh-CN", "zh-CN", "zh-CN"},
		{"zh-CN", "en-GB", "en", "en"},
		{"zh-CN", "not a tag", "zh-CN", "zh-CN"},
		{"de", "nl", "de", "en"},
		{";;;", "", "en", "en"},
	} {
		if got := Match(c.accept, c.forced); got != c.want {
			t.Errorf("Match(%q, %q) = %s, want %s", c.accept, c.forced, got, c.want)
		}
		if got := MatchStaff(c.accept, c.forced); got != c.staff {
			t.Errorf("MatchStaff(%q, %q) = %s, want %s", c.accept, c.forced, got, c.staff)
		}
	}
}

func TestWaitsAreRoundedOutward(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		low, high   time.Duration
		rng, abouts string
	}{
		{0, 40 * time.Second, "less than a minute", "less than a minute"},
		{30 * time.Second, 61 * time.Second, "up to 2 min", "up to about 2 min"},
		{3*time.Minute + 50*time.Second, 5*time.Minute + 1, "3–6 min", "about 3–6 min"},
		{4 * time.Minute, 4 * time.Minute, "4 min", "about 4 min"},
	} {
		if got := Range(ctx, c.low, c.high); got != c.rng {
			t.Errorf("Range(%s, %s) = %q, want %q", c.low, c.high, got, c.rng)
		}
		if got := About(ctx, c.low, c.high); got != c.abouts {
			t.Errorf("About(%s, %s) = %q, want %q", c.low, c.high, got, c.abouts)
		}
	}
}

func TestClockAndSpoken(t *testing.T) {
	ctx := context.Background()
	for d, want := range map[time.Duration]string{
		41 * time.Second: "0:41", 134 * time.Second: "2:14", 3727 * time.Second: "1:02:07", -time.Second: "0:00",
	} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%s) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		40 * time.Second: "40 s", 140 * time.Second: "2 min 20 s", 20*time.Minute + 5*time.Second: "20 min", 2 * time.Hour: "2 h", 90 * time.Minute: "1 h 30 min",
	} {
		if got := Spoken(ctx, d); got != want {
			t.Errorf("Spoken(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestBlanksAreFilledAndNothingElse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nothing", "nothing"}, {"", ""}, {"{{.Name}}", "Anna {{.Count}}"}, {"{{.Count}} of {{.Count}}, {{.Name}}.", "3 of 3, Anna {{.Count}}."}, {"}} {", "}} {"},
	} {
		f, err := blanks{}.Parse(c.text, "", "")
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got, _ := f.Execute([]any{"Name", "Anna {{.Count}}", "Count", 3}); got != c.want {
			t.Errorf("%q is said as %q, want %q", c.text, got, c.want)
		}
	}
	for _, text := range []string{"{{.Name", "{{Name}}", "{{.}}", "{{ .Name }}", "{{.Name | html}}", "{{.A.B}}", "{{}}"} {
		if _, err := (blanks{}).Parse(text, "", ""); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
