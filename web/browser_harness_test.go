package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience limits how long a test waits for a page.
const patience = 30 * time.Second

var (
	chromium = sync.OnceValues(func() (context.Context, error) { return startChromium() })
	// apartChromium runs frames of other sites in separate processes, like ordinary browsers, and accepts any certificate.
	apartChromium = sync.OnceValues(func() (context.Context, error) {
		return startChromium(chromedp.Flag("site-per-process", true), chromedp.Flag("ignore-certificate-errors", true))
	})
)

func startChromium(more ...chromedp.ExecAllocatorOption) (context.Context, error) {
	path := os.Getenv("PARLEY_CHROMIUM")
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		return nil, fmt.Errorf("there is no Chromium: `make test` fetches one, or set PARLEY_CHROMIUM")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("force-prefers-reduced-motion", true))
	options = append(options, more...)
	// It runs until the tests end: the kernel kills it together with their process.
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	return ctx, chromedp.Do(ctx)
}

// browser is one tab, or for openFrame a frame of one. Tabs from newBrowser share nothing: each belongs to a different user or agent.
type browser struct {
	t    *testing.T
	ctx  context.Context
	root string // the document, in JavaScript
	// inside is a part of the address of the frame that expressions are about, "" for the page itself.
	inside string
}

// newBrowser returns a tab with its own cookies and storage. The test fails if a script of the page throws, or if the page violates its
// content policy.
func newBrowser(t *testing.T) *browser { t.Helper(); return newBrowserIn(t, chromium) }

func newBrowserIn(t *testing.T, program func() (context.Context, error)) *browser {
	t.Helper()
	b := newTabIn(t, program)
	go b.watchConsole()
	return b
}

// newTab is newBrowser for tests in which errors are expected.
func newTab(t *testing.T) *browser { t.Helper(); return newTabIn(t, chromium) }

func newTabIn(t *testing.T, program func() (context.Context, error)) *browser {
	t.Helper()
	parent, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, root: "document"}
	b.do(chromedp.EmulateViewport(1440, 960))
	// Both sides of a test have their screen visible at the same time.
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.must(err)
	return b
}

func (b *browser) watchConsole() {
	for m, err := range chromedp.Console(b.ctx) {
		if err != nil || b.t.Context().Err() != nil {
			return
		}
		broken := m.Type == chromedp.ConsoleException || strings.Contains(m.Text, "Content Security Policy")
		if broken {
			b.t.Errorf("the page says: %s (%s:%d)", m.Text, m.URL, m.Line+1)
		}
	}
}

func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.must(chromedp.Do(b.ctx, steps...))
}

// size sets the width and height of the tab.
func (b *browser) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// open goes to an address.
func (b *browser) open(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

// reload reloads the page.
func (b *browser) reload() { b.t.Helper(); b.do(chromedp.Reload()) }

// eval returns the value of a JavaScript expression, in which root is the document.
func eval[T any](b *browser, expression string) (T, error) {
	world, err := b.world()
	if err != nil {
		var none T
		return none, err
	}
	return chromedp.Run(b.ctx, chromedp.Evaluate[T](fmt.Sprintf("(() => { const root = %s; return %s })()", b.root, expression), world))
}

// until waits for a JavaScript expression to become true, across reloads.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := eval[bool](b, "Boolean("+expression+")"); err == nil && yes {
			return
		}
		select {
		case <-deadline.C:
			b.t.Fatalf("still waiting for: %s\n%s", what, b.state())
		case <-tick.C:
		}
	}
}

// state returns the content of the page for the message of a failed test. It stores a screenshot in PARLEY_TEST_PICTURES, if that is set.
func (b *browser) state() string {
	text, _ := eval[string](b, "(root?.body ?? document.body).innerText")
	where, _ := chromedp.Run(b.ctx, chromedp.Location())
	if dir := os.Getenv("PARLEY_TEST_PICTURES"); dir != "" {
		if picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); err == nil {
			_ = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(b.t.Name(), "/", "_")+".png"), picture, 0o644)
		}
	}
	return fmt.Sprintf("at %s the page says:\n%s", where, text)
}

