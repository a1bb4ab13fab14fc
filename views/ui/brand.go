package ui

import (
	"fmt"
	"math"
	"regexp"
)

// Brand is the colour that a site chose for its panel, in shades that are readable. The zero value means no brand colour.
type Brand struct {
	fill, on            rgb // the colour itself, and text on it
	hover, press        rgb // one and two steps further away from the colour of that text
	inkLight, inkOnDark rgb // for text, lines and rings on the backgrounds of the light and the dark theme
}

type rgb [3]uint8

// The colours of text on the brand colour, and the backgrounds of each theme: the values of tokens.css.
var (
	white  = rgb{255, 255, 255}
	black  = rgb{}
	petrol = rgb{0x05, 0x26, 0x2d}

	lightGrounds = []rgb{{0xff, 0xff, 0xff}, {0xff, 0xfe, 0xfb}, {0xf4, 0xf1, 0xea}, {0xf0, 0xed, 0xe4}, {0xdc, 0xeb, 0xed}}
	darkGrounds  = []rgb{{0x0f, 0x17, 0x19}, {0x16, 0x21, 0x24}, {0x1b, 0x28, 0x2b}, {0x1d, 0x2a, 0x2e}, {0x16, 0x3a, 0x42}}
)

// minContrast is the contrast that WCAG AA requires for text.
const minContrast = 4.5

var hexForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// ParseBrand parses #rrggbb. It returns false for anything else, and for a colour on which neither white nor dark text has minContrast.
func ParseBrand(hex string) (Brand, bool) {
	var c rgb
	if !hexForm.MatchString(hex) {
		return Brand{}, false
	}
	if _, err := fmt.Sscanf(hex[1:], "%02x%02x%02x", &c[0], &c[1], &c[2]); err != nil {
		return Brand{}, false
	}
	b := Brand{fill: c, on: white}
	away := black
	if contrast(c, white) < minContrast {
		b.on, away = petrol, white
	}
	if contrast(c, b.on) < minContrast {
		return Brand{}, false
	}
	b.hover, b.press = mix(c, away, 0.16), mix(c, away, 0.3)
	b.inkLight, b.inkOnDark = readable(c, black, lightGrounds), readable(c, white, darkGrounds)
	return b, true
}

// Declarations returns the colours as declarations of a style sheet, "" without a brand.
func (b Brand) Declarations() string {
	if b == (Brand{}) {
		return ""
	}
	ink := fmt.Sprintf("light-dark(%s,%s)", b.inkLight, b.inkOnDark)
	return fmt.Sprintf(
		`--brand:%s;--on-brand:%s;--brand-hover:%s;--brand-press:%s;--accent:%s;--on-accent:light-dark(%s,%s);`+
			`--focus:%[5]s;--bubble-own:%[1]s;--on-bubble:%[2]s;--on-bubble-2:%[2]s`,
		b.fill,
		b.on,
		b.hover,
		b.press,
		ink,
		white,
		petrol,
	)
}

// style returns the element that sets the colour, "" without one. The content policy of the page must allow styles with this nonce.
func (b Brand) style(nonce string) string {
	if b == (Brand{}) {
		return ""
	}
	return fmt.Sprintf(`<style nonce="%s">:root{%s}</style>`, nonce, b.Declarations())
}

// readable returns the colour, moved towards another one just far enough to have minContrast on every background.
func readable(c, towards rgb, grounds []rgb) rgb {
	for step := range 100 {
		shade := mix(c, towards, float64(step)/100)
		worst := math.Inf(1)
		for _, ground := range grounds {
			worst = min(worst, contrast(shade, ground))
		}
		if worst >= minContrast {
			return shade
		}
	}
	return towards
}

func mix(a, b rgb, share float64) (c rgb) {
	for i := range c {
		c[i] = uint8(math.Round(float64(a[i])*(1-share) + float64(b[i])*share))
	}
	return c
}

// contrast returns the contrast ratio of WCAG 2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance returns the relative luminance of WCAG 2, from 0 to 1.
func (c rgb) luminance() (sum float64) {
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v > 0.04045 {
			v = math.Pow((v+0.055)/1.055, 2.4)
		} else {
			v /= 12.92
		}
		sum += share * v
	}
	return sum
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// Fill returns the colour as #rrggbb.
func (b Brand) Fill() string { return b.fill.String() }

// On returns the colour of text on it.
func (b Brand) On() string { return b.on.String() }
