package web_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// slowShop is a shop on another site whose panel does not load until it is released.
func slowShop(t *testing.T) (s *shop, release func()) {
	t.Helper()
	held := make(chan struct{})
	s = newShop(t, false, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/widget" {
				<-held
			}
			next.ServeHTTP(w, r)
		})
	})
	s.online("anna")
	release = func() { close(held) }
	return s, release
}

// clickWithMouse presses the widget's button as a mouse does.
func (b *browser) clickWithMouse() {
	b.t.Helper()
	const middle = `(() => { const r = document.querySelector("#parley").shadowRoot.querySelector("button").getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 } })()`
	at := get[map[string]float64](b, middle)
	b.do(chromedp.MouseClickXY(at["x"], at["y"]))
}

// focused waits until the panel's composer has the keyboard focus.
func (b *browser) focused(user *browser) {
	b.t.Helper()
	b.until("the focus to be in the frame", inShadow+`.activeElement?.localName === "iframe"`)
	user.until("the focus to be in the composer", `root.activeElement?.id === "composer-text"`)
}

const buttonThere = inShadow + `?.querySelector("button")`

// Text typed before the panel is loaded appears in its composer, in order, followed by later text.
func TestTheFirstKeysArrive(t *testing.T) {
	t.Parallel()
	s, release := slowShop(t)
	b := newBrowserIn(t, apartChromium)
	b.open(s.page)
	b.until("the button", buttonThere)
	b.clickWithMouse()
	b.press("Hello  wrold" + kb.Backspace + kb.Backspace + kb.Backspace + kb.Backspace + "orld, é ")
	_, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: "您好 🙂"})
	b.must(err)
	b.press("a", chromedp.KeyModifiers(2)) // a shortcut is not text
	b.press(kb.End)
	b.press("\r!")
	if open := get[bool](b, `!`+inShadow+`.querySelector("section").hidden`); !open {
		t.Fatal("Enter or Space has pressed the button")
	}
	release()
	user := b.foreign(s)
	user.until("what was typed", draftValue+` === "Hello  world, é 您好 🙂\n!"`)
	b.focused(user)
	b.press(" More")
	user.until("what was typed next", draftValue+` === "Hello  world, é 您好 🙂\n! More"`)
	b.press("\r")
	user.sees(mine, "! More")
	// The second time the panel is already loaded.
	b.says("close")
	b.clickWithMouse()
	b.focused(user)
	b.press("again")
	user.until("what was typed", draftValue+` === "again"`)
}

// A composition is complete before it is passed to the panel.
func TestACompositionIsNotTornApart(t *testing.T) {
	t.Parallel()
	s, release := slowShop(t)
	b := newBrowserIn(t, apartChromium)
	b.open(s.page)
	b.until("the button", buttonThere)
	b.clickWithMouse()
	_, err := chromedp.Call(
		b.ctx,
		input.ImeSetComposition,
		input.ImeSetCompositionParams{Text: "ni hao", SelectionStart: 6, SelectionEnd: 6},
	)
	b.must(err)
	release()
	user := b.foreign(s)
	user.settled()
	if text := get[string](user, draftValue); text != "" {
		t.Errorf("an unfinished text has arrived: %q", text)
	}
	_, err = chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: "您好"})
	b.must(err)
	user.until("the text", draftValue+` === "您好"`)
	b.focused(user)
}

// Keys go to the field with the focus: a field of the site keeps them, and Escape closes the window.
func TestTheWidgetTakesNoKeysOfThePage(t *testing.T) {
	t.Parallel()
	s, release := slowShop(t)
	b := newBrowserIn(t, apartChromium)
	b.open(s.page)
	b.until("the button", buttonThere)
	b.run(
		`for (const name of ["input", "textarea", "div"]) { const e = document.createElement(name); e.id = "own-" + name; if (name === "div") e.contentEditable = "true"; document.body.append(e) }`,
	)
	for _, id := range []string{"#own-input", "#own-textarea", "#own-div"} {
		b.focus(id)
		b.says("open")
		b.press("abc")
		b.until("the page's own field to have it", `((e) => e.value ?? e.textContent)(document.querySelector("`+id+`")) === "abc"`)
		b.says("close")
	}
	b.clickWithMouse()
	b.press("x" + kb.Escape)
	b.until("the window to be closed", inShadow+`.querySelector("section").hidden`)
	b.until("the button to have the focus", inShadow+`.activeElement === `+inShadow+`.querySelector("button")`)
	// A user who opens it and then writes in another field keeps the focus there.
	b.clickWithMouse()
	b.press("y")
	b.focus("#own-input")
	b.press("d")
	release()
	user := b.foreign(s)
	user.until("what was typed for the chat", draftValue+` === "xy"`)
	b.press("ef")
	if text := get[string](b, `document.querySelector("#own-input").value`); text != "abcdef" {
		t.Errorf("the page's field has %q", text)
	}
	// A panel that was open on the previous page is opened again without the focus.
	user.focus("#composer-text")
	user.press("\r")
	user.sees("#w-head", "anna")
	b.open(s.page)
	again := b.foreign(s)
	again.settled()
	if active := get[string](b, `document.activeElement.localName`); active != "body" {
		t.Errorf("the focus is in %s", active)
	}
}
