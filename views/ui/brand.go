package ui

import (
	"fmt"
	"math"
	"regexp"
)

// Brand is the colour that a site gives to its panel, in the shades in which it can be read. The zero value is none.
type Brand struct {
	fill, on            rgb // the colour itself, and the text on it
	hover, press        rgb // one and two steps away from that text
	inkLight, inkOnDark rgb // as a text, a line or a ring, on the grounds of either theme
}

type rgb [3]uint8

// What the colour may stand on and under; the values of tokens.css.
var (
	white  = rgb{255, 255, 255}
	black  = rgb{}
	petrol = rgb{0x05, 0x26, 0x2d}

	lightGrounds = []rgb{{0xff, 0xff, 0xff}, {0xff, 0xfe, 0xfb}, {0xf4, 0xf1, 0xea}, {0xf0, 0xed, 0xe4}, {0xdc, 0xeb, 0xed}}
	darkGrounds  = []rgb{{0x0f, 0x17, 0x19}, {0x16, 0x21, 0x24}, {0x1b, 0x28, 0x2b}, {0x1d, 0x2a, 0x2e}, {0x16, 0x3a, 0x42}}
)

// enough is the contrast that a text needs.
const enough = 4.5

var hexForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// ParseBrand reads #rrggbb. A colour on which neither white nor dark text has a contrast of 4.5 is none.
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
	if contrast(c, white) < enough {
		b.on, away = petrol, white
	}
	if contrast(c, b.on) < enough {
		return Brand{}, false
	}
	b.hover, b.press = mix(c, away, 0.16), mix(c, away, 0.3)
	b.inkLight, b.inkOnDark = readable(c, black, lightGrounds), readable(c, white, darkGrounds)
	return b, true
}

// style is the element that sets the colour, for a page that lets styles with this nonce in.
func (b Brand) style(nonce string) string {
	if b == (Brand{}) {
		return ""
	}
	ink := fmt.Sprintf("light-dark(%s,%s)", b.inkLight, b.inkOnDark)
	return fmt.Sprintf(
		`<style nonce="%s">:root{--brand:%s;--on-brand:%s;--brand-hover:%s;--brand-press:%s;--accent:%s;--on-accent:light-dark(%s,%s);--focus:%[6]s;--bubble-own:%[2]s;--on-bubble:%[3]s;--on-bubble-2:%[3]s}</style>`,
		nonce,
		b.fill,
		b.on,
		b.hover,
		b.press,
		ink,
		white,
		petrol,
	)
}

// readable moves a colour towards another only as far as it must, so that it can be read on every ground.
func readable(c, towards rgb, grounds []rgb) rgb {
	for step := range 100 {
		shade := mix(c, towards, float64(step)/100)
		least := math.Inf(1)
		for _, ground := range grounds {
			least = min(least, contrast(shade, ground))
		}
		if least >= enough {
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

// contrast is that of WCAG 2, 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.light(), b.light()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c rgb) light() (sum float64) {
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
