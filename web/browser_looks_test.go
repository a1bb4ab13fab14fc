package web_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

// launcherIs returns an expression that is true once the button of the widget looks like this.
func launcherIs(colour, ink, label, side string) string {
	return fmt.Sprintf(`(() => { const b = %s?.querySelector("button"), r = b?.getBoundingClientRect(), s = b && getComputedStyle(b);
		return b && s.backgroundColor === %q && s.color === %q && b.innerText === %q && (r.left < innerWidth / 2 ? "left" : "right") === %q })()`,
		inShadow, colour, ink, label, side)
}

// A site looks as administrators made it, in the user's language, without a further request before the panel is opened.
// Attributes of the embed code override it.
func TestASiteLooksAsAdministratorsMadeIt(t *testing.T) {
	t.Parallel()
	s, h := embedded(t)
	s.department("cards", "Cards and accounts")
	s.department("parcels", "Parcels")
	anna, _ := s.online("anna", func(n *models.NewAgent) { n.Departments = []string{"cards"} })
	_, alex := s.agent("alex", models.RoleAdmin)
	s.look(alex, map[string]any{"company": "Everywhere", "position": "right"})
	s.look(alex, map[string]any{
		"site": h.url, "colour": "#ffd54f", "company": "Kestrel", "label_en": "Ask us", "label_zh_cn": "咨询客服", "position": "left",
		"greeting_en": "Welcome to Kestrel\nWe answer within a minute.", "greeting_zh_cn": "欢迎来到红隼\n一分钟内回复。",
		"away_en": "We are asleep", "topics": []any{"parcels", "cards"}, "privacy_url": "https://www.example.com/privacy",
	})
	s.ask("POST", looksPath+"/avatar", alex, map[string]any{"site": h.url, "avatar": logo(t)}).want(200)
	s.question(alex, map[string]any{"name_en": "Your parcel", "department": "parcels"})
	const plain = `<!doctype html><html lang="%s"><title>Shop</title><body><h1>Shop</h1><script async src="%%s/widget.js"%s></script>`
	page := func(path, lang, attributes string) { h.shows(path, fmt.Sprintf(plain, lang, attributes)) }
	page("/", "en", "")
	page("/zh", "zh-CN", "")
	page("/own", "en", ` data-site="Shop" data-colour="#6a1b9a" data-label="Talk" data-position="right" data-department="cards"`)

	b := newBrowser(t)
	b.ready(h.url + "/")
	const dark, white = "rgb(5, 38, 45)", "rgb(255, 255, 255)"
	b.until("the button of the look", launcherIs("rgb(255, 213, 79)", dark, "Ask us", "left"))
	if got := get[string](
		b,
		`performance.getEntriesByType("resource").map((e) => e.name).filter((n) => n.startsWith(`+quote(s.url)+`)).join(" ")`,
	); got != s.url+"/widget.js" {
		t.Errorf("before the panel is opened the page has loaded %q", got)
	}
	b.looksLike("look-launcher")
	user := b.panel()
	user.sees("#w-head", "Kestrel support")
	user.sees("#w-hello", "Welcome to Kestrel", "We answer within a minute.", "Parcels", "Cards and accounts")
	user.until(
		"the topics in their order",
		`[...root.querySelectorAll("#w-hello [data-topic]")].map((a) => a.innerText).join() === "Parcels,Cards and accounts"`,
	)
	user.until("the picture", `(() => { const i = root.querySelector("#w-head img"); return i?.complete && i.naturalWidth === 128 })()`)
	user.until("the panel in the colour", `getComputedStyle(root.documentElement).getPropertyValue("--brand") === "#ffd54f"`)
	user.sees("#w-foot a[href='https://www.example.com/privacy'][target='_blank']", "Privacy")
	b.until("only what the embed code says in the address", `!/colour|site=/.test(`+inShadow+`.querySelector("iframe").src)`)
	b.until("the name of the frame", inShadow+`.querySelector("iframe").title === "Kestrel: Chat"`)

	// A topic is chosen by keyboard; what was typed stays, and its questions are asked.
	user.write("#composer-text", "Where is it?")
	user.focus("#w-hello [data-topic]")
	user.press("\r")
	user.sees("#w-before", "Your parcel")
	user.until(
		"the topic is chosen",
		`root.querySelector("#w-hello [aria-current]")?.innerText === "Parcels" && root.querySelector("#composer-text").value === "Where is it?"`,
	)
	user.focusIn("#composer-text")
	for _, now := range []struct { // what the stream draws is about the topic too
		of   models.Presence
		text string
	}{{models.Offline, "We are asleep"}, {models.Online, "Welcome to Kestrel"}} {
		_, err := s.desk.SetPresence(t.Context(), models.AgentActor(anna), now.of)
		s.must(err)
		user.sees("#w-hello", now.text)
		user.until(
			"the topic stays",
			`root.querySelector("#w-hello [aria-current]")?.innerText === "Parcels" && root.querySelector("#w-before")`,
		)
	}
	user.click("#w-hello [aria-current]")
	user.gone("#w-before")
	user.until("no topic is chosen", `!root.querySelector("#w-hello [aria-current]")`)
	user.click("#w-hello [data-topic]:last-child")
	user.until("the other topic", `root.querySelector("#w-hello [aria-current]")?.innerText === "Cards and accounts"`)
	user.focusIn("#composer-text")
	user.press("\r")
	user.sees(mine, "Where is it?")
	user.sees("#w-head", "anna")
	if chat := s.onlyChat(anna); chat.Department == nil || *chat.Department != "cards" {
		t.Errorf("the chat asks for %v", chat.Department)
	}

	other := newBrowser(t)
	for _, l := range looks {
		other.as(l)
		other.open(s.url + "/widget?origin=" + url.QueryEscape(h.url) + "&topic=cards&lang=" + l.lang)
		other.sees("#w-hello [aria-current]", "Cards and accounts")
		other.accessible("the panel of a site, " + l.name)
		other.looksLike("look-panel-" + l.name)
	}
	other.as(looks[0])
	other.ready(h.url + "/zh")
	other.until("the button in Chinese", launcherIs("rgb(255, 213, 79)", dark, "咨询客服", "left"))
	other.run(`Parley("update", { position: "right", label: "Now" })`)
	other.until("an updated button", launcherIs("rgb(255, 213, 79)", dark, "Now", "right"))
	other.run(`Parley("update", { position: null, label: "" })`)
	other.until("the button of the look again", launcherIs("rgb(255, 213, 79)", dark, "咨询客服", "left"))
	other.panel().sees("#w-hello", "欢迎来到红隼", "一分钟内回复。")

	third := newBrowser(t)
	third.ready(h.url + "/own")
	third.until("the button of the embed code", launcherIs("rgb(106, 27, 154)", white, "Talk", "right"))
	own := third.panel()
	own.sees("#w-head", "Shop support")
	own.until("the colour of the embed code", `getComputedStyle(root.documentElement).getPropertyValue("--brand") === "#6a1b9a"`)
	own.gone("#w-hello [data-topic]")

	fourth := newBrowser(t)
	fourth.ready(s.url + "/demo") // another site
	fourth.until(
		"the button of all sites, at the right",
		fmt.Sprintf(`%s.querySelector("button").getBoundingClientRect().left > innerWidth / 2`, inShadow),
	)
}

