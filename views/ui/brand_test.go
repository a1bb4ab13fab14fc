package ui

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whatever colour a site has, everything that is drawn in it can be read, on every ground.
func TestABrandCanAlwaysBeRead(t *testing.T) {
	t.Parallel()
	taken := 0
	for range 4000 {
		c := rgb{uint8(rand.IntN(256)), uint8(rand.IntN(256)), uint8(rand.IntN(256))}
		b, ok := ParseBrand(c.String())
		best := max(contrast(c, white), contrast(c, petrol))
		if ok != (best >= 4.5) {
			t.Fatalf("%s with a contrast of %.2f is taken: %v", c, best, ok)
		}
		if !ok {
			continue
		}
		taken++
		if b.fill != c {
			t.Fatalf("%s is filled with %s", c, b.fill)
		}
		for what, got := range map[string]float64{
			"text": contrast(b.fill, b.on), "text under the pointer": contrast(b.hover, b.on), "text while pressed": contrast(b.press, b.on),
			"white on light ink": contrast(b.inkLight, white), "dark on dark ink": contrast(b.inkOnDark, petrol),
		} {
			if got < 4.5 {
				t.Fatalf("%s: %s has %.2f", c, what, got)
			}
		}
		for _, ground := range lightGrounds {
			if got := contrast(b.inkLight, ground); got < 4.5 {
				t.Fatalf("%s as %s on %s has %.2f", c, b.inkLight, ground, got)
			}
		}
		for _, ground := range darkGrounds {
			if got := contrast(b.inkOnDark, ground); got < 4.5 {
				t.Fatalf("%s as %s on %s has %.2f", c, b.inkOnDark, ground, got)
			}
		}
	}
	if taken < 2000 {
		t.Errorf("only %d colours were taken", taken)
	}
}

func TestABrandIsAColourAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "#fff", "red", "#12345", "#1234567", "#12345g", "1a73e8", "#1a73e8;", "#1a73e8}", " #1a73e8", "#1a73e8\n", "url(#a)", "#777777", "#7f7f7f", "#1a73e8</style>", "＃1a73e8"} {
		if b, ok := ParseBrand(bad); ok || b.style("n") != "" {
			t.Errorf("%q is taken", bad)
		}
	}
	form := regexp.MustCompile(
		`^<style nonce="n">:root\{(--[a-z0-9-]+:(#[0-9a-f]{6}|light-dark\(#[0-9a-f]{6},#[0-9a-f]{6}\));?)+\}</style>$`,
	)
	for _, good := range []string{"#6a1b9a", "#FFCC00", "#000000", "#ffffff", "#b0461f"} {
		b, ok := ParseBrand(good)
		if !ok || !form.MatchString(b.style("n")) {
			t.Errorf("%s is %q", good, b.style("n"))
		}
		if !strings.Contains(b.style("n"), "--brand:"+strings.ToLower(good)) {
			t.Errorf("%s is drawn as %s", good, b.style("n"))
		}
	}
}

// The grounds and the dark text are those of the style sheet.
func TestTheGroundsAreTheTokens(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "static", "src", "css", "tokens.css"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"raised", "surface", "canvas", "hover", "accent-soft"} {
		found := regexp.MustCompile(`--` + name + `: light-dark\((#\w+), (#\w+)\)`).FindStringSubmatch(string(raw))
		dark := map[string]int{"raised": 3, "surface": 1, "canvas": 0, "hover": 2, "accent-soft": 4}[name]
		if found == nil || found[1] != lightGrounds[i].String() || found[2] != darkGrounds[dark].String() {
			t.Errorf("--%s is %v, we reckon with %s and %s", name, found, lightGrounds[i], darkGrounds[dark])
		}
	}
	if want := fmt.Sprintf("--on-accent: light-dark(%s, %s)", white, petrol); !strings.Contains(string(raw), want) {
		t.Errorf("the style sheet lacks %q", want)
	}
}
