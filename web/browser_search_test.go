package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

const (
	paletteOption = `#palette [aria-selected="true"]`
	ctrl          = 2
)

// palette opens the command palette by its keys and types.
func (b *browser) palette(text string) {
	b.t.Helper()
	b.press("k", chromedp.KeyModifiers(ctrl))
	b.until("the palette", `root.getElementById("palette").open && root.activeElement.id === "palette-q"`)
	b.press(text)
}

// closesPalette closes it with Escape.
func (b *browser) closesPalette() {
	b.t.Helper()
	b.press("\x1b")
	b.until("no palette", `!root.getElementById("palette").open`)
}

// An agent finds an own chat by two Chinese characters in the palette and on the page, and not another agent's; a supervisor
// finds both, and reads each at the message.
func TestChatsAreFoundByTwoCharacters(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, annaToken := s.online("anna")
	_, mine := s.newChat("你好，我想申请退款，谢谢")
	s.ends(annaToken, mine)
	s.ask("POST", "/api/customer-service/offline", annaToken, nil).want(200)
	_, benToken := s.online("ben")
	_, other := s.newChat("退款什么时候到账？")
	s.ends(benToken, other)
	s.agent("ruth", models.RoleSupervisor)
	anna, ruth := newBrowser(t), newBrowser(t)
	anna.signIn(s, "anna", "/workbench")
	ruth.signIn(s, "ruth", "/supervisor")
	anna.sees("#presence-btn")
	anna.palette("退款")
	anna.sees("#palette [data-group=found]", "我想申请", "退款")
	anna.until("one chat and the way to all", `root.querySelectorAll("#palette [data-group=found] [role=option]").length === 2`)
	anna.sees("#palette mark", "退款")
	for _, l := range looks {
		anna.as(l)
		anna.accessible("the palette, " + l.name)
		anna.looksLike("palette-" + l.name)
	}
	anna.as(looks[0])
	anna.until("the chat to be marked", `root.querySelector(`+quote(paletteOption)+`).matches(".palette-chat")`)
	anna.press("\r")
	anna.sees("#thread .is-linked", "我想申请退款")
	ruth.palette("退款")
	ruth.until("two chats and the way to all", `root.querySelectorAll("#palette [data-group=found] [role=option]").length === 3`)
	ruth.press(kb.ArrowUp) // the last one
	ruth.sees(paletteOption, "Show all results")
	ruth.press("\r")
	ruth.sees(".found", "我想申请", "什么时候到账")
	ruth.accessible("the results")
	ruth.click(`.found a[href*="` + other + `"]`)
	ruth.sees("#thread .is-linked", "什么时候到账")
	ruth.until("the page of supervisors", `location.pathname.startsWith("/supervisor/chats/")`)

	anna.open(s.url + "/workbench/search")
	anna.write("#q", "退")
	anna.press("\r")
	anna.sees("#q-error", "at least two")
	anna.write("#q", "到账")
	anna.press("\r")
	anna.sees("#main", "No chat found")
	for _, l := range looks {
		for _, path := range []string{"/workbench/search", "/workbench/search?q=%E9%80%80%E6%AC%BE&lang=" + l.lang} {
			anna.as(l)
			anna.open(s.url + path)
			anna.sees("#main")
			anna.accessible(path + ", " + l.name)
		}
		anna.looksLike("search-" + l.name)
	}
}

// The palette does what the controls of the page do, by keyboard alone, and leaves their own keys alone.
func TestThePaletteActsByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.reply(admin, models.NewCannedReply{
		Scope: models.CannedEveryone, Shortcut: "hello", Title: "Greeting", Body: "Hello, I am {{agent.name}}.",
	})
	b := atWork(t, s, "anna")
	_, first := s.newChat("The first question")
	_, second := s.newChat("The second question")
	b.sees(rowOf(second))
	b.palette("")
	b.sees("#palette [data-group=chats]", "Guest")
	b.press("away")
	b.sees(paletteOption, "Away")
	b.press("\r")
	b.sees("#presence-btn", "Away")
	b.until("no palette", `!root.getElementById("palette").open`)

	b.palette("next chat")
	b.press("\r")
	b.sees("#thread", "The first question")
	b.palette("greeting")
	b.sees(paletteOption, "/hello")
	b.press("\r")
	b.until("the reply in the field", composerText+` === "Hello, I am anna."`)
	b.until("the field to have the focus", `root.activeElement.id === "composer-text"`)
	b.palette("end")
	b.closesPalette()
	b.until("the field to have the focus again", `root.activeElement.id === "composer-text"`)
	b.palette("transfer")
	b.sees(paletteOption, "Transfer")
	b.press("\r")
	b.sees("#transfer[open]")
	b.press("k", chromedp.KeyModifiers(ctrl)) // a dialog is open
	b.until("no palette", `!root.getElementById("palette").open`)
	b.press("\x1b")
	b.gone("#transfer[open]")
	b.palette("qqqq")
	b.sees("#palette-status", "Nothing found.")
	b.closesPalette()
	b.alt("KeyK")
	b.until("the other chat", `location.pathname.endsWith(`+quote(second)+`) || location.pathname.endsWith(`+quote(first)+`)`)
	b.click("[data-palette]")
	b.until("the palette", `root.getElementById("palette").open`)
	b.press("dark")
	b.sees(paletteOption, "Dark")
	b.press("\r")
	b.until("the dark theme", `root.documentElement.dataset.theme === "dark"`)

	b.as(looks[1])
	b.open(s.url + "/workbench?lang=zh-CN")
	b.sees("#presence-btn")
	b.palette("深色")
	b.sees(paletteOption, "：深色")
	b.accessible("the palette in Chinese")
	b.looksLike("palette-actions-Chinese")
}
