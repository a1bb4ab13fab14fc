package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/models"
)

// The two lines that the README tells a site to add, for a site with a strict content policy: no inline styles, no other requests, no
// markup created by scripts.
func TestASiteWithAStrictPolicyAddsTwoLines(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.policy = "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; script-src %s; frame-src %s"
	h.shows("/", `<!doctype html><html lang="en"><title>Strict</title><body><h1>Strict</h1>
		<script async src="%s/widget.js" data-site="Shop" data-label="Ask us" data-colour="#6a1b9a" data-position="left" data-offset="32 48"></script>`)
	b := newBrowser(t) // fails when anything breaks the policy
	b.ready(h.url + "/")
	b.until(
		"the button in the site's colour, at the left, with its label",
		`(() => { const b = `+inShadow+`.querySelector("button"), r = b.getBoundingClientRect();
		return getComputedStyle(b).backgroundColor === "rgb(106, 27, 154)" && getComputedStyle(b).color === "rgb(255, 255, 255)" &&
			r.left === 32 && Math.round(innerHeight - r.bottom) === 48 && b.innerText === "Ask us" && b.ariaLabel === "Ask us. Open chat" })()`,
	)
	user := b.panel()
	user.sees("#w-hello")
	b.until(
		"the window beside it",
		`(() => { const r = `+inShadow+`.querySelector("section").getBoundingClientRect(); return r.left === 32 && r.width === 384 && r.top >= 0 })()`,
	)
	user.until("the panel in the site's colour", `getComputedStyle(root.documentElement).getPropertyValue("--brand") === "#6a1b9a"`)
	user.write("#composer-text", "Is this allowed?")
	b.press("\r")
	user.sees(mine, "Is this allowed?")
	user.sees("#w-head", "anna")
}

// Calls before the script is loaded are kept in order. Each event is sent once, with the documented fields and no message text.
func TestThePageIsToldWhatHappens(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.shows(
		"/",
		`<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><script src="/early.js"></script><script async src="%s/widget.js"></script>`,
	)
	h.shows("/early.js", `window.Parley = window.Parley || function () { (Parley.q = Parley.q || []).push(arguments); };
		window.told = [];
		for (const name of ["ready", "open", "close", "unread", "assigned", "ended", "error"]) Parley("on", name, (detail) => told.push([name, detail]));
		window.first = (detail) => told.push(["first", detail]);
		Parley("on", "open", first);
		Parley("boot", { site: "Shop" });
		Parley("open"); Parley("close"); Parley("open");`)
	b := newBrowser(t)
	b.ready(h.url + "/")
	told := func() string { return get[string](b, "JSON.stringify(told)") }
	b.until(
		"the kept calls, in order, and then ready",
		`JSON.stringify(told) === '[["open",{}],["first",{}],["close",{}],["open",{}],["first",{}],["ready",{}]]'`,
	)

	user := b.within("/widget?")
	user.send("My secret question")
	user.sees("#w-head", "anna")
	user.sees("#thread .sys", "anna") // in a closed panel it would be unread
	chat := s.onlyChat(agent)
	b.run(`Parley("off", "open", first); Parley("close")`)
	_, _, err := s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: "My secret answer"})
	s.must(err)
	b.until("the message to be counted", `told.at(-1)[0] === "unread" && told.at(-1)[1].count === 1`)
	b.run(`Parley("open")`)
	b.until("it to be seen", `told.at(-1)[0] === "open" && told.at(-2)[0] === "unread" && told.at(-2)[1].count === 0`)
	_, err = s.desk.End(t.Context(), models.AgentActor(agent), chat.ID, "")
	s.must(err)
	b.until("the end", `told.at(-1)[0] === "ended"`)
	want, err := json.Marshal([]any{
		[]any{"open", map[string]any{}},
		[]any{"first", map[string]any{}},
		[]any{"close", map[string]any{}},
		[]any{"open", map[string]any{}},
		[]any{"first", map[string]any{}},
		[]any{"ready", map[string]any{}},
		[]any{"assigned", map[string]any{"chat_id": chat.ID, "agent": "anna"}},
		[]any{"close", map[string]any{}},
		[]any{"unread", map[string]any{"count": 1}},
		[]any{"unread", map[string]any{"count": 0}},
		[]any{"open", map[string]any{}},
		[]any{"ended", map[string]any{"chat_id": chat.ID, "reason": "service_ended"}},
	})
	s.must(err)
	var got, wanted any
	s.must(json.Unmarshal([]byte(told()), &got))
	s.must(json.Unmarshal(want, &wanted))
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("the page was told\n%v, want\n%v", got, wanted)
	}

	// A listener that is added late receives "ready"; a removed one receives nothing more.
	b.run(`window.late = 0; window.leave = Parley("on", "ready", () => late++); Parley("on", "ready", () => late++)()`)
	b.until("ready, for the one who stays", "late === 1")
	b.run(`leave(); window.n = 0; const off = Parley("on", "close", () => n++); off(); Parley("close")`)
	b.until("the panel to be closed", `told.at(-1)[0] === "close"`)
	if n := get[int](b, "n"); n != 0 {
		t.Errorf("who had left was told %d times", n)
	}
}

