package web_test

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// launcher returns the geometry of the button: the distances from the side and the bottom, its size, its font, and whether the mouse
// reaches it.
const launcher = `(() => { const host = document.querySelector("#parley"), b = host.shadowRoot.querySelector("button"), r = b.getBoundingClientRect(), s = getComputedStyle(b);
	return [innerWidth - r.right, innerHeight - r.bottom, r.width, r.height].map(Math.round).join(" ") + " " + [s.fontSize, s.letterSpacing, s.textTransform, s.cursor, document.elementFromPoint(r.x + 30, r.y + 30) === host].join(" ") })()`

// window returns the same for the window.
const window = `(() => { const host = document.querySelector("#parley"), r = host.shadowRoot.querySelector("section").getBoundingClientRect();
	return [innerWidth - r.right, innerHeight - r.bottom, r.width, r.height].map(Math.round).join(" ") + " " + (document.elementFromPoint(r.x + 50, r.y + 50) === host) })()`

// layout returns the positions of the page's own elements.
const layout = `JSON.stringify([...document.querySelectorAll("html, body, main, footer")].map((e) => e.getBoundingClientRect()).concat(document.documentElement.scrollWidth, document.documentElement.scrollHeight))`

// styled returns a page of the host with a style sheet.
func styled(attributes, css string) string {
	return `<!doctype html><html lang="en" ` + attributes + `><title>Shop</title><style>` + css + `</style><body><main>Shop</main><footer>Imprint</footer><script async src="%s/widget.js" data-site="Shop"></script></body></html>`
}

// colourAt returns the colour of a pixel of the tab.
func (b *browser) colourAt(x, y int) string {
	b.t.Helper()
	raw, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	b.must(err)
	picture, err := png.Decode(bytes.NewReader(raw))
	b.must(err)
	red, green, blue, _ := picture.At(x, y).RGBA()
	return fmt.Sprint(red>>8, green>>8, blue>>8)
}

// No style sheet of the page changes the button and the window, hides them or makes them unusable, and they do not change the layout of
// the page.
func TestTheWidgetSurvivesAnyStyleSheet(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	b := newBrowser(t)
	b.size(1000, 800)
	for name, css := range map[string]string{
		"none":                  ``,
		"empty boxes hidden":    `div:empty, :empty { display: none !important }`,
		"boxes of the body":     `body > div, body > * { padding: 24px; border: 1px solid red; min-height: 120px; margin: 40px; background: red }`,
		"a grid":                `body { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 40px; place-content: space-between; min-height: 100vh; margin: 0 }`,
		"a column":              `body { display: flex; flex-direction: column; gap: 40px; justify-content: space-between; height: 100vh; margin: 0 } body > * + * { margin-top: 50px }`,
		"all hidden":            `body > *:not(main) { display: none !important } #parley { visibility: hidden !important; opacity: 0 !important }`,
		"undefined elements":    `:not(:defined) { visibility: hidden !important; display: none !important; opacity: 0 !important }`,
		"our own name":          `parley-widget#parley[id] { display: none !important; transform: scale(0) !important; position: static !important; clip-path: inset(50%) !important }`,
		"everything important":  `* { all: unset !important; display: inline !important; position: static !important; float: left !important; width: 1px !important; height: 1px !important; margin: 9px !important; z-index: -1 !important }`,
		"no pointer":            `* { pointer-events: none !important; cursor: wait !important; user-select: none !important; touch-action: none !important }`,
		"inherited text":        `* { font: italic 900 40px/3 serif !important; letter-spacing: 1em !important; text-transform: uppercase !important; word-spacing: 3em !important; text-indent: 90px !important; color: red !important; writing-mode: vertical-rl !important }`,
		"small root":            `html { font-size: 62.5% } body { font-size: 1.6rem; line-height: 3 }`,
		"huge root":             `html { font-size: 300% !important }`,
		"a covering layer":      `main { position: fixed; inset: 0; z-index: 2147483647; background: rgb(1 2 3) }`,
		"low z-index":           `* { z-index: 0 !important; position: relative } body { isolation: isolate }`,
		"a moved body":          `body { transform: translate(100px, 50px) rotate(10deg) scale(.5); height: 200px }`,
		"a filtered body":       `body { filter: grayscale(1) blur(3px); opacity: .1 }`,
		"a filtered page":       `html { filter: invert(1); height: 100px }`,
		"a clipped body":        `body { overflow: hidden; height: 40px; contain: strict; clip-path: inset(0 0 90% 0); will-change: transform; perspective: 10px }`,
		"a container":           `html, body { container-type: size; width: 300px; height: 100px } body { content-visibility: auto; backdrop-filter: blur(2px); mask: linear-gradient(transparent, transparent) }`,
		"transitions":           `#parley, body > :not(main, footer) { transition: all 60s !important; animation: away .1s forwards !important } @keyframes away { to { transform: translateX(9999px); opacity: 0; visibility: hidden } } @keyframes in { from, to { opacity: 0 } }`,
		"layers":                `@layer a { * { display: none !important } body, html, main, footer { display: block !important } }`,
		"registered properties": `@property --x { syntax: "<percentage>"; inherits: false; initial-value: 50% } @property --c { syntax: "<color>"; inherits: false; initial-value: red } * { --x: 50% !important; --y: 9px !important; --c: red; --t: red }`,
		"popovers":              `[popover] { display: none !important } :popover-open { inset: auto !important; opacity: 0 !important } dialog, iframe, button, section, textarea, svg { display: none !important }`,
		"right to left":         `html { direction: rtl } * { direction: rtl !important; unicode-bidi: bidi-override !important }`,
	} {
		h.shows("/", styled("", css))
		b.ready(h.url + "/")
		with := get[string](b, layout)
		if got := get[string](b, launcher); got != "20 20 60 60 15px normal none pointer true" {
			t.Errorf("%s: the button is %s", name, got)
		}
		if got := b.colourAt(1000-20-6, 800-20-30); got != "11 89 104" {
			t.Errorf("%s: in its place is the colour %s", name, got)
		}
		b.run(`Parley("open")`)
		if got := get[string](b, window); got != "20 100 384 680 true" {
			t.Errorf("%s: the window is %s", name, got)
		}
		if got := b.colourAt(1000-30, 800-100-340); !strings.HasPrefix(got, "24") && !strings.HasPrefix(got, "25") {
			t.Errorf("%s: where the window is there is the colour %s", name, got)
		}
		if opened := get[string](b, layout); opened != with {
			t.Errorf("%s: the open window changes the page from %s to %s", name, with, opened)
		}
		b.run(`Parley("shutdown")`)
		if without := get[string](b, layout); without != with {
			t.Errorf("%s: with the widget the page is %s, without %s", name, with, without)
		}
	}
}

