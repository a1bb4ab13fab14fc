package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// shop is a host site with the widget. Its address is 127.0.0.1 and Parley's is localhost, so that for a browser they are two sites, and
// the frame is a third party.
type shop struct {
	*site
	page   string // address of the page with the widget
	parley string // address of Parley, as the shop knows it

	mu      sync.Mutex
	streams []url.URL // those that were opened
}

// newShop puts the proxy between, which may be nil, in front of Parley. Over TLS both have self-signed certificates.
func newShop(t *testing.T, tls bool, between func(http.Handler) http.Handler) *shop {
	t.Helper()
	serve := httptest.NewServer
	if tls {
		serve = httptest.NewTLSServer
	}
	s := &shop{}
	host := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(
			w,
			`<!doctype html><title>Shop</title><script>heard = []; addEventListener("message", (e) => heard.push(JSON.stringify(e.data)))</script>
			<script async src="%s/widget.js" data-site="Kestrel" data-language="en"></script>`,
			s.parley,
		)
	}))
	s.site = newSite(t, func(now *models.Settings) { now.AllowedOrigins = []string{host.URL} })
	handler := s.server.Handler()
	if between != nil {
		handler = between(handler)
	}
	front := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/widget/events" {
			s.mu.Lock()
			s.streams = append(s.streams, *r.URL)
			s.mu.Unlock()
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		for _, server := range []*httptest.Server{front, host} {
			server.CloseClientConnections()
			server.Close()
		}
	})
	s.page, s.parley = host.URL, strings.Replace(front.URL, "127.0.0.1", "localhost", 1)
	return s
}

// foreign returns the widget's frame, which runs in another process because it is from another site.
func (b *browser) foreign(s *shop) *browser {
	b.t.Helper()
	var frame *browser
	s.until("the widget's frame", func() bool {
		targets, err := chromedp.Targets(b.ctx)
		b.must(err)
		for _, info := range targets {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, s.parley+"/widget") {
				ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(info.TargetID))
				b.t.Cleanup(cancel)
				frame = &browser{t: b.t, ctx: ctx, root: "document"}
				return true
			}
		}
		return false
	})
	go frame.watchConsole()
	frame.until("the panel to be drawn", "root.readyState === 'complete' && root.getElementById('w-now')")
	return frame
}

// enters opens the shop's page and the widget on it.
func (b *browser) enters(s *shop) *browser {
	b.t.Helper()
	b.open(s.page)
	b.clickLauncher()
	return b.foreign(s)
}

func (b *browser) clickLauncher() {
	b.t.Helper()
	const button = `document.querySelector("#parley")?.shadowRoot?.querySelector("button")`
	b.until("the widget's button", button)
	_, err := eval[bool](b, "("+button+".click(), true)")
	b.must(err)
}

// stored returns the content of the frame's storage.
func (b *browser) stored() string {
	b.t.Helper()
	const all = `(() => { try { return JSON.stringify([{...localStorage}, {...sessionStorage}]) } catch { return "" } })()`
	stored, err := eval[string](b, all)
	b.must(err)
	return stored
}

// says executes a command to the widget in a script of the page.
func (b *browser) says(command string, arguments ...any) {
	b.t.Helper()
	raw, err := json.Marshal(append([]any{command}, arguments...))
	b.must(err)
	_, err = eval[bool](b, "(window.Parley(..."+string(raw)+"), true)")
	b.must(err)
}

