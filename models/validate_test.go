package models

import "testing"

func TestANameIsOneLineWithoutTricks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Maria Lopes":                      "Maria Lopes",
		"two\r\nlines\tand\u2028more":      "two  lines and more",
		"gnp.\u202egpj.exe":                "gnp.gpj.exe",
		"\u2066a\u2067b\u2068c\u2069":      "abc",
		"bell\a and \x1b[31mred\x7f\u0085": "bell and [31mred",
		"\u05d0\u200f \u0627\u200c\u0628":  "\u05d0\u200f \u0627\u200c\u0628", // what scripts need stays
		"👩\u200d💻":                         "👩\u200d💻",
		"a\x00b":                           "a\x00b", // for clean to refuse
		"a\xffb":                           "a\xffb",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
