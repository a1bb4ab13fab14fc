package web_test

import (
	"strings"
	"testing"

	"parley/models"
)

// counting records the listeners of a page outside of temporary elements, its pending timers, and the properties of its window.
const counting = `
	window.heard = 0; window.kept = new Set(); window.timers = new Set(); window.watchers = 0;
	const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
	let n = 0;
	EventTarget.prototype.addEventListener = function (type, fn, options) {
		if (fn && (this === window || !(this instanceof Node) || this === document || this === document.documentElement || this === document.body)) {
			const key = type + " " + ++n;
			if (!(this instanceof AbortSignal)) { kept.add(key); options?.signal && add.call(options.signal, "abort", () => kept.delete(key)); }
		}
		return add.call(this, type, fn, options);
	};
	const { setTimeout: set, clearTimeout: clear, setInterval: repeat } = window;
	window.setTimeout = (fn, wait, ...args) => { const id = set(() => { timers.delete(id); fn(...args) }, wait); timers.add(id); return id };
	window.clearTimeout = (id) => { timers.delete(id); clear(id) };
	window.setInterval = () => { throw new Error("nobody needs an interval") };
	const Watch = window.MutationObserver;
	window.MutationObserver = class extends Watch { observe(...args) { if (!this.on) { this.on = true; watchers++ } super.observe(...args) } disconnect() { if (this.on) { this.on = false; watchers-- } super.disconnect() } };
	window.books = () => [kept.size, watchers, document.querySelectorAll("*").length, document.querySelectorAll("#parley").length, Object.keys(window).length].join();`

// An application may add and remove the widget any number of times.
func TestMountingTwentyTimesLeavesNothing(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows(
		"/",
		`<!doctype html><html lang="en"><title>App</title><body><main></main><script src="/books.js"></script><script src="%s/widget.js" data-manual></script>`,
	)
	h.shows("/books.js", counting)
	b := newBrowser(t)
	b.open(h.url + "/")
	b.until("the command", "window.Parley?.loaded")
	mount := func() {
		b.run(`heard = 0; Parley("on", "open", () => heard++); Parley("boot", { site: "App", label: "Chat" }); Parley("open")`)
		b.within("/widget?").sees("#w-hello")
		b.until("to be told once", "heard === 1 && kept.size > 5 && watchers === 1")
		b.run(`history.pushState(null, "", "/" + Math.random()); dispatchEvent(new Event("focus")); Parley("shutdown")`)
		b.until("the timers to have fired", "timers.size === 0")
	}
	before := get[string](b, "books()")
	for range 20 {
		mount()
	}
	if now := get[string](b, "books()"); now != before {
		t.Errorf("listeners, watchers, elements, widgets, names in the window: at first %s, after twenty times %s", before, now)
	}
	if title := get[string](b, "document.title + document.documentElement.style.overflow"); title != "App" {
		t.Errorf("the page is left as %q", title)
	}
	// Its handlers were removed, and new calls wait for the next boot.
	b.run(`Parley("open"); heard = 0; Parley("boot")`)
	b.within("/widget?").sees("#w-hello")
	if n := get[int](b, "heard"); n != 0 {
		t.Errorf("a handler of the time before was called %d times", n)
	}
}

// Some applications add and remove the tag with their components.
func TestATagThatComesAgainMountsAgain(t *testing.T) {
	t.Parallel()
	_, h := embedded(t)
	h.shows("/", `<!doctype html><html lang="en"><title>App</title><body><script src="/tag.js"></script>`)
	h.shows(
		"/tag.js",
		`window.tag = () => { const s = document.createElement("script"); s.src = "%s/widget.js"; s.dataset.label = "Chat"; document.head.append(s); return s };`,
	)
	b := newBrowser(t)
	b.open(h.url + "/")
	for range 3 {
		b.run(`window.mine = tag()`)
		b.until("the button", inShadow+`?.querySelector("button")?.innerText === "Chat"`)
		b.run(`mine.remove(); Parley("shutdown")`)
		b.until("it to be gone", `!document.querySelector("#parley")`)
	}
}

