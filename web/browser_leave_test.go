package web_test

import (
	"testing"

	"parley/models"
)

// A user who finds the desk closed leaves a message by keyboard alone, and reads the answer live in the same window.
func TestAUserLeavesAMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(m *models.Settings) {
		m.MessageConsent, m.ConsentURL = "You may store my address", "https://www.example.com/privacy"
	})
	_, alex := s.agent("alex", models.RoleAdmin)
	s.ask("POST", "/api/admin/hours", alex, closedNow("")).want(200)
	user := newBrowser(t)
	for _, l := range looks {
		user.as(l)
		user.open(s.url + "/widget?lang=" + l.lang)
		user.click("#w-offer summary")
		user.sees("#w-letter")
		user.accessible("the form of a message, " + l.name)
		user.looksLike("leave-" + l.name)
	}
	user.as(looks[0])
	user.open(s.url + "/widget")
	user.sees("#w-offer", "leave your question", "Leave a message")
	user.write("#composer-text", "Where is my parcel?")
	user.focus("#w-offer summary")
	user.press("\r")
	user.until("the question is in the form", `root.querySelector("#w-wish")?.value === "Where is my parcel?"`)
	user.gone("#composer-text")
	user.tabTo("#w-wish")
	user.write("#w-wish", "Where is my parcel of May?")
	user.tabTo("#w-email")
	user.write("#w-email", "ada.@example.com") // browsers accept more than the server does
	user.tabTo("#w-name")
	user.write("#w-name", "Ada")
	user.tabTo("#w-consent")
	user.press(" ")
	user.tabTo("#w-letter .btn-primary")
	user.press("\r")
	user.sees("#w-email-error", "Enter an address such as name@example.com")
	user.focusIn("#w-email")
	user.until(
		"the rest is kept",
		`root.querySelector("#w-wish").value === "Where is my parcel of May?" && root.querySelector("#w-name").value === "Ada" && root.querySelector("#w-consent").checked`,
	)
	user.accessible("a refused message")
	user.looksLike("leave-refused")

	// The desk opens while the form is open: what was typed stays, and so does the focus.
	s.ask("POST", "/api/admin/hours/remove", alex, map[string]any{"department": ""}).want(200)
	user.sees("#w-hello", "No one is available right now")
	user.focusIn("#w-email")
	user.until("the form stays", `root.querySelector("#w-wish")?.value === "Where is my parcel of May?"`)
	user.write("#w-email", "ada@example.com")
	user.press("\r")
	user.sees("#w-place", "Your message is with us")
	user.sees("#thread", "Where is my parcel of May?")
	user.gone("#w-offer")
	user.until("the composer is empty", `root.querySelector("#composer-text").value === ""`)
	for _, l := range looks {
		user.as(l)
		user.accessible("a message that was left, " + l.name)
		user.looksLike("left-" + l.name)
	}
	user.as(looks[0])
	agent := atWork(t, s, "anna")
	agent.sees("#list-messages .row", "Where is my parcel of May?")
	agent.alt("KeyN")
	agent.send("It arrives today.")
	user.sees("#thread", "It arrives today.")
}

// While a user waits the offer comes and goes with its reason, without taking the focus or what was typed.
func TestTheOfferFollowsItsReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.send("Hello")
	user.sees("#w-offer", "You need not wait here")
	user.write("#composer-text", "More")
	_, anna := s.online("anna")
	user.sees("#w-head", "anna")
	user.gone("#w-offer")
	user.until(
		"what was typed stays",
		`root.querySelector("#composer-text").value === "More" && document.activeElement.id === "composer-text"`,
	)
	s.ask("POST", forAgent+"/offline", anna, nil).want(200)
	user.sees("#w-offer", "You need not wait")
	user.click("#w-offer summary")
	user.gone("#w-wish")
	user.write("#w-email", "ada@example.com")
	user.press("\r")
	user.sees("#w-place", "Your message is with us")
}

// Nothing is offered where messages are switched off.
func TestNoMessageIsOfferedWhereTheyAreOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(m *models.Settings) { m.Messages = false })
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.send("Hello")
	user.sees("#w-place", "No one is available right now")
	user.gone("#w-offer")
}
