package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web"
)

// eavesdropping records every message that the page receives, before other listeners.
const eavesdropping = `<script>window.got = []; addEventListener("message", (e) => got.push({ origin: e.origin, data: e.data, frame: e.source === document.querySelector("#parley")?.shadowRoot.querySelector("iframe")?.contentWindow }));</script>`

// Messages from the frame to the page are short, sent to the origin of the page, and contain no token, no message text and no id.
func TestNothingSecretGoesUpToThePage(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "maria-0042", "name": "Maria Keller", "exp": time.Now().Add(time.Hour).Unix()}).
		SignedString([]byte(secret))
	s.must(err)
	h.shows("/", strings.Replace(snippet, "<body>", "<body>"+eavesdropping, 1))
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.run(`Parley("identify", ` + quote(token) + `)`)
	user := b.panel()
	user.sees("#w-hello")
	user.send("My question is private")
	user.sees("#w-head", "anna")
	csrf := get[string](user, `root.querySelector("meta[name=csrf-token]").content`)
	chat := s.onlyChat(agent)
	b.run(`Parley("close")`)
	_, _, err = s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "So is my answer"})
	s.must(err)
	b.until("the count", `got.some((m) => m.data.parley === "unread" && m.data.count === 1)`)
	_, err = s.desk.End(t.Context(), models.AgentActor(agent), chat.ID, "")
	s.must(err)
	b.until("the end", `got.some((m) => m.data.parley === "ended")`)
	b.run(`Parley("logout")`)
	b.until("that it is done", `got.some((m) => m.data.parley === "out")`)

	raw := get[string](b, "JSON.stringify(got)")
	for what, hidden := range map[string]string{
		"the site's token": token, "its signature": token[strings.LastIndex(token, ".")+1:], "the CSRF token": csrf, "what was asked": "private", "what was answered": "my answer",
		"the user's id": "maria-0042", "the user's name": "Maria", "the agent's id": agent.ID,
	} {
		if hidden == "" || strings.Contains(raw, hidden) {
			t.Errorf("the page is told %s (%q): %s", what, hidden, raw)
		}
	}
	var told []struct {
		Origin string
		Data   map[string]any
		Frame  bool
	}
	s.must(json.Unmarshal([]byte(raw), &told))
	may := map[string][]string{
		"hello": {
			"parley",
		},
		"close":    {"parley"},
		"focused":  {"parley"},
		"out":      {"parley"},
		"unread":   {"count", "parley"},
		"status":   {"chat", "parley"},
		"error":    {"code", "parley"},
		"assigned": {"agent", "chat_id", "parley"},
		"ended":    {"chat_id", "parley", "reason"},
	}
	seen := map[string]bool{}
	for _, m := range told {
		name, _ := m.Data["parley"].(string)
		var fields []string
		for field := range m.Data {
			fields = append(fields, field)
		}
		slices.Sort(fields)
		if m.Origin != s.url || !slices.Equal(fields, may[name]) {
			t.Errorf("from %s comes %v", m.Origin, m.Data)
		}
		seen[name] = true
	}
	for _, name := range []string{"hello", "unread", "status", "assigned", "ended", "out"} {
		if !seen[name] {
			t.Errorf("%q was never said, so the test proves nothing of it", name)
		}
	}
}