// A route of the application counts as a page of the site: the widget stays, and the agent sees the current page of the user.
func TestTheAgentSeesWhereTheUserGoes(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.shows("/", strings.ReplaceAll(snippet, "Shop", "Start"))
	h.shows("/cart", strings.ReplaceAll(snippet, "Shop", "Cart"))
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	b := newBrowser(t)
	b.ready(h.url + "/?token=secret#secret")
	user := b.panel()
	user.sees("#w-hello")
	b.run(
		`window.same = document.querySelector("#parley").shadowRoot.querySelector("iframe").contentWindow; history.pushState(null, "", "/shoes?size=42#top"); document.title = "Shoes"`,
	)
	user.send("Do these run small?")
	user.sees("#w-head", "anna")
	bench.pick()
	bench.sees(".talk-facts", "Shoes")
	bench.sees(".about", "Shoes")
	b.run(`history.pushState(null, "", "/socks"); setTimeout(() => { document.title = "Socks" }, 20)`)
	bench.sees(".talk-facts", "Socks")
	bench.sees(".about", "Socks")
	if link := bench.attr(".talk-facts a", "href"); link != h.url+"/socks" {
		t.Errorf("it leads to %s", link)
	}
	if !get[bool](
		b,
		`window.same === `+inShadow+`.querySelector("iframe").contentWindow && `+inShadow+`.querySelector("section").hidden === false`,
	) {
		t.Error("the frame was made anew")
	}
	b.run(`history.replaceState(null, "", "/quiet"); document.title = "By hand"; Parley("update")`)
	bench.sees(".talk-facts", "By hand")
	b.open(h.url + "/cart") // and a page load
	b.within("/widget?").sees(mine, "Do these run small?")
	bench.sees(".talk-facts", "Cart")
	for _, page := range []string{s.onlyChat(agent).ID} {
		c, err := s.desk.Chat(t.Context(), models.AgentActor(agent), page)
		s.must(err)
		if *c.PageURL != h.url+"/cart" || c.WarnedAt != nil {
			t.Errorf("the chat is on %s", *c.PageURL)
		}
	}
}

// Some applications replace the whole body.
func TestTheWidgetSurvivesANewBody(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows("/", snippet)
	b := newBrowser(t)
	b.ready(h.url + "/")
	b.panel().sees("#w-hello")
	b.run(`document.documentElement.replaceChild(document.createElement("body"), document.body)`)
	b.within("/widget?").sees("#w-hello")
	b.run(`document.body.replaceChildren()`)
	b.until("it to be there again, and once", `document.querySelectorAll("#parley").length === 1`)
	b.within("/widget?").sees("#w-hello")
}

func TestThemeAndLanguageFollowThePage(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.online("anna")
	h.shows("/", snippet)
	b := newBrowser(t)
	b.ready(h.url + "/")
	user := b.panel()
	user.sees("#w-hello")
	user.write("#composer-text", "half a sent")
	b.run(`Parley("update", { theme: "dark" })`)
	user.until("the dark theme", `root.documentElement.dataset.theme === "dark"`)
	user.until("what was typed", `root.querySelector("#composer-text").value === "half a sent"`)
	b.run(`Parley("update", { theme: "auto" })`)
	user.until("the system's theme", `root.documentElement.dataset.theme === undefined`)
	b.run(`Parley("update", { language: "zh-CN" })`)
	user.sees("#w-hello", "您好")
	b.until("the button to speak it", inShadow+`.querySelector("button").ariaLabel === "收起对话"`)
}

// A user who signs out on the site is signed out of the chat, even if the panel is not loaded at that time.
func TestSigningOutReachesThePanel(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	agent, _ := s.online("anna")
	h.shows("/", snippet)
	b := newBrowser(t)
	b.ready(h.url + "/")
	user := b.panel()
	user.send("Something private")
	user.sees("#w-head", "anna")
	_, err := s.desk.End(t.Context(), models.AgentActor(agent), s.onlyChat(agent).ID, "")
	s.must(err)
	user.sees("#w-sheet")
	b.run(`Parley("close")`)
	b.until("that nothing is open any more to be kept", `JSON.parse(localStorage.parley).chat === false`)
	b.reload()
	b.until("the button alone", inShadow+`?.querySelector("button") && !`+inShadow+`.querySelector("iframe")`)
	b.run(`Parley("logout")`)
	b.until("nothing to be kept", `localStorage.parley === undefined`)
	user = b.panel()
	user.sees("#w-hello")
	if text := user.text("#main"); strings.Contains(text, "Something private") {
		t.Errorf("the next person reads %q", text)
	}
	// If the widget was never opened, there is no user to sign out, and nothing is loaded.
	other := newBrowser(t)
	other.ready(h.url + "/")
	other.run(`Parley("logout")`)
	if n := get[int](other, inShadow+`.querySelectorAll("iframe").length + localStorage.length`); n != 0 {
		t.Errorf("signing out without a signed-in user loads or keeps %d things", n)
	}
}
