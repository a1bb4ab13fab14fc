package web_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// lastSay is the text of the newest message of a selector, as an element.
func lastSay(message string) string {
	return "[...root.querySelectorAll(" + quote(message+" .say") + ")].at(-1)"
}

// The server draws formats, so a message looks the same to the user, the agent and a supervisor. Markup in it stays text.
func TestFormatsAreTheSameOnEveryScreen(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	s.agent("sven", models.RoleSupervisor)
	agent := newBrowser(t)
	agent.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	user.send("First")
	user.sees("#w-head", "anna")
	agent.pick()
	agent.sees(theirs, "First")

	const text = "这是*粗体*文字, _it_ `a*b*` <img src=x onerror=alert(1)>\n- one\n- *two*\n1. three\n> said\n```\n<b>\n```\nanna@example.com snake_case +49 30 901820"
	const drawn = `<p>这是<strong>粗体</strong>文字, <em>it</em> <code>a*b*</code> &lt;img src=x onerror=alert(1)&gt;
</p><ul><li>one
</li><li><strong>two</strong>
</li></ul><ol><li>three
</li></ol><blockquote><p>said
</p></blockquote><pre dir="ltr"><code>&lt;b&gt;
</code></pre><p><a href="mailto:anna@example.com" target="_blank" rel="noopener noreferrer nofollow ugc">anna@example.com</a> snake_case ` +
		`<a href="tel:+4930901820" target="_blank" rel="noopener noreferrer nofollow ugc">+49 30 901820</a>
</p>`
	user.send(text)
	agent.sees(theirs, "one")
	super := newBrowser(t)
	super.signIn(s, "sven", "/supervisor")
	super.open(s.url + "/supervisor/chats/" + agent.attr("#thread", "data-chat"))
	for name, screen := range map[string]struct {
		*browser
		message string
	}{"user": {user, mine}, "agent": {agent, theirs}, "supervisor": {super, "#thread .msg"}} {
		screen.until("the formats on the screen of the "+name, lastSay(screen.message)+"?.innerHTML === "+quote(drawn))
		screen.until(
			"the newest message is on the screen of the "+name,
			lastSay(screen.message)+".getBoundingClientRect().bottom <= innerHeight || "+quote(name)+" === 'supervisor'",
		)
	}
	user.until("no picture was made of it", `!root.querySelector("#thread img")`)

	// Notes are drawn in the same way; lists of chats show no marks.
	agent.write("#composer-text", "*second*, a_b")
	agent.press("\r")
	agent.until("the reply", lastSay(mine)+`?.innerHTML === "<strong>second</strong>, a_b"`)
	agent.sees("#list", "second, a_b")
	agent.until("no marks in the list", `!root.querySelector("#list").innerText.includes("*second")`)
}

// What is on its way is shown as it was typed. When the server's drawing takes its place, the thread stays at its end.
func TestAConfirmedMessageDoesNotMoveTheThread(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send(strings.Repeat("line\n", 40) + "end")
	user.sees("#w-head", "anna")
	user.until("it is stored", `root.querySelector("#thread .msg-own[data-id]")`)
	user.send("```\na\nb\n```\n- c\n- d")
	user.until("the drawing", lastSay(mine+"[data-id]")+`?.querySelector("pre + ul")`)
	user.until(
		"the thread is at its end",
		`(() => { const box = root.querySelector("#thread").parentElement; return box.scrollHeight - box.scrollTop - box.clientHeight < 2 })()`,
	)
}

// emojiFiles returns how many files of the picker a page has loaded.
const emojiFiles = `performance.getEntriesByType("resource").filter((e) => e.name.includes("/static/emoji-")).length`

func TestTheEmojiPickerIsLoadedWhenItIsOpened(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("First")
	user.sees("#w-head", "anna")
	bench := newBrowser(t) // it fails when the content policy is violated
	bench.signIn(s, "anna", "/workbench")
	bench.pick()
	bench.sees("#composer-text")
	for name, screen := range map[string]*browser{"panel": user, "workbench": bench} {
		screen.until("the "+name+" has not loaded the picker", "root.defaultView."+emojiFiles+" === 0")
		screen.click("[data-emoji]")
		screen.sees(".emoji-grid button")
		screen.until("the "+name+" has loaded it", "root.defaultView."+emojiFiles+" === 1")
		screen.until("the search has the focus", `root.activeElement?.type === "search"`)

		screen.write(".emoji input[type=search]", "waving")
		screen.until("the hand is found", `root.querySelector(".emoji-grid button")?.textContent === "👋"`)
		screen.press("\r")
		screen.until("it is in the field", `root.querySelector("#composer-text").value === "👋"`)
		screen.until("the field has the focus", `root.activeElement?.id === "composer-text"`)
		screen.gone(".emoji")

		// With a skin tone, by keys alone.
		screen.click("[data-emoji]")
		screen.click(".emoji-tones label:nth-of-type(5)")
		screen.until("the tone is chosen", `root.querySelector(".emoji-tones input[value='4']").checked`)
		screen.focus(".emoji input[type=search]")
		screen.press(kb.ArrowDown)
		screen.until("the first emoji has the focus", `root.activeElement?.textContent === "👋🏾"`)
		screen.press(kb.Enter)
		screen.until("it is added", `root.querySelector("#composer-text").value === "👋👋🏾"`)

		screen.click("[data-emoji]")
		screen.sees(".emoji [role=tab][aria-selected=true]")
		screen.press(kb.Escape)
		screen.gone(".emoji")
		screen.until("the field has the focus again", `root.activeElement?.id === "composer-text"`)
		screen.sees("#composer-text") // Escape has closed the picker, not the panel

		screen.press("\r")
		screen.until("it is sent", lastSay(mine+"[data-id]")+`?.textContent === "👋👋🏾"`)
	}
}

