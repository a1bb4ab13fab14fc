package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

// Texts for all fields that would be detected if a page treated them as markup: no page has an element with data-evil or requests
// evil.example. The short ones fit into a name.
const (
	evilImage  = `<img src=//evil.example/i data-evil onerror=alert(1)>{{7*7}}`
	evilScript = `"'></script></title></textarea><script data-evil>alert(1)</script>`
	evilHTMX   = `<b data-evil hx-get=//evil.example/h hx-trigger=load hx-on:load=alert(1)>`
	evilStyle  = `<style data-evil>*{background:url(//evil.example/s)}</style>${alert(1)}`
	evilStream = "x\n\nevent: part\nid: 1\ndata: <p id=\"thread\" data-evil>\n\nevent: message\ndata: <p class=msg data-evil>\r\rdata: <i data-evil>\u2028\u2029"
	evilFrame  = `<iframe data-evil srcdoc="<script>parent.alert(1)</script>"></iframe><base data-evil href=//evil.example/><meta data-evil http-equiv=refresh content="0;url=//evil.example/m">`
	evilLinks  = `<a data-evil href=javascript:alert(1)>x</a><form data-evil action=//evil.example><button formaction=javascript:alert(1)>x</button></form><svg data-evil onload=alert(1)> https://shop.example/"onmouseover=alert(1)//`
	evilIsland = `]]>--><!--<math><mtext></form><mglyph><style><img data-evil src=x onerror=alert(1)>{{constructor.constructor('alert(1)')()}}<%= 7*7 %>#{7*7}{{.Name}}{{template "x"}}`
	evilAll    = evilImage + evilScript + evilHTMX + evilStyle + evilStream + evilFrame + evilLinks + evilIsland
	evilLink   = "javascript:alert(document.domain)"
	evilData   = "data:text/html,<script>alert(1)</script>"
	evilURL    = `https://shop.example/"><img src=//evil.example/u data-evil onerror=alert(1)>`
)

// guarded is a tab that records unexpected behaviour: dialogs, errors, policy violations and requests to other hosts.
type guarded struct {
	*browser
	mu     sync.Mutex
	heard  []string
	origin string
}