// picks chooses an option of a list, as a person does.
func (b *browser) picks(selector, value string) {
	b.t.Helper()
	b.until("the list "+selector, fmt.Sprintf(`(() => { const list = root.querySelector(%q); if (!list) return false;
		list.value = %q; for (const name of ["input", "change"]) list.dispatchEvent(new Event(name, { bubbles: true })); return list.value === %[2]q })()`,
		selector, value))
}

// An administrator makes a look: the preview follows while the form is filled in, a colour that is not readable is
// refused in words.
func TestAnAdministratorMakesALook(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.AllowedOrigins = []string{"https://shop.example"} })
	s.department("cards", "Cards and accounts")
	s.department("parcels", "Parcels")
	boss := s.administer("/admin/looks")
	wired := func() {
		t.Helper()
		boss.until("the scripts of the form", `root.readyState === "complete" && root.querySelector(".look-pick")`)
	}
	boss.sees("#main .rows", "All sites", "As Parley has it", "https://shop.example", "As on all sites")
	boss.click(".rows-i:last-child a")
	boss.sees("#look-stage", "Hello. What can we help you with?")
	wired()
	boss.write("#colour", "#777777")
	boss.sees("#look-stage", "Neither white nor dark text is readable")
	boss.focus("#colour")
	boss.press("\r")
	boss.sees("#colour-error", "Neither white nor dark text is readable")
	boss.focusIn("#colour")
	wired()
	boss.write("#colour", "#6a1b9a")
	boss.until("the preview in the colour", `(() => { const b = root.querySelector("#look-stage .look-button");
		return getComputedStyle(b).backgroundColor === "rgb(106, 27, 154)" && getComputedStyle(b).color === "rgb(255, 255, 255)" })()`)
	boss.write("#company", "Kestrel")
	boss.sees("#look-stage", "Kestrel support")
	boss.write("#label-en", "Ask us")
	boss.write("#greeting-en", "Welcome to Kestrel")
	boss.sees("#look-stage .look-button", "Ask us")
	boss.sees("#look-stage .w-hello", "Welcome to Kestrel")
	boss.write("#greeting-zh", "欢迎来到红隼")
	boss.write("#away-en", "We are asleep")
	boss.write("#topic-parcels", "1")
	boss.write("#topic-cards", "2")
	boss.until(
		"the topics in their order",
		`[...root.querySelectorAll("#look-stage [data-topic]")].map((a) => a.innerText).join() === "Parcels,Cards and accounts"`,
	)
	boss.write("#privacy", "https://www.example.com/privacy")
	boss.sees("#look-stage .w-foot", "Privacy")
	boss.picks("#preview_language", "zh-CN")
	boss.sees("#look-stage .w-hello", "欢迎来到红隼")
	boss.picks("#preview_language", "en")
	boss.picks("#preview_state", "away")
	boss.sees("#look-stage .w-hello", "We are asleep")
	boss.picks("#preview_theme", "dark")
	boss.until("the dark panel", `getComputedStyle(root.querySelector("#look-stage .w")).backgroundColor === "rgb(15, 23, 25)"`)
	boss.tabTo("#look .btn-primary")
	boss.press("\r")
	boss.sees("#main .banner-green", "Saved")
	boss.until("what is stored", `root.querySelector("#company").value === "Kestrel" && root.querySelector("#topic-cards").value === "2"`)

	raw, err := base64.StdEncoding.DecodeString(logo(t))
	s.must(err)
	upload := func(f given) {
		t.Helper()
		boss.script(transfer(f) + `root.getElementById("avatar").files = files.files`)
		boss.click("#avatar ~ .btn")
	}
	upload(given{"logo.png", "image/png", raw})
	boss.until("the picture in the preview", `root.querySelector("#look-stage img")?.naturalWidth === 128`)
	upload(given{"note.txt", "text/plain", []byte("a note")})
	boss.sees("#avatar-error", "Choose an image")
	for _, l := range looks {
		boss.as(l)
		for path, name := range map[string]string{"/admin/looks": "looks", "/admin/looks/one?site=https://shop.example": "look"} {
			mark := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
			boss.open(s.url + path + mark + "lang=" + l.lang)
			boss.sees("#main")
			boss.accessible(path + ", " + l.name)
			boss.looksLike(name + "-" + l.name)
			boss.script(`root.getElementById("look-stage")?.scrollIntoView({ block: "end" })`)
			boss.looksLike(name + "-end-" + l.name)
		}
	}
	boss.as(looks[0])
	boss.open(s.url + "/admin/looks?lang=en")
	boss.sees("#main .rows", "Own look · Kestrel")
	boss.click(".rows-i:last-child .btn-danger")
	boss.sees("dialog[open]", "Reset the look of https://shop.example?")
	boss.click("dialog[open] [data-yes]")
	boss.gone("#main .rows .btn-danger")
}