// Errors in the code of the site do not break the widget.
func TestErrorsOfTheSiteStayItsOwn(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows(
		"/",
		`<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><script src="/early.js"></script><script async src="%s/widget.js"></script>`,
	)
	h.shows("/early.js", `window.errors = []; window.warnings = []; window.opened = 0;
		addEventListener("error", (event) => { errors.push(event.message); event.preventDefault(); });
		console.warn = (...words) => warnings.push(words.join(" "));`)
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.run(
		`Parley("on", "open", () => { throw new Error("mine") }); Parley("on", "open", () => opened++); Parley("on", "ready", () => { throw new Error("late") }); Parley("open")`,
	)
	b.until("the panel to be open for the other", `opened === 1 && errors.join() === "Uncaught Error: mine,Uncaught Error: late"`)
	b.within("/widget?").sees("#w-hello")
	b.run(
		`for (const call of [["dance"], ["on", "dance", () => {}], ["constructor"], [], ["__proto__"], ["off", "dance"], ["off", "constructor", 1], ["on", "open", "no function"]]) Parley(...call); Parley("close")`,
	)
	warned := get[string](b, `warnings.join("\n")`)
	for _, said := range []string{`"dance" is none of boot, shutdown, on, off, open, close,`, `"dance" is none of ready, open, close, unread, assigned, ended, error`, `"constructor" is none of`, `"undefined" is none of`} {
		if !strings.Contains(warned, said) {
			t.Errorf("the console lacks %q:\n%s", said, warned)
		}
	}
}

func TestWhatCannotBeUsedIsToldOnceAndIgnored(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	_ = s
	h.shows("/", `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><script src="/early.js"></script>
		<script async src="%s/widget.js" data-site="Shop" data-position="middle" data-cf-beacon="x" data-colour="#777777"></script>`)
	h.shows("/early.js", `window.warnings = []; console.warn = (...words) => warnings.push(words.join(" "));`)
	b := newBrowser(t)
	b.ready(h.url + "/")
	if got := get[string](
		b,
		`warnings.join("|")`,
	); got != `Parley ignores position "middle" (right or left), colour "#777777" (#rrggbb, contrast 4.5)` {
		t.Errorf("of the tag the console says %q", got)
	}
	const face = `(() => { const b = ` + inShadow + `.querySelector("button"), c = getComputedStyle(b), r = b.getBoundingClientRect();
		return [c.backgroundColor, c.color, Math.round(innerWidth - r.right), Math.round(innerHeight - r.bottom), Math.round(r.left), b.innerText].join(" ") })()`
	plain := get[string](b, face)
	if !strings.HasPrefix(plain, "rgb(11, 89, 104) rgb(255, 255, 255) 20 20 ") {
		t.Errorf("the button is %s", plain)
	}
	for _, bad := range []string{
		`position: "top"`, `position: "LEFT"`, `offset: -1`, `offset: 201`, `offset: "20px"`, `offset: "1 2 3"`, `offset: {}`, `offset: NaN`, `offset: 1e9`, `offset: "20;color:red"`,
		`colour: "red"`, `colour: "#fff; background: url(x)"`, `colour: "#7f7f7f"`, `color: "#888888"`, `colour: 0xff0000`, `theme: "blue"`, `language: "english"`,
		`label: "a label that is far too long"`, `site: "x".repeat(41)`, `department: "x".repeat(41)`, `placed: "left"`, `constructor: "x"`, `toString: "x"`,
	} {
		b.run(`warnings.length = 0; Parley("update", { ` + bad + ` })`)
		if n, said := get[int](
			b,
			"warnings.length",
		), get[string](
			b,
			`warnings.join()`,
		); n != 1 || !strings.HasPrefix(said, "Parley ignores ") ||
			!strings.Contains(said, "(") {
			t.Errorf("of %s the console says %q", bad, said)
		}
	}
	if now := get[string](b, face); now != plain {
		t.Errorf("the button was %s and is %s", plain, now)
	}
	b.run(
		`warnings.length = 0; Parley("update", { position: "left", offset: [12, 96], colour: "#FFCC00", label: "聊天", theme: "dark", language: "zh-Hans" })`,
	)
	if now := get[string](b, face); !strings.HasPrefix(now, "rgb(255, 204, 0) rgb(5, 38, 45) ") || !strings.HasSuffix(now, " 96 12 聊天") {
		t.Errorf("the button is %s", now)
	}
	b.until("the words of the language", inShadow+`.querySelector("button").ariaLabel === "聊天. 打开对话"`)
	if said := get[string](b, `warnings.join()`); said != "" {
		t.Errorf("the console says %q", said)
	}
	b.run(`Parley("update", { position: null, offset: "", color: null, label: "", theme: "auto", language: null })`)
	if now := get[string](b, face); now != plain || get[int](b, "warnings.length") != 0 {
		t.Errorf("back to the default the button is %s, was %s", now, plain)
	}
}