// guard opens a tab for the owner of a cookie.
func (s *stage) guard(t *testing.T, cookie, value string) *guarded {
	t.Helper()
	g := &guarded{browser: newBrowser(t), origin: s.url}
	note := func(format string, args ...any) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.heard = append(g.heard, fmt.Sprintf(format, args...))
	}
	g.must(chromedp.Listen(g.ctx, func(event any) {
		switch e := event.(type) {
		case *page.EventJavascriptDialogOpening:
			note("a dialog: %s", e.Message)
			go func() { _, _ = chromedp.Call(g.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) }()
		case *network.EventRequestWillBeSent:
			address := e.Request.URL
			own := address == g.origin || strings.HasPrefix(address, g.origin+"/") || strings.HasPrefix(address, "blob:"+g.origin+"/")
			if drawn := strings.HasPrefix(address, "data:image/") && e.Type == network.ResourceTypeImage; !own && !drawn {
				note("a request to %.200s", address)
			}
		case *page.EventFrameNavigated:
			if at := e.Frame.URL; at != "about:blank" && at != "about:srcdoc" && !strings.HasPrefix(at, g.origin) {
				note("a frame at %.200s", at)
			}
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.EntryLevelError || strings.Contains(e.Entry.Text, "Content Security Policy") {
				note("an error: %s %s", e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			note("an exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == "error" || e.Type == "warning" {
				for _, arg := range e.Args {
					note("a word on the console: %s%s", arg.Value, arg.Description)
				}
			}
		}
	}))
	_, err := chromedp.Call(g.ctx, network.Enable, network.EnableParams{})
	g.must(err)
	if cookie != "" {
		_, err = chromedp.Call(g.ctx, network.SetCookie, network.SetCookieParams{Name: cookie, Value: value, URL: s.url})
		g.must(err)
	}
	return g
}

// found returns the elements that only an attack can have created, and addresses with scripts or of other hosts.
const found = `(() => {
	const roots = [root, ...[...root.querySelectorAll("template")].map((t) => t.content), ...[...root.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)];
	const evil = roots.flatMap((r) => [...r.querySelectorAll("[data-evil], base, meta[http-equiv=refresh], [onload], [onerror], [onclick], [srcdoc]")]).map((e) => e.outerHTML);
	const leads = roots.flatMap((r) => [...r.querySelectorAll("a, area, form, button[formaction], img, iframe, object, embed, link, script, source, use, [hx-get], [hx-post]")])
		.flatMap((e) => ["href", "action", "formaction", "src", "data", "xlink:href", "hx-get", "hx-post"].map((name) => e.getAttribute(name)).filter(Boolean))
		.map((address) => new URL(address, root.location.href))
		.filter((u) => !["http:", "https:", "mailto:"].includes(u.protocol) || (u.hostname !== root.location.hostname && u.protocol !== "mailto:" && u.origin !== "https://shop.example"))
		.map((u) => u.href);
	return [...evil, ...leads, ...(root.defaultView.__evil ? ["a variable of the attack's"] : [])];
})()`

// clean fails if the page did or contains anything that only an attack can have caused.
func (g *guarded) clean(what string) {
	g.t.Helper()
	list, err := eval[[]string](g.browser, found)
	g.must(err)
	for _, element := range list {
		g.t.Errorf("%s: the page holds %.300s", what, element)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, said := range g.heard {
		g.t.Errorf("%s: %s", what, said)
	}
	g.heard = nil
}

// visits opens a page, waits until it is loaded and its stream, if any, is live, and finds each of the texts on it.
func (g *guarded) visits(path string, texts ...string) {
	g.t.Helper()
	g.open(g.origin + path)
	g.until(
		path+" to be whole",
		`document.readyState === "complete" && (!document.body.hasAttribute("live-connect") || document.documentElement.dataset.live === "live")`,
	)
	for _, text := range texts {
		g.until(
			path+" to show "+text,
			"[...root.querySelectorAll('body *, title')].some((e) => (e.innerText ?? '').includes("+quote(
				text,
			)+") || (e.value ?? '').includes?.("+quote(
				text,
			)+"))",
		)
	}
	g.clean(path)
}

// poison writes the texts into all fields that users and agents can fill.
func (s *stage) poison() (identified scene) {
	ctx := s.t.Context()
	for name, evil := range map[string]string{"anna": evilImage, "bob": evilHTMX, "ruth": evilStyle, "alex": evilScript, "dora": evilImage} {
		_, err := s.desk.UpdateAgent(ctx, admin, s.people[name].ID, models.AgentChange{Name: &evil})
		s.must(err)
	}
	s.exec(`UPDATE agents SET avatar = $1 WHERE id = $2`, evilLink, s.people["anna"].ID)
	s.exec(`UPDATE agents SET avatar = $1 WHERE id = $2`, evilData, s.people["bob"].ID)
	for slug, name := range map[string]string{served: evilScript, unserved: evilHTMX} {
		s.must(s.desk.RenameDepartment(ctx, admin, slug, name))
	}
	// The owner of the chats is identified by claims with such texts, too.
	anna := models.AgentActor(s.people["anna"])
	for state, sc := range s.chats {
		c, err := s.desk.Chat(ctx, admin, sc.chat)
		s.must(err)
		s.exec(
			`UPDATE users SET name = $1, email = $2, avatar = $3, is_verified = true WHERE id = $4`,
			evilImage,
			evilScript+"@evil.example?bcc=x&body=y",
			evilLink,
			c.UserID,
		)
		s.exec(
			`UPDATE chats SET page_title = $1, page_url = $2 WHERE id = $3`,
			evilAll[:290],
			map[models.Status]string{models.Active: evilLink, models.Waiting: evilData, models.Ended: evilURL}[state],
			sc.chat,
		)
		if state == models.Ended {
			s.must(s.desk.Rate(ctx, models.UserActor(c.UserID), sc.chat, 1, evilAll[:900]))
			s.exec(`UPDATE chats SET end_comment = $1 WHERE id = $2`, evilAll[:900], sc.chat)
			continue
		}
		_, _, err = s.desk.Send(ctx, models.UserActor(c.UserID), sc.chat, models.NewMessage{Content: evilAll})
		s.must(err)
	}
	active := s.chats[models.Active].chat
	_, _, err := s.desk.Send(ctx, anna, active, models.NewMessage{Content: evilAll})
	s.must(err)
	_, err = s.desk.AddNote(ctx, anna, active, evilAll)
	s.must(err)
	for _, to := range []string{"bob", "anna"} { // there and back, with a note each
		_, err = s.desk.Transfer(ctx, admin, active, models.TransferRequest{ServiceID: s.people[to].ID, Note: evilAll})
		s.must(err)
	}
	return s.chats[models.Active]
}

// TestAttackTextsInABrowser checks that user text is displayed as text on every page, when it is rendered and when it is updated.
func TestAttackTextsInABrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	talk := s.poison()
	anna, bob, ruth := s.people["anna"], s.people["bob"], s.people["ruth"]
	reply, err := s.desk.AddCannedReply(
		t.Context(),
		models.AgentActor(anna),
		models.NewCannedReply{Shortcut: "evil", Title: evilImage, Body: evilAll},
	)
	s.must(err)
	_, err = s.desk.AddCannedReply(t.Context(), admin, models.NewCannedReply{
		Scope: models.CannedDepartment, Department: served, Shortcut: "evil-2", Title: "Evil", Body: evilHTMX,
	})
	s.must(err)
	const evilTag = `<img src=x data-evil onerror=alert(1)>`
	_, err = s.desk.AddWrapUpOption(t.Context(), admin, models.TagOption, "", evilTag)
	s.must(err)
	t.Run("pages of the administrator", func(t *testing.T) {
		t.Parallel()
		g := s.guard(t, "parley_session", s.caller("an administrator").token)
		g.visits("/admin/people", evilImage, evilScript, evilHTMX)
		g.visits("/admin/people/"+anna.ID, evilImage, evilScript)
		g.visits("/supervisor/agents/"+bob.ID, evilHTMX)
		g.visits("/admin/departments", evilScript, evilHTMX)
		for _, path := range []string{"/", "/admin/people/new", "/admin/settings", "/admin/sites", "/admin/health", "/workbench"} {
			g.visits(path)
		}
		// A refused text is returned in its form.
		for path, field := range map[string]string{"/admin/sites": "input[name=origin]", "/admin/departments": "input[name=slug]", "/admin/people/new": "#name", "/admin/settings": "#setting-QUEUE_BATCH input[name=QUEUE_BATCH]"} {
			g.visits(path)
			_, err := eval[bool](
				g.browser,
				"([...root.querySelectorAll('form')].forEach((f) => { f.noValidate = true }), root.querySelector("+quote(
					field,
				)+").type = 'text', true)",
			)
			g.must(err) // without validation by the browser
			g.write(field, evilImage)
			g.press("\r")
			g.until("a refusal of "+path, "root.querySelector('[aria-invalid=true], [role=alert], .error, .toast')")
			g.meant("422")
			g.clean("a refusal of " + path)
		}
	})
	t.Run("pages of the supervisor", func(t *testing.T) {
		t.Parallel()
		g := s.guard(t, "parley_session", s.session(ruth.ID))
		for state, sc := range s.chats {
			g.visits("/supervisor/chats/"+sc.chat, evilImage)
			if state == models.Active {
				g.visits("/supervisor/chats/"+sc.chat, "{{constructor.constructor", "<%= 7*7 %>", "event: message")
			}
		}
		g.visits("/supervisor/agents/"+anna.ID, evilImage)
		g.visits("/supervisor", evilImage)
		s.comes("waits", unserved)
		g.until("the one who waits now", rowsOf("waits"))
		g.clean("/supervisor, live")
	})
	t.Run("pages of the agent, live", func(t *testing.T) {
		t.Parallel()
		g := s.guard(t, "parley_session", s.session(anna.ID))
		g.visits("/workbench", evilImage)
		g.visits("/workbench/chats/"+s.chats[models.Ended].chat, evilImage)
		g.visits("/workbench/chats/"+talk.chat+"?dialog=transfer", evilHTMX)
		g.visits("/workbench/chats/"+talk.chat+"?dialog=end", evilImage, evilTag)
		g.visits("/workbench/canned-replies", evilImage, evilHTMX)
		g.visits("/workbench/canned-replies/"+reply.ID, evilImage, "{{constructor.constructor", "<%= 7*7 %>")
		g.visits("/workbench/chats/"+talk.chat, "{{constructor.constructor", "<%= 7*7 %>")
		g.write("#composer-text", "/evil")
		g.sees("#canned-preview", "<%= 7*7 %>")
		g.clean("the list of canned replies")
		s.ask("POST", forUser+"/chats/"+talk.chat+"/typing", talk.owner, nil).want(204)
		g.sees("#typing", evilImage[:20])
		s.ask("POST", forUser+"/chats/"+talk.chat+"/messages", talk.owner, map[string]any{"content": evilAll + "live"}).want(201)
		g.until("the message", "[...root.querySelectorAll('#thread .say')].at(-1)?.innerText.endsWith('live')")
		s.comes("comes", served)
		g.until("the one who comes now", rowsOf("comes"))
		g.write("#composer-text", evilAll[:900])
		g.press("\r")
		g.until(
			"one's own",
			"[...root.querySelectorAll('#thread .msg-own .say')].at(-1)?.innerText.includes(root.defaultView.atob('ZGF0YS1ldmls'))",
		)
		g.clean("the workbench, live")
	})
	t.Run("pages of the user, live", func(t *testing.T) {
		t.Parallel()
		g := s.guard(t, "parley_user", talk.owner)
		wishes := url.Values{
			"site":       {evilImage},
			"page_title": {evilAll[:190]},
			"page_url":   {evilLink},
			"lang":       {evilHTMX},
			"theme":      {evilHTMX},
			"origin":     {evilURL},
			"after":      {evilScript},
		}.Encode()
		g.visits("/widget?department="+url.QueryEscape(evilScript)+"&"+wishes, "{{constructor.constructor", "<%= 7*7 %>")
		s.ask("POST", forAgent+"/chats/"+talk.chat+"/messages", s.caller("the agent").token, map[string]any{"content": evilAll + "live"}).
			want(201)
		g.until("the message", "[...root.querySelectorAll('#thread .say')].some((e) => e.innerText.endsWith('live'))")
		s.ask("POST", forAgent+"/chats/"+talk.chat+"/typing", s.caller("the agent").token, nil).want(204)
		g.sees("#typing", "is typing")
		g.clean("the widget, live")
		for _, sc := range []scene{s.chats[models.Waiting], s.chats[models.Ended]} {
			other := s.guard(t, "parley_user", sc.owner)
			other.visits("/widget?" + wishes)
		}
		fresh := s.guard(t, "", "")
		fresh.visits("/widget?" + wishes)
		fresh.write("#composer-text", evilAll[:900])
		fresh.press("\r")
		fresh.sees("#thread", "<script data-evil>")
		fresh.status("sent")
		fresh.clean("the first question")
		fresh.visits("/demo?" + wishes)
		fresh.launch().sees("#thread", "<script data-evil>") // the same person's chat, in the window of the site
		fresh.clean("the widget on a site")
		fresh.visits("/login?next=" + url.QueryEscape(evilScript))
		fresh.write("input[name=email]", "a@evil.example")
		fresh.write("input[name=password]", evilScript)
		fresh.press("\r")
		fresh.sees("[role=alert]", "The e-mail address or password is wrong")
		fresh.meant("401")
		fresh.clean("a sign-in that failed")
	})
}

// comes makes a user with a name, an address and a question that are no better, and something to know them by.
func (s *stage) comes(known, department string) {
	s.t.Helper()
	token := signed(
		s.t,
		jwt.MapClaims{"sub": "u-" + known, "name": known + evilImage, "email": evilScript, "exp": time.Now().Add(time.Hour).Unix()},
		nil,
		nil,
	)
	s.ask("POST", forUser+"/assign", token, map[string]any{"message": evilAll, "department": department, "page_title": evilStream, "page_url": evilURL}).
		want(200)
}

func rowsOf(known string) string {
	return "[...root.querySelectorAll('body *')].some((e) => e.innerText?.includes(" + quote(known+evilImage[:10]) + "))"
}

// meant ignores what the browser and htmx log about an expected refusal.
func (g *guarded) meant(status string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = slices.DeleteFunc(g.heard, func(said string) bool {
		return strings.Contains(said, "status of "+status) || strings.Contains(said, "Error Code "+status)
	})
}