func TestTheWidgetGoesOnWhereTheBrowserKeepsNoCookies(t *testing.T) {
	t.Parallel()
	noStorage := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/static/widget.js" {
				fmt.Fprint(
					w,
					`for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError") } });`,
				)
				r.Header.Del("If-None-Match")
				r.Header.Del("Accept-Encoding")
				recorded := httptest.NewRecorder()
				next.ServeHTTP(recorded, r)
				_, _ = w.Write(recorded.Body.Bytes())
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	stripped := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&cookieless{ResponseWriter: w, name: "__Host-parley_user"}, r)
		})
	}
	for name, c := range map[string]struct {
		tls, memory bool
		tried       int // streams by cookie, before it is known that the browser keeps none
		between     func(http.Handler) http.Handler
	}{
		"plain http in a page of another site":  {},
		"and no storage either":                 {memory: true, between: noStorage},
		"the cookie is set and does not return": {tls: true, between: stripped, tried: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, c.tls, c.between)
			anna, _ := s.online("anna")
			b := newBrowserIn(t, apartChromium)
			user := b.enters(s)
			user.send("I have no cookie")
			user.sees("#w-head", "anna")
			user.status("sent")
			chat := s.onlyChat(anna)
			_, _, err := s.desk.Send(
				t.Context(),
				models.AgentActor(anna),
				chat.ID,
				models.NewMessage{Content: "And I reach you all the same"},
			)
			s.must(err)
			user.sees(theirs, "And I reach you all the same")
			token := s.tokenOf(user, c.memory)
			s.ticketsOnly(c.tried)

			if !c.memory { // the next page of the shop finds the chat again
				b.open(s.page)
				user = b.foreign(s)
				user.sees(theirs, "And I reach you all the same")
				if s.tokenOf(user, false) != token {
					t.Error("on the next page the session is another")
				}
			}
			b.says("identify", names(t, "maria", "Maria Lopes"))
			s.until("the chat to be maria's", func() bool { return s.onlyChat(anna).UserID == "maria" })
			user.sees(theirs, "And I reach you all the same")
			user.send("Now you know me")
			user.status("sent")
			_, _, err = s.desk.Send(t.Context(), models.AgentActor(anna), chat.ID, models.NewMessage{Content: "Welcome, Maria"})
			s.must(err)
			user.sees(theirs, "Welcome, Maria")
			if now := s.tokenOf(
				user,
				c.memory,
			); !c.memory &&
				(now == token || !strings.HasPrefix(user.stored(), "[{},") && strings.Contains(strings.Split(user.stored(), "},{")[0], now)) {
				t.Errorf("a person's session is kept for the next one at this browser: %s", user.stored())
			}
			s.ticketsOnly(c.tried)
			b.hearsNoToken(token, s.tokenOf(user, c.memory))

			b.says("logout")
			user.until(
				"a new anonymous session",
				"root.getElementById('w-now').dataset.state === 'greeting' && !root.getElementById('main').hasAttribute('data-stranger')",
			)
			b.says("open")
			user.sees("#w-hello")
			if left := user.stored(); strings.Contains(left, chat.ID) || strings.Contains(left, "maria") {
				t.Errorf("after signing out the frame keeps %s", left)
			}
			if !c.memory {
				user.until("a token of its own", `localStorage.getItem("parley.token")`)
			}
			if !c.memory && s.tokenOf(user, false) == token {
				t.Error("after signing out the anonymous session from before is back")
			}
		})
	}
}

// cookieless is a response writer that drops one cookie.
type cookieless struct {
	http.ResponseWriter
	name string
}

