package web_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

const menuOpen = `#msg-menu:popover-open`

// changes opens the menu of the last own message.
func (b *browser) changes() {
	b.t.Helper()
	b.until("a message that can be changed", `root.querySelector("#thread .msg-own [data-more]")`)
	_, err := eval[bool](b, `([...root.querySelectorAll("#thread .msg-own [data-more]")].at(-1).click(), true)`)
	b.must(err)
	b.sees(menuOpen)
}

func TestBothSidesSeeThatAMessageWasEditedOrWithdrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna := atWork(t, s, "anna")
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.send("My code is 4711")
	anna.sees("#list-awaiting .row", "My code is 4711")
	anna.alt("KeyN")
	anna.sees("#thread .msg", "My code is 4711")
	user.sees("#thread .msg-own", "Read")

	// The user edits what was read.
	user.write("#composer-text", "a draft")
	user.changes()
	user.click(menuOpen + " [data-edit-message]")
	user.sees("[data-editing-line]", "Editing a sent message")
	user.until("the text in the field", `root.querySelector("#composer-text").value === "My code is 4711"`)
	user.write("#composer-text", "My code is 4712")
	user.press("\r")
	for _, b := range []*browser{user, anna} {
		b.sees("#thread .msg", "My code is 4712", "edited after it was read")
		b.until("the text before to be gone", `!root.querySelector("#main").outerHTML.includes("4711")`)
	}
	user.gone("[data-editing-line]")
	user.until("the draft", `root.querySelector("#composer-text").value === "a draft"`)
	anna.sees("#list .row", "My code is 4712")
	anna.until("no message twice", `root.querySelectorAll("#thread .msg:not(.sys)").length === 1`)

	// The agent corrects the last message by the keyboard alone, and gives up another try.
	anna.write("#composer-text", "It is thee blue one")
	anna.press("\r")
	user.sees("#thread .msg", "It is thee blue one")
	anna.until("the message to be changeable", `root.querySelector("#thread .msg-own [data-more]")`)
	anna.press(kb.ArrowUp)
	anna.until("the text in the field", `document.querySelector("#composer-text").value === "It is thee blue one"`)
	anna.sees("[data-send-word]", "Save")
	anna.press(kb.Escape)
	anna.gone("[data-editing-line]")
	anna.until("an empty field", `document.querySelector("#composer-text").value === ""`)
	anna.press(kb.ArrowUp)
	anna.sees("[data-editing-line]")
	anna.write("#composer-text", "It is the blue one")
	anna.press("\r")
	user.sees("#thread .msg", "It is the blue one", "edited")
	anna.sees("#thread .msg-own", "It is the blue one", "edited")

	// The user takes a message back: its text is nowhere any more.
	user.changes()
	user.click(menuOpen + " [data-withdraw-message]")
	user.sees("#withdraw", "Withdraw this message?")
	user.click("#withdraw [data-yes]")
	for _, b := range []*browser{user, anna} {
		b.sees("#thread .msg-withdrawn", "Message withdrawn after it was read")
		b.until("the text to be gone", `!root.documentElement.outerHTML.includes("4712")`)
	}
	user.gone("#thread .msg-withdrawn [data-more]")
	anna.reload()
	anna.sees("#thread .msg-withdrawn", "Message withdrawn")
	anna.until("the text to be gone", `!document.documentElement.outerHTML.includes("4712")`)

	anna.changes()
	anna.click(menuOpen + " [data-withdraw-message]")
	anna.click("#withdraw [data-yes]")
	anna.sees("#list .row", "You: Message withdrawn")

	// A supervisor reads what it was.
	s.agent("ruth", models.RoleSupervisor)
	ruth := newBrowser(t)
	ruth.signIn(s, "ruth", "/supervisor")
	chat := anna.attr("#open", "data-chat")
	ruth.open(s.url + "/supervisor/chats/" + chat)
	ruth.sees("#thread .msg-withdrawn", "Message withdrawn")
	ruth.sees("#thread .msg-withdrawn .versions", "My code is 4711", "My code is 4712")
	ruth.sees("#thread .versions", "It is thee blue one")
}

func TestAMessageIsOnlyOfferedForChangesInTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.EditPeriod = 0 })
	anna := atWork(t, s, "anna")
	_, chat := s.newChat("Hello")
	anna.sees(rowOf(chat))
	anna.alt("KeyN")
	anna.sees("#thread", "Hello")
	anna.write("#composer-text", "An answer")
	anna.press("\r")
	anna.sees("#thread .msg-own", "An answer", "Sent")
	anna.gone("[data-more]")
	anna.press(kb.ArrowUp)
	anna.gone("[data-editing-line]")

	s.must(s.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "3s"))
	anna.write("#composer-text", "Another answer")
	anna.press("\r")
	anna.changes()
	anna.until("the offer to end", `!document.querySelector("[data-more]") && !document.querySelector("#msg-menu:popover-open")`)

	// What comes too late is refused with its reason, and the text stays.
	s.must(s.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "1h"))
	anna.write("#composer-text", "The last answer")
	anna.press("\r")
	anna.changes()
	anna.click(menuOpen + " [data-edit-message]")
	s.must(s.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "1ms"))
	anna.write("#composer-text", "A better answer")
	anna.press("\r")
	anna.sees("#composer-say", "too late")
	anna.until("the text to stay", `document.querySelector("#composer-text").value === "A better answer"`)
	anna.press(kb.Escape)
	anna.gone("[data-editing-line]")
}

func TestANoteIsEditedByItsAuthor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna := atWork(t, s, "anna")
	_, chat := s.newChat("Hello")
	anna.sees(rowOf(chat))
	anna.alt("KeyN")
	anna.sees("#thread", "Hello")
	anna.alt("KeyP")
	anna.write("#composer-text", "Calls about thee card")
	anna.press("\r")
	anna.sees("#thread .msg-note", "Calls about thee card")
	anna.until("the note to be changeable", `document.querySelector(".msg-note [data-more]")`)
	anna.alt("KeyR")
	anna.write("#composer-text", "A reply that is not ready")
	anna.changes()
	anna.click(menuOpen + " [data-edit-message]")
	anna.sees(`#composer[data-kind="note"]`)
	anna.write("#composer-text", "Calls about the card")
	anna.press("\r")
	anna.sees("#thread .msg-note", "Calls about the card", "edited")
	anna.alt("KeyR")
	anna.until("the reply", `document.querySelector("#composer-text").value === "A reply that is not ready"`)
}

func TestChangedMessagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			user := newBrowser(t)
			user.as(l)
			user.open(s.url + "/widget?lang=" + l.lang + "&site=Kestrel")
			user.send("您好 Hello")
			user.changes()
			user.accessible("the menu of a message")
			user.click(menuOpen + " [data-edit-message]")
			user.sees("[data-editing-line]")
			user.accessible("editing in the widget")
			user.write("#composer-text", "您好 Hello again")
			user.press("\r")
			user.sees("#thread .msg-own .changed")
			user.send("Mistake")
			user.changes()
			user.click(menuOpen + " [data-withdraw-message]")
			user.sees("#withdraw")
			user.accessible("the question")
			user.click("#withdraw [data-yes]")
			user.sees("#thread .msg-withdrawn")
			user.accessible("changed messages in the widget")
		})
	}
}