// hostile is a page that, on the message "go", sends messages to every window that it can reach, as loader and as panel. Its title
// contains the messages that it receives from other pages.
const hostile = `<!doctype html><title>Evil</title><script>
	addEventListener("message", ({ data }) => { if (data === "go") shout(); else if (data?.parley && !data.evil) document.title += " heard " + JSON.stringify(data) });
	const up = [{parley:"hello"},{parley:"close"},{parley:"unread",count:99},{parley:"status",chat:true},{parley:"assigned",chat_id:"c",agent:"Mallory"},{parley:"ended",chat_id:"c"},{parley:"error",code:"evil"},{parley:"out"},{parley:"__proto__"},{parley:"constructor"},null,"hello",{},[],{parley:{}},{parley:1}];
	const down = [{parley:"theme",theme:"dark"},{parley:"logout"},{parley:"identify",token:"a.b.c"},{parley:"page",url:"https://evil.example/",title:"Evil"},{parley:"shut"},{parley:"typed",text:"evil"},{parley:"attention",value:true},{parley:"constructor"},null,"open",7];
	for (const m of [...up, ...down]) if (m && typeof m === "object") m.evil = true;
	// Frames in a shadow tree are not among the frames of the window; a page of the same origin can still find them.
	const hidden = () => { try { return [top.document.querySelector("#parley").shadowRoot.querySelector("iframe").contentWindow] } catch { return [] } };
	window.shout = () => { for (const m of up) top.postMessage(m, "*"); for (const w of [...Array.from({ length: top.length }, (_, i) => top[i]), ...hidden()]) if (w !== window) for (const m of down) w.postMessage(m, "*"); };
</script>`

// TestAHostileFrameIsIgnored checks that a foreign frame on the same page cannot send messages to the loader or to the panel.
func TestAHostileFrameIsIgnored(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	evil := newHost(t)
	evil.shows("/ad", hostile)
	h.shows("/own", hostile) // the site's own origin, but not the window that made the panel
	// A second panel on Parley's own origin was not created by the loader: the origin is right, the window is not.
	h.shows(
		"/",
		`<!doctype html><html lang="en"><title>Shop</title><body>`+eavesdropping+`<iframe src="`+evil.cousin()+`/ad"></iframe><iframe src="/own"></iframe><iframe src="%s/widget?origin=`+url.QueryEscape(
			h.url,
		)+`&second=1"></iframe>
		<script async src="%s/widget.js"></script></body>`,
	)
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.run(
		`window.told = []; for (const name of ["close", "unread", "assigned", "ended", "error"]) Parley("on", name, (d) => told.push(name + JSON.stringify(d)))`,
	)
	user := b.panel()
	inside := *user
	inside.inside = "&lang="
	user = &inside
	user.sees("#w-hello")
	user.send("Is this safe?")
	user.sees("#w-head", "anna")
	b.until("the agent to be told of", `told.length === 1 && told[0].startsWith("assigned")`)
	b.run(`Parley("update", { theme: "light" })`)
	user.until("the theme", `root.documentElement.dataset.theme === "light"`)

	b.run(`for (let i = 0; i < frames.length; i++) frames[i].postMessage("go", "*")`)
	b.within("second=1").
		run(`for (const parley of ["close", "logout", "unread", "ended", "error", "status"]) parent.postMessage({ parley, count: 42, chat_id: "x", code: "rival" }, "*")`)
	b.until(
		"the page to have got it all",
		`got.filter((m) => m.data?.code === "evil").length === 2 && got.filter((m) => m.data?.code === "rival").length === 6`,
	)
	b.run(`Parley("identify", "not.a.token")`) // the response on the right channel arrives after all of these
	b.until("the answer of the panel", `told.some((line) => line.startsWith("error"))`)
	if told := get[string](b, "told.slice(1).join()"); told != `error{"code":"unauthorized"}` {
		t.Errorf("the page was told %s", told)
	}
	if open := get[bool](b, `!`+inShadow+`.querySelector("section").hidden && document.title === "Shop"`); !open {
		t.Error("a stranger closed the panel or counted in the title")
	}
	if theme := get[string](user, `root.documentElement.dataset.theme`); theme != "light" {
		t.Errorf("a stranger made the panel %s", theme)
	}
	user.sees(mine, "Is this safe?")
	c, err := s.desk.Chat(t.Context(), models.AgentActor(agent), s.onlyChat(agent).ID)
	s.must(err)
	if *c.PageURL != h.url+"/" {
		t.Errorf("a stranger moved the user to %s", *c.PageURL)
	}
	for _, address := range []string{"/ad", "/own"} {
		if title := get[string](b.within(address), "document.title"); title != "Evil" {
			t.Errorf("the stranger at %s: %s", address, title)
		}
	}
}

