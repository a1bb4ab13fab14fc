package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/models"
)

const draftValue = `root.querySelector("#composer-text").value`

// drafted waits until the composer holds a text, and can send it.
func (b *browser) drafted(text string) {
	b.t.Helper()
	b.until("the draft "+text, draftValue+" === "+quote(text)+` && root.querySelector(".send").disabled === `+fmt.Sprint(text == ""))
}

// settled waits until the panel has its session and is live.
func (b *browser) settled() {
	b.t.Helper()
	b.until("the panel to be live", `root?.querySelector("#main")?.dataset.user && root.documentElement.dataset.live === "live"`)
}

// drafts returns the number of stored drafts.
const drafts = `(() => { try { return Object.keys(localStorage).filter((key) => key.startsWith("parley.draft.")).length } catch { return 0 } })()`

// An unsent text is restored after a reload, on another page, and in a new body, in each state of the chat, until it is sent.
func TestTheUnsentTextIsKept(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.shows("/", snippet)
	h.shows("/cart", snippet)
	b := newBrowser(t)
	b.ready(h.url + "/")
	user := b.panel()
	user.settled()
	again := func(text string) {
		t.Helper()
		b.run(`document.documentElement.replaceChild(document.createElement("body"), document.body)`)
		user.settled()
		user.drafted(text)
		for _, path := range []string{"/", "/cart", "/"} {
			b.ready(h.url + path)
			user = b.panel()
			user.settled()
			user.drafted(text)
		}
	}
	user.write("#composer-text", "Before the\nfirst question 您好 🙂")
	again("Before the\nfirst question 您好 🙂")
	user.focus("#composer-text")
	b.press("\r")
	user.sees(mine, "Before the\nfirst question")
	user.sees("#w-head", "anna")
	again("")
	user.write("#composer-text", "Half an ans")
	again("Half an ans")
	if kept := get[int](user, drafts); kept != 1 {
		t.Errorf("%d drafts are kept", kept)
	}
	user.focus("#composer-text")
	b.press("wer\r")
	user.sees(mine, "Half an answer")
	again("")
	user.write("#composer-text", "Too late")
	_, err := s.desk.End(t.Context(), models.AgentActor(agent), s.onlyChat(agent).ID, "")
	s.must(err)
	user.sees("#w-sheet")
	user.until("nothing to be kept", drafts+" === 0")
	b.reload()
	user = b.panel()
	user.sees("#w-sheet")
	if text := get[string](user, draftValue); text != "" {
		t.Errorf("after the end there is %q", text)
	}
}

// A draft belongs to its user: another user of the same browser does not see it, and a sign-out deletes it.
func TestADraftIsItsUsersAlone(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows("/", snippet)
	b := newBrowser(t)
	identified := func(user *browser, sub string) {
		t.Helper()
		before := get[string](user, `root.querySelector("#main").dataset.user`)
		b.run(`Parley("identify", ` + quote(names(t, sub, sub)) + `)`)
		user.until("another user", `root.querySelector("#main").dataset.user !== `+quote(before))
		user.settled()
	}
	b.ready(h.url + "/")
	user := b.panel()
	user.settled()
	user.write("#composer-text", "Written before signing in")
	identified(user, "maria")
	user.drafted("Written before signing in") // the anonymous user was identified as maria
	identified(user, "joan")
	user.drafted("")
	if kept := get[int](user, drafts); kept != 0 {
		t.Errorf("of maria %d drafts are kept", kept)
	}
	user.write("#composer-text", "Joan's secret")
	b.reload()
	user = b.panel()
	user.settled()
	user.drafted("Joan's secret")
	if id := get[bool](user, `Object.keys(localStorage).some((key) => key.includes("joan"))`); id {
		t.Error("the draft is kept by the id of its user")
	}
	b.run(`Parley("logout")`)
	b.until("that it is done", `localStorage.parley === undefined`)
	user = b.panel()
	user.until("the panel of the next user", `root?.querySelector("#main")?.dataset.user?.startsWith("anon-")`)
	user.drafted("")
	if kept := get[int](user, drafts); kept != 0 {
		t.Errorf("after signing out %d drafts are kept", kept)
	}
}

// In a frame on another site the session may be a token, and the storage partitioned, forbidden or full.
func TestADraftInAFrameOfAnotherSite(t *testing.T) {
	t.Parallel()
	broken := func(script string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/static/widget.js" || script == "" {
					next.ServeHTTP(w, r)
					return
				}
				fmt.Fprint(w, script)
				r.Header.Del("If-None-Match")
				r.Header.Del("Accept-Encoding")
				recorded := httptest.NewRecorder()
				next.ServeHTTP(recorded, r)
				_, _ = w.Write(recorded.Body.Bytes())
			})
		}
	}
	for name, c := range map[string]struct{ script, want string }{
		"partitioned": {"", "Half a sentence"},
		"forbidden":   {`for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError") } });`, ""},
		"absent":      {`for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: null });`, ""},
		"full":        {`Storage.prototype.setItem = () => { throw new DOMException("", "QuotaExceededError") };`, ""},
		"broken":      {`for (const key of Object.keys(localStorage)) if (key.startsWith("parley.draft.")) localStorage[key] = "{"; localStorage["parley.draft.x"] = "null"; localStorage["parley.draft.y"] = "";`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, false, broken(c.script))
			s.online("anna")
			b := newBrowserIn(t, apartChromium) // fails when a script throws
			user := b.enters(s)
			user.settled()
			user.write("#composer-text", "Half a sentence")
			user = b.enters(s)
			user.settled()
			user.drafted(c.want)
			user.write("#composer-text", "Still works")
			user.press("\r")
			user.sees(mine, "Still works")
			user.sees("#w-head", "anna")
		})
	}
}