// The script and the server accept the same colours.
func TestButtonAndPanelTakeTheSameColours(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	h.shows("/", snippet)
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.run(`window.warned = 0; console.warn = () => warned++`)
	taken := 0
	for i := range 40 {
		colour := fmt.Sprintf("#%02x%02x%02x", i*37%256, (i*91+13)%256, (i*151+200)%256)
		b.run(`warned = 0; Parley("update", { colour: null }); Parley("update", { colour: "` + colour + `" })`)
		button := get[int](b, "warned") == 0
		panel := strings.Contains(string(s.ask("GET", "/widget?colour=%23"+colour[1:], "", nil).want(200).Body), "--brand:"+colour)
		if button != panel {
			t.Errorf("%s is taken by the button: %v, by the panel: %v", colour, button, panel)
		}
		if button {
			taken++
		}
	}
	if taken < 10 || taken == 40 {
		t.Errorf("%d of 40 colours were taken", taken)
	}
}

func TestTwoSnippetsAreOneWidget(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows("/", `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>
		<script async src="%s/widget.js" data-site="First"></script><script async src="%s/widget.js" data-site="Second"></script><script type="module" src="/module.js"></script>`)
	h.shows("/module.js", `import Parley from "%s/widget.mjs"; window.module = Parley; Parley("boot", { label: "Third" }); Parley("open");`)
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.until("the module to be there", "window.module")
	b.within("/widget?").sees("#w-hello")
	if n := get[string](
		b,
		`[document.querySelectorAll("#parley").length, document.querySelector("#parley").shadowRoot.querySelectorAll("iframe").length, module === window.Parley].join()`,
	); n != "1,1,true" {
		t.Errorf("widgets, frames, one command: %s", n)
	}
}

// The module works the same and can be loaded across origins.
func TestTheModuleIsTheSameWidget(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.policy = "default-src 'none'; script-src 'self' %s; frame-src %s"
	h.shows("/", `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1><script type="module" src="/module.js"></script>`)
	h.shows(
		"/module.js",
		`import Parley from "%s/widget.mjs"; window.told = []; Parley("on", "ready", () => told.push("ready")); Parley("open"); window.start = () => Parley("boot", { site: "Shop" }); window.loaded = true;`,
	)
	b := newBrowser(t)
	b.open(h.url + "/")
	b.until("the module to be there", "window.loaded")
	if there := get[bool](b, `Boolean(document.querySelector("#parley")) || told.length > 0`); there {
		t.Error("it shows itself before it is booted")
	}
	b.run(`start()`)
	b.until("ready", `told.join() === "ready"`)
	user := b.within("/widget?") // it was opened before
	user.sees("#w-hello")
	user.send("By the module")
	user.sees("#w-head", "anna")
	s.onlyChat(agent)
}
