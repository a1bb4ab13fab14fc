package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// before runs a script in every page of the tab, before its own.
func (b *browser) before(script string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	b.must(err)
}

// away makes the page behave as if it were hidden and notifications were enabled.
const away = `document.hasFocus = () => false; try { localStorage.setItem("parley.notices", "on") } catch {};`

// androidNotices simulates notifications on Android: permitted, but not available to pages.
const androidNotices = `window.Notification = class { constructor() { throw new TypeError("Illegal constructor") } static permission = "granted"; static requestPermission() { throw new TypeError("not here") } };`

func TestAChatIsToldWhateverTheBrowserRefuses(t *testing.T) {
	t.Parallel()
	const denied = `new DOMException("denied", "SecurityError")`
	for what, script := range map[string]string{
		"notices":                    away + androidNotices + `Object.defineProperty(navigator, "serviceWorker", {value: undefined});`,
		"a service worker":           away + androidNotices + `navigator.serviceWorker.register = () => Promise.reject(` + denied + `);`,
		"showing through the worker": away + androidNotices + `ServiceWorkerRegistration.prototype.showNotification = () => Promise.reject(new TypeError("denied"));`,
		"sound":                      `window.AudioContext = class { constructor() { throw ` + denied + ` } };`,
		"to go on with sound":        `AudioContext.prototype.resume = () => Promise.reject(` + denied + `);`,
		"storage":                    `for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, {get() { throw ` + denied + ` }});`,
		"to store":                   `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") };`,
		"locks":                      `LockManager.prototype.request = () => Promise.reject(` + denied + `);`,
		"channels":                   `window.BroadcastChannel = class { constructor() { throw ` + denied + ` } };`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			agent, _ := s.online("anna")
			b := newBrowser(t) // an exception of the page fails the test
			b.before(script)
			b.signIn(s, "anna", "/workbench")
			b.until("the stream", liveStream)
			token, chat := s.newChat("Where is my card?")
			b.sees(".toast", "New chat: ", "Where is my card?")
			b.until("the count in the title", `document.title.startsWith("(1) ")`)
			s.until("the message to be confirmed", func() bool {
				m, err := s.desk.Messages(t.Context(), models.AgentActor(agent), chat, 0, 50)
				s.must(err)
				return slices.ContainsFunc(
					m,
					func(m models.Message) bool { return m.Content == "Where is my card?" && m.Status != models.Sent },
				)
			})
			b.alt("KeyN")
			b.sees("#thread", "Where is my card?")
			b.write("#composer-text", "It left this morning.")
			b.press("\r")
			b.sees("#thread .msg-own", "It left this morning.", "Sent")
			s.says(token, chat, "Thank you")
			b.sees("#thread", "Thank you")
		})
	}
}

// recordedNotices records the notifications that the page requests, and by which API. It replaces a part that chromium-headless-shell
// lacks: it denies notifications to every page, even after the permission was granted.
const recordedNotices = `window.told = [];
	const tell = (way, title, {body, tag, data}) => told.push([way, title, body, tag, data.path].join("|"));
	window.Notification = class { constructor(title, options) { tell("page", title, options) } static permission = "granted" };
	ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
		tell(new URL(this.active.scriptURL).pathname + " " + this.active.state, title, options);
	};`

// TestNoticesAreShown checks notifications up to the call of the browser API, not whether the browser displays them.
func TestNoticesAreShown(t *testing.T) {
	t.Parallel()
	const noWorker = `Object.defineProperty(navigator, "serviceWorker", {value: undefined});`
	for name, c := range map[string]struct{ script, way string }{
		"by the service worker": {"", "/static/notice-worker.js activated"},
		"by the page":           {noWorker, "page"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.online("anna")
			b := newBrowser(t)
			b.before(away + recordedNotices + c.script)
			b.signIn(s, "anna", "/workbench")
			b.until("the stream", liveStream)
			_, chat := s.newChat("Where is my card?")
			b.sees(".toast", "New chat: ", "Where is my card?")
			notice := fmt.Sprintf("|Where is my card?|parley-%s|/workbench/chats/%s", chat, chat)
			b.until("the notice", `told.some((notice) => notice.includes("|New chat: ") && notice.endsWith(`+quote(notice)+`))`)
			told, err := eval[[]string](b, `told`)
			b.must(err)
			if slices.ContainsFunc(told, func(n string) bool { return !strings.HasPrefix(n, c.way+"|") }) {
				t.Errorf("not all notices are shown by %s: %q", c.way, told)
			}
		})
	}
}

func TestTheTitleCountsAChatThatTheListHoldsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, first := s.newChat("First question")
	b.sees(rowOf(first))
	b.until("the first in the title", `document.title.startsWith("(1) ")`)
	b.pointAt("#list .list-h")
	_, err := eval[bool](b, `(window.hand = setInterval(() => document.dispatchEvent(new PointerEvent("pointermove")), 50), true)`)
	b.must(err)
	_, second := s.newChat("Second question")
	b.until(
		"both in the title though the row is held",
		`document.title.startsWith("(2) ") && !root.querySelector(`+quote(rowOf(second))+`)`,
	)
	b.sees("#held", "1 update held")
	b.sees(".toast", "New chat: ", "Second question")
	_, err = eval[bool](b, `(clearInterval(hand), true)`)
	b.must(err)
	b.sees(rowOf(second), "Second question")
	b.gone("#held")
	b.until("both in the title", `document.title.startsWith("(2) ")`)
}