func (w *cookieless) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *cookieless) WriteHeader(status int) {
	kept := w.Header().Values("Set-Cookie")
	w.Header().Del("Set-Cookie")
	for _, line := range kept {
		if !strings.HasPrefix(line, w.name+"=") {
			w.Header().Add("Set-Cookie", line)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// tokenOf returns the session token in the frame's storage. There must be one, and no cookie, unless it is only kept in memory.
func (s *shop) tokenOf(b *browser, memory bool) string {
	s.t.Helper()
	cookies, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	s.must(err)
	for _, cookie := range cookies.Cookies {
		if strings.HasSuffix(cookie.Name, "parley_user") {
			s.t.Errorf("the browser keeps %s", cookie.Name)
		}
	}
	if memory {
		return ""
	}
	token, err := eval[string](b, `(sessionStorage.getItem("parley.token") ?? localStorage.getItem("parley.token") ?? "")`)
	s.must(err)
	if len(token) != 43 {
		s.t.Fatalf("the frame keeps the token %q", token)
	}
	return token
}

// ticketsOnly checks that each stream was opened with its own ticket.
func (s *shop) ticketsOnly(tried int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	without := 0
	for _, address := range s.streams {
		ticket := address.Query().Get("ticket")
		if ticket == "" {
			without++
		} else if seen[ticket] {
			s.t.Errorf("a ticket was used twice")
		}
		seen[ticket] = true
	}
	if len(seen) == 0 || without > tried {
		s.t.Errorf("%d of %d streams came without a ticket", without, len(s.streams))
	}
}

// hearsNoToken checks that the host page cannot find out the token.
func (b *browser) hearsNoToken(tokens ...string) {
	b.t.Helper()
	const known = `JSON.stringify([heard, {...localStorage}, {...sessionStorage}, document.cookie, document.querySelector("#parley").shadowRoot.querySelector("iframe").src])`
	heard, err := eval[string](b, known)
	b.must(err)
	for _, token := range tokens {
		if token != "" && strings.Contains(heard, token) {
			b.t.Errorf("the page around the frame knows the token: %s", heard)
		}
	}
	if !strings.Contains(heard, "hello") {
		b.t.Errorf("the page heard only %s", heard)
	}
}

func TestOverHTTPSTheFramesCookieIsPartitioned(t *testing.T) {
	t.Parallel()
	s := newShop(t, true, nil)
	anna, _ := s.online("anna")
	b := newBrowserIn(t, apartChromium)
	user := b.enters(s)
	user.send("I come by a cookie")
	user.sees("#w-head", "anna")
	cookies, err := chromedp.Call(user.ctx, network.GetCookies, network.GetCookiesParams{})
	s.must(err)
	found := false
	for _, cookie := range cookies.Cookies {
		if cookie.Name == "__Host-parley_user" {
			found = true
			if !cookie.Secure || !cookie.HTTPOnly || cookie.SameSite != network.CookieSameSiteNone || cookie.PartitionKey == nil {
				t.Errorf("the cookie is %+v", cookie)
			}
		}
	}
	if stored := user.stored(); !found || strings.Contains(stored, "parley.token") {
		t.Errorf("cookie %v, storage %s", found, stored)
	}
	chat := s.onlyChat(anna)
	_, _, err = s.desk.Send(t.Context(), models.AgentActor(anna), chat.ID, models.NewMessage{Content: "Seen"})
	s.must(err)
	user.sees(theirs, "Seen")
}

// TestAnIdentityTakesAlongTheChatWithoutAReload uses a page of Parley itself, where the frame keeps its cookie.
func TestAnIdentityTakesAlongTheChatWithoutAReload(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	agent := newBrowser(t)
	agent.signIn(s, "anna", "/workbench")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	user := b.launch()
	user.send("Who am I?")
	user.sees("#w-head", "anna")
	chat := s.onlyChat(anna)
	agent.open(s.url + "/workbench/chats/" + chat.ID)
	agent.sees(theirs, "Who am I?")
	user.write("#composer-text", "Half a sentence")
	b.says("identify", names(t, "maria", "Maria Lopes"))
	agent.sees("#row-"+chat.ID, "Maria Lopes")
	agent.sees(".talk-h", "Maria Lopes", "Verified")
	agent.sees("#about", "Maria Lopes", "Verified by your site")
	user.sees(mine, "Who am I?")
	user.until("what was typed to stay", `root.getElementById("composer-text").value === "Half a sentence"`)
	user.send("I am Maria")
	agent.sees(theirs, "I am Maria")
	b.says("logout")
	user.until("the greeting", "root?.getElementById('w-now')?.dataset.state === 'greeting'")
	b.says("open")
	user.sees("#w-hello")
	user.until("the composer to be empty", `root.getElementById("composer-text").value === ""`)
	user.gone(mine)
}

func TestWhereAnIdentityIsRequiredTheWidgetSaysSoAndWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	b.until("the loader", "window.Parley?.loaded")
	_, err := eval[bool](b, `(window.told = [], Parley("on", "error", ({ code }) => told.push(code)), true)`)
	s.must(err)
	user := b.launch()
	user.send("Before it was required")
	user.sees("#w-head", "anna")
	s.must(s.desk.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "true"))
	user.sees("#w-hello", "Sign in to start a chat")
	user.gone("#composer-text")
	user.gone(mine)
	b.until("the site to be told", `told.includes("identity_required")`)
	b.says("identify", names(t, "maria", "Maria"))
	user.sees(mine, "Before it was required")
	user.send("Here I am")
	user.status("sent")

	fresh := newBrowser(t)
	fresh.open(s.url + "/demo")
	waiting := fresh.launch()
	waiting.sees("#w-hello", "Sign in to start a chat")
	waiting.gone("#composer-text")
	fresh.says("identify", names(t, "ben", "Ben"))
	waiting.sees("#w-hello", "What can we help you with?")
	waiting.send("And now?")
	waiting.sees("#w-head", "anna")
}

// A message written when the site starts to require an identity is neither lost nor "Sending" for ever: it is sent once the user is
// identified.
func TestAMessageOutlivesTheRequirementOfAnIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	b.until("the loader", "window.Parley?.loaded")
	user := b.launch()
	user.send("Before it was required")
	user.sees("#w-head", "anna")
	user.status("sent")
	b.connected(false)
	user.send("Written without a connection")
	s.must(s.desk.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "true"))
	b.connected(true)
	user.sees("#w-hello", "Sign in to start a chat")
	user.status("failed")
	b.says("identify", names(t, "maria", "Maria"))
	user.sees(mine, "Before it was required")
	user.sees(mine, "Written without a connection")
	user.until("it to be sent", `[...root.querySelectorAll("`+"#thread .msg-own"+`")].every((m) => m.dataset.id)`)
}
