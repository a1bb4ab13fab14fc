package text_test

import (
	"testing"

	"parley/views/text"
)

func TestList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names       []string
		english, zh string
	}{
		{nil, "", ""},
		{[]string{"Anna"}, "Anna", "Anna"},
		{[]string{"Anna", "Ben"}, "Anna and Ben", "Anna 和 Ben"},
		{[]string{"Anna", "Ben", "Cleo"}, "Anna, Ben and Cleo", "Anna、Ben 和 Cleo"},
		{[]string{"小王", "小李", "小张"}, "小王, 小李 and 小张", "小王、小李和小张"},
		{[]string{"小王", "Ben"}, "小王 and Ben", "小王和 Ben"},
	} {
		if got := text.List(text.With(t.Context(), text.English), c.names); got != c.english {
			t.Errorf("List(%q) = %q, want %q", c.names, got, c.english)
		}
		if got := text.List(text.With(t.Context(), text.Chinese), c.names); got != c.zh {
			t.Errorf("List(%q) in Chinese = %q, want %q", c.names, got, c.zh)
		}
	}
}