// A page may be zoomed by its style: the widget is scaled, and all of it stays on the screen.
func TestTheWidgetStaysOnAZoomedPage(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	b := newBrowser(t)
	const inside = `(() => { const host = document.querySelector("#parley"); return [...host.shadowRoot.querySelectorAll("button, section, iframe")].every((e) => {
		const r = e.getBoundingClientRect(); return r.width === 0 || (r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2) === host) }) })()`
	for _, css := range []string{`html { zoom: 2 }`, `html { zoom: .5 }`, `body { zoom: 1.7 }`, `html { zoom: 1.25 } body { zoom: 1.25 }`, `html, body { zoom: 150% }`, `* { zoom: 1.1 !important }`} {
		for _, size := range [][2]int64{{1280, 720}, {390, 700}, {320, 480}} {
			b.size(size[0], size[1])
			h.shows("/", styled("", css))
			b.ready(h.url + "/")
			if !get[bool](b, inside) {
				t.Errorf("%s at %v: the button is %s", css, size, get[string](b, launcher))
			}
			b.run(`Parley("open")`)
			if !get[bool](b, inside) {
				t.Errorf("%s at %v: the window is %s, the button %s", css, size, get[string](b, window), get[string](b, launcher))
			}
			b.run(`Parley("shutdown")`)
		}
	}
}

func TestTheWidgetIsNotPrinted(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows("/", styled("", `@media print { * { display: block !important; visibility: visible !important } }`))
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.panel().sees("#w-hello")
	const shown = `[...document.querySelector("#parley").shadowRoot.querySelectorAll("button, section")].filter((e) => e.getClientRects().length > 0).length`
	for _, c := range []struct {
		media string
		want  int
	}{{"screen", 2}, {"print", 0}, {"", 2}} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: c.media})
		b.must(err)
		if got := get[int](b, shown); got != c.want {
			t.Errorf("on %q there are %d of button and window, want %d", c.media, got, c.want)
		}
	}
}

// Opening does not move the button or the window to the other side, for any writing direction of the page.
func TestNothingJumpsOnAPageFromRightToLeft(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	b := newBrowser(t)
	b.size(1000, 800)
	pages := map[string][2]string{
		"html dir":      {`dir="rtl"`, ``},
		"html style":    {``, `html { direction: rtl }`},
		"body style":    {``, `body { direction: rtl; text-align: right }`},
		"everything":    {`dir="rtl"`, `* { direction: rtl !important; unicode-bidi: isolate-override !important }`},
		"vertical":      {`dir="rtl"`, `html { writing-mode: vertical-rl }`},
		"grid":          {`dir="rtl"`, `body { display: grid; justify-items: start }`},
		"left to right": {``, ``},
	}
	const places = `[...document.querySelector("#parley").shadowRoot.querySelectorAll("button, section")].filter((e) => e.getClientRects().length > 0).map((e) => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.bottom].map(Math.round) }).join(" ")`
	for name, page := range pages {
		for position, want := range map[string][2]string{"right": {"920,980,780", "596,980,700"}, "left": {"20,80,780", "20,404,700"}} {
			h.shows("/", strings.Replace(styled(page[0], page[1]), `data-site="Shop"`, `data-position="`+position+`"`, 1))
			b.ready(h.url + "/")
			if got := get[string](b, places); got != want[0] {
				t.Errorf("%s, %s: the button is at %s, want %s", name, position, got, want[0])
			}
			b.run(`Parley("open")`)
			if got := get[string](b, places); got != want[0]+" "+want[1] {
				t.Errorf("%s, %s: open, button and window are at %s, want %s", name, position, got, want)
			}
			b.run(`Parley("close")`)
			if got := get[string](b, places); got != want[0] {
				t.Errorf("%s, %s: closed again, the button is at %s", name, position, got)
			}
		}
	}
}
