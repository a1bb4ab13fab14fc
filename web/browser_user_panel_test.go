package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"parley/models"
)

// knownUser is a user with an ended chat with bob, and an active one with anna in a browser on the demo site.
func knownUser(t *testing.T, s *site) (page, widget *browser, earlier string) {
	t.Helper()
	token := maria(t, map[string]any{"plan_level": "Pro", "orders": 12, "newsletter": true, "profile": "https://crm.example/people/42"})
	_, bob := s.online("bob")
	earlier = s.asks(token, "My parcel of March is late")
	s.ask("POST", forAgent+"/chats/"+earlier+"/messages", bob, map[string]any{"content": "It arrives tomorrow"}).want(201)
	s.ask("POST", forAgent+"/chats/"+earlier+"/end", bob, map[string]any{"outcome": "Solved", "wrap_up": 1}).want(200)
	s.ask("POST", forAgent+"/offline", bob, nil).want(200)
	page = newBrowser(t)
	page.open(s.url + "/demo")
	page.until("the widget", "window.Parley?.loaded")
	_, err := eval[bool](page, "(Parley('identify', "+quote(token)+"), true)")
	page.must(err)
	widget = page.launch()
	widget.click("[data-again]")
	widget.sees("#composer-text")
	return page, widget, earlier
}

// An agent sees who the user is, on which pages the user was, and what other agents write about the user, as it happens.
func TestThePanelFollowsTheUserAndOtherAgents(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.offers("outcome Solved")
	page, widget, earlier := knownUser(t, s)
	anna := atWork(t, s, "anna")
	widget.send("My parcel is broken")
	anna.sees("#list .row")
	anna.alt("KeyN")
	anna.sees("#about", "Maria Lopes", "Verified by your site", "maria@example.com", "Plan level", "Pro", "Newsletter", "Yes")
	anna.sees(".proof-yes", "Verified")
	anna.sees(".attributes a[href='https://crm.example/people/42']")

	_, err := eval[bool](page, `(history.pushState(null, "", "/demo/cards?secret=1"), document.title = "Cards", true)`)
	page.must(err)
	anna.until(
		"the second page",
		`[...root.querySelectorAll(".pages a")].map((a) => new URL(a.href).pathname).join() === "/demo,/demo/cards"`,
	)
	anna.until("no query in the address", `!root.querySelector(".pages").innerHTML.includes("secret")`)

	// bob, who had a chat with the user before, reads the same notes.
	bob := newBrowser(t)
	bob.signIn(s, "bob", "/workbench/chats/"+earlier)
	bob.sees("#about", "Maria Lopes")
	// sofia, a supervisor, reads the chat without a part in it.
	s.agent("sofia", models.RoleSupervisor)
	sofia := newBrowser(t)
	sofia.signIn(s, "sofia", "/workbench/chats/"+earlier)
	sofia.sees("#about", "Maria Lopes")
	anna.write("#about .note-add textarea", "Prefers mornings")
	anna.press("\r")
	anna.sees(".user-note", "Prefers mornings", "You")
	bob.sees(".user-note", "Prefers mornings", "anna")
	sofia.sees(".user-note", "Prefers mornings", "anna")
	anna.until("an empty field", `root.querySelector("#about .note-add textarea").value === ""`)

	// Both edit at once: the second one sees what the first one wrote, and keeps the own text.
	bob.click("[data-note-text]")
	bob.until("the field to have the focus", `root.activeElement.matches(".note-edit textarea")`)
	bob.press(", never noon")
	anna.click(".note-edit summary")
	anna.until("the field to have the focus", `root.activeElement.matches(".note-edit textarea")`)
	anna.press(", says bob")
	anna.press("\r")
	anna.sees(".user-note", "Prefers mornings, says bob")
	anna.until("the pencil to have the focus", `root.activeElement.matches(".note-edit summary")`)
	bob.until("the own text to stay", `root.querySelector(".note-edit textarea").value === "Prefers mornings, never noon"`)
	bob.press("\r")
	bob.sees(".note-conflict", "anna changed this note in the meantime", "Prefers mornings, says bob")
	bob.until("the own text to stay", `root.querySelector(".note-edit textarea").value === "Prefers mornings, never noon"`)
	bob.accessible("a note that another agent changed")
	bob.looksLike("panel-conflict")
	bob.focus(".note-edit textarea")
	bob.press("\r")
	anna.sees(".user-note", "Prefers mornings, never noon", "You, edited by bob")
	bob.click(".note-edit summary")
	bob.until("the field to have the focus", `root.activeElement.matches(".note-edit textarea")`)
	bob.press(" or evening")
	bob.press("\x1b")
	bob.sees("[data-note-text]", "Prefers mornings, never noon")

	anna.write("#about .inline-add input[name=tag]", "VIP")
	anna.press("\r")
	anna.sees(".user-tags", "VIP")
	bob.sees(".user-tags", "VIP")
	sofia.sees(".user-tags", "VIP")
	bob.click(".user-tag-x")
	anna.gone(".user-tag")
	for _, l := range looks {
		anna.as(l)
		if l.width < 800 {
			anna.click(".to-person")
		}
		anna.accessible("the panel, " + l.name)
		anna.looksLike("panel-" + l.name)
	}
}

// An earlier chat is found, opened beside the running one and closed by keyboard alone; the draft of the reply stays.
func TestAnEarlierChatIsReadBesideTheRunningOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.offers("outcome Solved")
	_, widget, earlier := knownUser(t, s)
	b := atWork(t, s, "anna")
	widget.send("My parcel is broken")
	b.sees("#list .row")
	b.alt("KeyN")
	b.write("#composer-text", "I am looking")
	b.sees(".past", "bob", "Solved", "My parcel of March is late")
	b.focus("[data-earlier-search] input")
	b.press("n")
	b.sees(".about .error", "Enter 2 to 200 characters.")
	b.press("othing")
	b.sees(".about", "Found in 0 chats")
	b.write("[data-earlier-search] input", "PARCEL of")
	b.sees(".past-hits mark", "parcel of")
	b.press("\t")
	b.until("the link to have the focus", `root.activeElement.dataset.read === `+quote(earlier))
	b.press("\r")
	b.sees(".reader", "Earlier chat", "My parcel of March is late", "It arrives tomorrow", "Solved", "You can only read it")
	b.until("the title to have the focus", `root.activeElement.id === "reader-h"`)
	b.until("the address", `location.pathname.endsWith("/user/chats/`+earlier+`")`)
	b.sees("#thread", "My parcel is broken")
	b.until("the draft to stay", `root.querySelector("#composer-text").value === "I am looking"`)
	b.focus("#composer-text")
	b.press(", please wait\r")
	widget.sees(theirs, "I am looking, please wait")
	b.sees(".reader", "It arrives tomorrow")
	for _, l := range looks {
		b.as(l)
		b.accessible("the drawer, " + l.name)
		b.looksLike("reader-" + l.name)
	}
	b.as(looks[0])
	b.reload()
	b.sees(".reader", "It arrives tomorrow")
	b.focus("#reader-h")
	b.press("\x1b")
	b.gone(".reader")
	b.until("the address of the chat", `/\/chats\/[^/]+$/.test(location.pathname)`)
	b.do(chromedp.NavigateBack())
	b.sees(".reader", "It arrives tomorrow")
}