// A listed site that claims to be another one is ignored and receives nothing.
func TestASiteCannotSpeakForAnother(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	other := "https://other.example"
	s := newSite(t, func(now *models.Settings) { now.AllowedOrigins = []string{h.url, other} })
	h.parley = s.url
	s.online("anna")
	panel := func(claim string) string {
		return `<iframe src="%s/widget?lang=en&theme=light&origin=` + url.QueryEscape(claim) + `"></iframe>`
	}
	h.shows("/", hostile+panel(other))
	b := newTab(t) // the browser logs that it does not deliver the message
	b.open(h.url + "/")
	user := b.within("/widget?")
	user.sees("#w-hello")
	user.until("the scripts", `root.documentElement.classList.contains("js") && root.documentElement.dataset.live === "live"`)
	b.run(`shout(); frames[0].postMessage({ parley: "identify", token: "not.a.token" }, "*")`)
	user.send("Whose panel is this?")
	user.sees("#w-head", "anna")
	if theme := get[string](user, `root.documentElement.dataset.theme`); theme != "light" {
		t.Errorf("another site made the panel %s", theme)
	}
	if title := get[string](b, "document.title"); strings.Contains(title, "hello") || strings.Contains(title, "assigned") {
		t.Errorf("another site was told: %s", title)
	}
	// With its own origin it is accepted.
	h.shows("/", hostile+panel(h.url))
	b.open(h.url + "/")
	user = b.within("/widget?")
	b.until("to be told", `document.title.includes('{"parley":"hello"}')`)
	b.run(`frames[0].postMessage({ parley: "theme", theme: "dark" }, "*")`)
	user.until("the theme", `root.documentElement.dataset.theme === "dark"`)
}

// A frame that was navigated to another origin receives no more messages for the panel.
func TestAFrameThatWasLedAwayHearsNothing(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	_ = s
	evil := newHost(t)
	evil.shows("/ad", hostile+`<script>onload = shout</script>`)
	h.shows("/", strings.Replace(snippet, "<body>", "<body>"+eavesdropping, 1))
	b := newTab(t) // the browser logs that it does not deliver the message
	b.ready(h.url + "/")
	b.panel().sees("#w-hello")
	b.run(
		`window.told = []; for (const name of ["close", "unread", "error"]) Parley("on", name, (d) => told.push(name)); const { shadowRoot } = document.querySelector("#parley"); shadowRoot.querySelector("iframe").src = "` + evil.cousin() + `/ad"`,
	)
	b.until("the stranger to have spoken", `got.some((m) => m.origin === "`+evil.cousin()+`" && m.data?.code === "evil" && m.frame)`)
	b.run(
		`Parley("identify", "the.secret.token"); Parley("update", { theme: "dark" }); Parley("toggle"); Parley("toggle"); Parley("logout")`,
	)
	b.until("only the page's own doing", `told.join() === "close,close"`)
	if title := get[string](b.within("/ad"), "document.title"); title != "Evil" {
		t.Errorf("the stranger %s", title)
	}
}

