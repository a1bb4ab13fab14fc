package web_test

import (
	"testing"

	"parley/models"
)

// An agent ends a chat with outcome and tags by keyboard alone: Enter takes what is suggested, and typing finds tags. What
// the user ended waits for its wrap-up.
func TestAChatIsWrappedUpByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	s.offers("outcome Solved", "outcome Escalated", "tag Refund", "tag Lost card", "tag Fees", "tag 退款")
	user := visit(t, s)
	user.send("My lost card, please")
	b.sees("#list .row")
	b.alt("KeyN")
	b.sees("#thread", "My lost card")
	b.alt("KeyE")
	b.sees("#end [data-tags]", "Suggested because the chat mentions it.")
	b.until("the tag to be suggested and the filter to have the focus",
		`[...root.querySelectorAll("#end [name=tags]:checked")].map((i) => i.value).join() === "Lost card" &&
			document.activeElement.matches("[data-tag-filter]")`)
	b.accessible("the dialog with outcome and tags")
	b.press("fee")
	b.until("one tag to be found", `root.querySelectorAll("#end [data-tags] .choice:not([hidden])").length === 1`)
	b.press("\r")
	b.until("it to be added", `root.querySelectorAll("#end [name=tags]:checked").length === 2 && document.activeElement.value === ""`)
	for _, l := range looks {
		b.as(l)
		b.accessible("the dialog, " + l.name)
		b.looksLike("wrap-up-end-" + l.name)
	}
	b.as(looks[0])
	b.press("\r")
	b.sees(".closed-tags", "Fees", "Lost card")
	b.gone("#list-wrap-up li")
	user.sees("#w-main, main, body", "How was your chat with anna?")

	// The user ends one: it waits beside the list until its agent is done.
	token, chat := s.newChat("A refund")
	b.sees("#list-awaiting " + rowOf(chat))
	s.ask("POST", forUser+"/chats/"+chat+"/end", token, nil).want(200)
	b.sees("#list-wrap-up "+rowOf(chat), "A refund")
	b.sees("#me", "0 of 5")
	b.click(rowOf(chat))
	b.sees(".closed", "Wrap up")
	for _, l := range looks {
		b.as(l)
		b.looksLike("wrap-up-closed-" + l.name)
	}
	b.as(looks[0])
	b.alt("KeyE")
	b.sees("#wrap-up[open]", "Skip")
	b.until("the filter to have the focus", `document.activeElement.matches("#wrap-up [data-tag-filter]")`)
	b.accessible("the dialog of an ended chat")
	b.looksLike("wrap-up-dialog")
	b.press("\r")
	b.gone("#wrap-up[open]")
	b.sees(".closed-tags", "Refund")
	b.sees("#list-ended " + rowOf(chat))
	b.gone("#list-wrap-up li")

	// A supervisor's change is on the agent's screen.
	_, err := s.desk.WrapUpChat(t.Context(), admin, chat, models.WrapUp{Outcome: "Escalated"})
	s.must(err)
	b.sees(".closed-tags", "Escalated")

	// One key skips all that wait.
	for _, question := range []string{"One", "Two"} {
		token, chat := s.newChat(question)
		b.sees("#list-awaiting " + rowOf(chat))
		s.ask("POST", forUser+"/chats/"+chat+"/end", token, nil).want(200)
		b.sees("#list-wrap-up " + rowOf(chat))
	}
	b.sees("#list-wrap-up .skip-all", "Skip all")
	b.accessible("the list with wrap-ups")
	b.looksLike("wrap-up-skip-all")
	b.alt("KeyU")
	b.gone("#list-wrap-up li")

	// What is required cannot be skipped.
	s.must(s.desk.ChangeSetting(t.Context(), admin, "REQUIRE_OUTCOME", "true"))
	_, third := s.newChat("Something else")
	b.sees(rowOf(third))
	b.alt("KeyN")
	b.sees("#thread", "Something else")
	b.alt("KeyE")
	b.sees("#end [data-outcomes]", "required", "Escalated")
	b.until("the most used outcome to be suggested", `root.querySelector("#end [name=outcome]:checked")?.value === "Escalated"`)
	s.must(func() error { _, err := s.desk.End(t.Context(), admin, third, ""); return err }())
	b.press("\r")
	b.sees("#end .error", "ended")
}

// An administrator adds, renames and retires outcomes and tags on the page.
func TestOutcomesAndTagsAreManagedOnTheirPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	b := s.administer("/admin/wrap-up")
	b.sees("#outcomes", "No outcomes yet")
	b.write("#new-name", "Solved")
	b.press("\r")
	b.sees("#outcomes .rows-i", "Every chat")
	b.write("#new-name", "solved")
	b.press("\r")
	b.sees("#main .error, #main [role=alert]", "This list already has this name.")
	s.offers("tag Refund", "tag Lost card")
	b.open(s.url + "/admin/wrap-up")
	b.click("#tags .rows-i form:last-of-type button")
	b.sees("#tags .chip", "Retired")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/wrap-up?lang=" + l.lang)
		b.sees("#tags")
		b.accessible("/admin/wrap-up, " + l.name)
		b.looksLike("wrap-up-admin-" + l.name)
	}
}