func TestTheEmojiPickerInChineseOnAPhone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.size(390, 844)
	b.open(s.url + "/widget?lang=zh-CN")
	b.sees("#composer-text")
	b.click("[data-emoji]")
	b.sees(".emoji-grid button")
	b.write(".emoji input[type=search]", "猫")
	b.until("cats are found", `[...root.querySelectorAll(".emoji-grid button")].some((e) => e.textContent.startsWith("🐈"))`)
	b.sees(".send")
	b.until("nothing covers the button to send", `(() => { const send = root.querySelector(".send"), box = send.getBoundingClientRect();
		return send.contains(root.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)) && box.right <= innerWidth && box.bottom <= innerHeight })()`)
	b.until(
		"the picker is above the field",
		`root.querySelector(".emoji").getBoundingClientRect().bottom <= root.querySelector("#composer").getBoundingClientRect().top + 1`,
	)
	b.until("the page is not wider than the screen", `root.documentElement.scrollWidth <= innerWidth`)
}

func TestKeysPutMarksAroundTheSelection(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("First")
	user.sees("#w-head", "anna")
	b := newBrowser(t)
	b.signIn(s, "anna", "/workbench")
	b.pick()
	b.sees("#composer-text")
	for _, c := range []struct {
		text       string
		start, end int
		key, want  string
	}{
		{"one two", 4, 7, "b", "one *two*"},
		{"one two", 4, 7, "i", "one _two_"},
		{"one *two*", 5, 8, "b", "one two"},
		{"one *two*", 4, 9, "b", "one two"},
		{"one two ", 3, 8, "b", "one *two* "},
		{"one\n\ntwo", 0, 8, "b", "*one*\n\n*two*"},
		{"", 0, 0, "b", "**"},
	} {
		b.write("#composer-text", "x")
		_, err := eval[bool](
			b,
			`(() => { const f = root.querySelector("#composer-text"); f.value = `+quote(c.text)+`; f.setSelectionRange(`+
				strconv.Itoa(c.start)+`, `+strconv.Itoa(c.end)+`); return true })()`,
		)
		b.must(err)
		b.press(c.key, chromedp.KeyModifiers(2))
		b.until("the marks of "+c.text, `root.querySelector("#composer-text").value === `+quote(c.want))
	}
}

// Code blocks, quotes, lists and the open picker, in both widths, themes and languages.
func TestFormatsAndThePickerAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	const text = "*a* _b_ `c` www.example.com anna@example.com\n- d\n  - e\n1. f\n> g\n```\nh\n```"
	for _, l := range looks {
		user := newBrowser(t)
		user.as(l)
		user.open(s.url + "/widget?lang=" + l.lang)
		user.send(text)
		user.until("the drawing", lastSay(mine+"[data-id]")+`?.querySelector("pre")`)
		user.click("[data-emoji]")
		user.sees(".emoji-grid button")
		user.accessible("panel, " + l.name)
		user.write(".emoji input[type=search]", "nothing like it")
		user.sees(".emoji-grid .hint")
		user.accessible("nothing found, " + l.name)
	}
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	for _, l := range looks {
		bench.as(l)
		bench.open(s.url + "/workbench?lang=" + l.lang)
		bench.pick()
		bench.sees(theirs, "e")
		bench.write("#composer-text", text)
		bench.press("\r")
		bench.until("the drawing", lastSay(mine+"[data-id]")+`?.querySelector("pre")`)
		bench.click("[data-emoji]")
		bench.sees(".emoji-grid button")
		bench.accessible("workbench, " + l.name)
		bench.press("\x1b")
		bench.click(".format-help summary")
		bench.sees(".format-help dl")
		bench.accessible("help on formats, " + l.name)
		bench.until(
			"the help is on the screen",
			`(() => { const box = root.querySelector(".format-help .drop-menu").getBoundingClientRect();
			return box.left >= 0 && box.right <= innerWidth && box.top >= 0 })()`,
		)
	}
}