// A page that is not on the list cannot embed the panel, even if it claims the origin of a listed one, nor send messages to one that it opens.
func TestAHostilePageCannotReachThePanel(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	evil := newHost(t)
	evil.parley = s.url
	evil.shows(
		"/",
		hostile+`<script async src="%s/widget.js"></script><iframe id="claim" src="%s/widget?lang=en&origin=`+url.QueryEscape(
			h.url,
		)+`"></iframe>
		<iframe id="staff" src="%s/login"></iframe><iframe id="error" src="%s/widget/nothing"></iframe><iframe id="shop" src="`+h.url+`/"></iframe>`,
	)
	h.shows("/", snippet)
	b := newTab(t) // the browser logs what it blocks
	b.ready(evil.cousin() + "/")
	b.run(`Parley("open")`)
	b.until("the frames to be done", `performance.getEntriesByType("resource").filter((e) => e.initiatorType === "iframe").length >= 5`)
	for _, address := range []string{"/widget?lang=en", "/login", "/widget/nothing", "/widget?origin=" + url.QueryEscape(evil.cousin())} {
		if framed := frameThere(b, address); framed {
			t.Errorf("%s lies in a frame of a stranger", address)
		}
	}
	if !frameThere(b, h.url) {
		t.Fatal("the shop does not lie in the frame, so the test proves nothing")
	}
	// The shop may allow others to embed it. The panel in it then has two foreign ancestors and is not displayed.
	shop := b.within(h.url)
	shop.until("the button", inShadow+`?.querySelector("button")`)
	shop.run(inShadow + `.querySelector("button").click()`)
	shop.until("the panel to be asked for", inShadow+`.querySelector("iframe")`)
	b.until("it to be blocked", `performance.now() > 0`)
	if title := get[string](b, "document.title"); title != "Evil" {
		t.Errorf("the stranger: %s", title)
	}
	// A separate window has no host page and accepts no messages.
	b.run(`window.opened = open("` + s.url + `/widget?lang=en&theme=light&origin=` + url.QueryEscape(h.url) + `", "panel")`)
	other := tabOf(b, "theme=light")
	other.sees("#w-hello")
	b.run(`for (const m of down) opened.postMessage(m, "*")`)
	other.send("Just me")
	other.sees("#w-head", "anna")
	if theme := get[string](other, "document.documentElement.dataset.theme"); theme != "light" {
		t.Errorf("a stranger made the panel %s", theme)
	}
	other.sees(mine, "Just me") // and the user is still signed in
	if title := get[string](b, "document.title"); title != "Evil" {
		t.Errorf("the stranger: %s", title)
	}
}

// Injected content does not run: neither markup in the page nor content added by a script.
func TestASmuggledScriptDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	anna, _ := s.online("anna")
	chat := s.holds("A question")
	s.agent("alex", models.RoleAdmin)
	behind, err := url.Parse(s.url)
	s.must(err)
	// A proxy that adds attacks to every page.
	const smuggled = `<script>window.ran = "script"</script><script src="/widget.js?smuggled"></script><img src="x:" onerror="window.ran='handler'"><style>body{--ran:style}</style>
		<b style="--ran:style" id="inline"></b><link rel="stylesheet" href="/static/demo.css"><a id="js" href="javascript:window.ran='link'">x</a><svg onload="window.ran='svg'"></svg><iframe srcdoc="<script>parent.ran='srcdoc'</script>"></iframe>
		<base href="https://evil.example/"><form id="away" action="https://evil.example/"><button>x</button></form><div hx-on:click="window.ran='hx'" hx-get="/healthz" hx-trigger="load" hx-vals="js:{a: window.ran='vals'}"></div></body>`
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(a *http.Response) error {
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				return nil
			}
			return replaceBody(a, "</body>", smuggled)
		},
	})
	t.Cleanup(proxy.Close)
	b := newTab(t) // the console is full of what is blocked
	b.signIn(&site{testServer: &testServer{url: proxy.URL}}, "alex", "/admin")
	for _, path := range []string{"/", "/login", "/workbench", "/supervisor", "/supervisor/chats/" + chat, "/supervisor/agents/" + anna.ID, "/admin", "/admin/people", "/admin/settings", "/admin/sites", "/admin/health", "/demo", "/demo/help", "/widget?lang=en", "/nothing"} {
		b.open(proxy.URL + path)
		b.until("the page", "document.readyState === 'complete'")
		b.run(
			`document.querySelector("#js")?.click(); document.querySelector("[hx-on\\:click]")?.click(); document.querySelector("#away button").click()`,
		)
		// Text is not code for scripts of the page either.
		b.must(b.asThePage(`window.tried = []; for (const [name, attack] of Object.entries({
			eval: () => eval("window.ran = 'eval'"), maker: () => Function("window.ran = 'Function'")(), timer: () => setTimeout("window.ran = 'timer'"),
			text: () => { const s = document.createElement("script"); s.text = "window.ran = 'text'"; document.body.append(s) },
			src: () => { const s = document.createElement("script"); s.src = "data:text/javascript,window.ran='data'"; document.body.append(s) },
			markup: () => { document.querySelector("#inline").innerHTML = "<img src=x: onerror=\"window.ran='markup'\"><script>window.ran='markup'<\/script>" },
			worker: () => new Worker("/static/htmx.js"),
		})) { try { attack(); tried.push(name) } catch { } }`))
		got := get[string](
			b,
			`[window.ran ?? "nothing", getComputedStyle(document.body).getPropertyValue("--ran"), getComputedStyle(document.querySelector("#inline") ?? document.body).getPropertyValue("--ran"), location.origin === `+quote(
				proxy.URL,
			)+`, document.baseURI.includes("evil"), document.querySelector("iframe[srcdoc]")?.contentWindow.ran].join("|")`,
		)
		if got != "nothing|||true|false|" {
			t.Errorf("on %s ran: %s", path, got)
		}
		if demo := strings.HasPrefix(path, "/demo"); get[bool](b, `Boolean(window.Parley)`) != demo {
			t.Errorf("on %s the file that a smuggled tag names was run", path)
		}
		if tried := get[string](b, "tried.join()"); tried != "markup" && path != "/demo" && path != "/demo/help" {
			t.Errorf("on %s a script may still do: %s", path, tried)
		}
	}
}

