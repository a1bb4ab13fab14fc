package ui

import (
	"strings"
	"testing"
)

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "?", " ": "?", "Anna": "A", "anna": "A", "Maria Lopes": "ML", "maria da silva": "MS", "张伟": "张", "欧阳 娜娜": "欧", "さくら もも": "さ", "김 철수": "김",
		"🇧🇷 Rio": "🇧🇷", "Rio 🇧🇷": "R🇧🇷", "🇧🇷🇵🇹": "🇧🇷", "👩\u200d👩\u200d👧 Home": "👩\u200d👩\u200d👧", "👍🏽 ok": "👍🏽", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"\u200fמשה כהן": "מכ", "\u200eAnna \u200eLee": "AL", "\u2067نور\u2069 \u061cعلي": "نع", "e\u0301mile zola": "E\u0301Z", "émile": "É", "\u200b Anna": "A", "\ufeffAnna": "A",
		"\u3164": "?", "\u200b \u2800": "?", "\u3164 Bo": "B", "(Anna) Lee": "AL", "“Anna”": "A", "'t Hooft": "TH", "?!": "?", "...": ".", "-": "-", "1st": "1", "Ǆ": "Ǆ", "Стас Іванов": "СІ",
		"नमस्ते": "न", "กำ": "กำ", "1\ufe0f\u20e3": "1\ufe0f\u20e3", "\u0301": "?", "a" + strings.Repeat("\u0301", 100): "A",
	} {
		if got := initials(name); got != want {
			t.Errorf("%+q has the initials %q, want %q", name, got, want)
		}
	}
}