func quote(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// visible returns the JavaScript expression for the first visible element that matches.
func visible(selector string) string {
	return "[...root.querySelectorAll(" + quote(
		selector,
	) + ")].find((e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}))"
}

// usable returns the JavaScript expression for the first matching element that receives mouse events. A control may be drawn by an
// element below it.
func usable(selector string) string {
	return "[...root.querySelectorAll(" + quote(selector) + ")].find((e) => e.checkVisibility({visibilityProperty: true}))"
}

// sees waits until a matching element is visible and contains each of the texts.
func (b *browser) sees(selector string, texts ...string) {
	b.t.Helper()
	expression := "[...root.querySelectorAll(" + quote(
		selector,
	) + ")].some((e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true})"
	for _, text := range texts {
		expression += " && e.innerText.includes(" + quote(text) + ")"
	}
	b.until(fmt.Sprintf("%s with %q", selector, texts), expression+")")
}

// gone waits until no matching element is visible.
func (b *browser) gone(selector string) {
	b.t.Helper()
	b.until("no "+selector, "!"+visible(selector))
}

// text returns the text of the first visible element that matches.
func (b *browser) text(selector string) string {
	b.t.Helper()
	b.sees(selector)
	text, err := eval[string](b, visible(selector)+".innerText.trim()")
	b.must(err)
	return text
}

// attr returns an attribute of the first element that matches, "" if it has none.
func (b *browser) attr(selector, name string) string {
	b.t.Helper()
	value, err := eval[string](b, fmt.Sprintf(`(root.querySelector(%s)?.getAttribute(%s) ?? "")`, quote(selector), quote(name)))
	b.must(err)
	return value
}

// click waits for a visible and usable element and clicks it.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.until(selector+" to be usable", usable(selector)+"?.matches(':not(:disabled):not([aria-disabled=true])')")
	_, err := eval[bool](b, "("+usable(selector)+".click(), true)")
	b.must(err)
}

// focus moves the keyboard focus to an element.
func (b *browser) focus(selector string) {
	b.t.Helper()
	b.until(selector+" to be usable", usable(selector))
	_, err := eval[bool](b, "("+usable(selector)+".focus(), true)")
	b.must(err)
}

// write replaces the content of a field by typing a text.
func (b *browser) write(selector, text string) {
	b.t.Helper()
	b.focus(selector)
	_, err := eval[bool](b, "("+visible(selector)+".select?.(), true)")
	b.must(err)
	_, err = chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text})
	b.must(err)
}

// press sends keys, such as "\r", to the element with the focus.
func (b *browser) press(keys string, options ...chromedp.KeyOption) {
	b.t.Helper()
	asKeyboard := func(k *input.DispatchKeyEventParams) {
		if k.Type == kb.KeyDown { // a key that the page handles on keydown types nothing
			k.Type = kb.KeyRawDown
		}
	}
	b.do(chromedp.KeyEvent(keys, append(options, asKeyboard)...))
}

// frame returns the widget's frame in the page, once its document is loaded.
func (b *browser) frame() *browser {
	b.t.Helper()
	const inside = `document.querySelector("#parley")?.shadowRoot?.querySelector("iframe")?.contentDocument`
	framed := *b
	framed.root = inside
	framed.until("the widget's frame", "root?.readyState === 'complete' && root.location.href !== 'about:blank'")
	return &framed
}

// launch clicks the widget's button in the page and returns the frame that it opens.
func (b *browser) launch() *browser {
	b.t.Helper()
	const button = `document.querySelector("#parley")?.shadowRoot?.querySelector("button")`
	b.until("the widget's button", button)
	_, err := eval[bool](b, "("+button+".click(), true)")
	b.must(err)
	return b.frame()
}

// signIn signs an agent of [testServer.agent] in and opens a page.
func (b *browser) signIn(s *site, name, path string) {
	b.t.Helper()
	b.open(s.url + "/login?next=" + path)
	b.write("input[name=email]", name+"@example.com")
	b.write("input[name=password]", password)
	b.press("\r")
	b.until("the page "+path, "location.pathname.startsWith("+quote(path)+")")
}