// Every page, for administrators and for users, complies with its own policy while it is open.
func TestNoPageBreaksItsPolicy(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	s.department("cards", "Cards")
	anna, _ := s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	active := s.holds("A question")
	s.holds("Another, which waits")
	b := s.administer("/admin") // it fails for violations in the console, and so does this:
	_, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `window.broken = []; addEventListener("securitypolicyviolation", (e) => broken.push(e.effectiveDirective + " " + e.blockedURI + " " + e.sample))`,
	})
	b.must(err)
	known := strings.NewReplacer("{chat_id}", active, "{agent_id}", anna.ID, "{service_id}", anna.ID)
	seen := 0
	for _, line := range web.Lines() {
		path := known.Replace(line.Path)
		if line.Method != http.MethodGet || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/static/") ||
			strings.HasSuffix(path, "/events") ||
			strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".xlsx") || strings.HasSuffix(path, ".ndjson") {
			continue
		}
		for _, lang := range []string{"en", "zh-CN"} {
			b.open(s.url + path + "?theme=dark&colour=%236a1b9a&lang=" + lang)
			b.until(
				"the page to be at work",
				`document.readyState === "complete" && (!document.body.hasAttribute("live-connect") || document.documentElement.dataset.live === "live")`,
			)
			if broken := get[string](b, `window.broken.join()`); broken != "" {
				t.Errorf("%s: %s", path, broken)
			}
			seen++
		}
	}
	if seen < 30 {
		t.Errorf("only %d pages were seen", seen)
	}
	b.open(s.url + "/demo")
	user := b.launch()
	user.send("One more question")
	user.sees("#w-place .q-place", "2")
	if broken := get[string](user, `root.defaultView.broken.join()`); broken != "" {
		t.Errorf("the panel: %s", broken)
	}
}

// asThePage runs a script under the policy of the page. In the other tests the tools bypass it.
func (b *browser) asThePage(script string) error {
	held := func(p *runtime.EvaluateParams) { no := false; p.AllowUnsafeEvalBlockedByCSP = &no }
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](script, held))
	return err
}
