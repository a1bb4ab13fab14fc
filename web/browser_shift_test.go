package web_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// tabTo presses Tab until an element that matches has the focus.
func (b *browser) tabTo(selector string) { b.t.Helper(); b.keyTo(kb.Tab, selector) }

// choosePresence opens the menu of presence and chooses an entry with the arrow keys.
func (b *browser) choosePresence(entry string) {
	b.t.Helper()
	b.alt("KeyS")
	b.focusIn("#presence button")
	b.keyTo(kb.ArrowDown, entry)
	b.press("\r")
	b.gone("#presence:popover-open")
}

func (b *browser) keyTo(key, selector string) {
	b.t.Helper()
	for range 150 {
		b.press(key)
		if there, err := eval[bool](b, "root.activeElement.matches("+quote(selector)+")"); err == nil && there {
			return
		}
	}
	b.t.Fatalf("the keys do not reach %s\n%s", selector, b.state())
}

// focusIn waits until an element that matches has the focus without further keys.
func (b *browser) focusIn(selector string) {
	b.t.Helper()
	b.until("the focus in "+selector, "root.activeElement.matches("+quote(selector)+")")
}

// A whole shift of an agent, by keyboard alone: nothing here clicks or moves the focus other than with keys.
func TestAWholeShiftByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.offers("outcome Solved", "tag Lost card")
	anna, _ := s.agent("anna", models.RoleAgent)
	s.agent("ben", models.RoleAgent)
	s.reply(admin, models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "freeze", Title: "Freeze", Body: "Your card is frozen."})
	b := newBrowser(t)

	// She signs in and goes online.
	b.open(s.url + "/login?next=/workbench")
	b.focusIn("[name=email]")
	b.press("anna@example.com")
	b.tabTo("[name=password]")
	b.press(password + "\r")
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.choosePresence(`[formaction="/workbench/online"]`)
	b.sees("#presence-btn", "Online")

	// A chat comes. She opens it, answers with a canned reply, and formats a second line.
	user := visit(t, s)
	user.send("My lost card, please")
	b.sees("#list .row", "My lost card, please")
	b.alt("KeyN")
	b.focusIn("#composer-text")
	b.press("/freeze")
	b.sees(cannedOption, "Freeze")
	b.press("\r")
	b.until("the reply in the composer", `root.activeElement.value.trim() === "Your card is frozen."`)
	b.press("\r")
	user.sees(theirs, "Your card is frozen.")
	b.press("It is on its wya\r")
	user.sees(theirs, "It is on its wya")
	b.status("read")

	// She corrects the line with the arrow key.
	b.press(kb.ArrowUp)
	b.until("the line in the composer", `root.activeElement.value === "It is on its wya"`)
	b.press(kb.Backspace + kb.Backspace + "ay\r")
	user.sees(theirs, "It is on its way", "edited")

	// A note for her colleagues is not the user's.
	b.alt("KeyP")
	b.focusIn("#composer-text")
	b.press("Called the bank\r")
	b.sees("#thread .msg", "only agents see this", "Called the bank")
	b.alt("KeyR")

	// The second chat waits longer for a reply; she goes there and back.
	_, second := s.newChat("How do I change the PIN?")
	b.sees(rowOf(second))
	b.alt("KeyJ")
	b.sees("#thread", "How do I change the PIN?")
	b.press("In the app\r")
	b.sees(mine, "In the app")
	b.alt("KeyK")
	b.sees("#thread", "My lost card, please")

	// She ends it with what is suggested, and the user rates.
	b.alt("KeyE")
	b.until("the suggestion", `root.querySelector("#end [name=tags]:checked")?.value === "Lost card"`)
	b.focusIn("[data-tag-filter]")
	b.press("\r")
	b.sees(".closed-tags", "Lost card")
	b.gone("#end[open]")
	user.sees("#w-main, main, body", "How was your chat with anna?")

	// A break comes after the last chats; its reason is in the menu.
	b.choosePresence(`[formaction="/workbench/last-chats"]`)
	b.sees("#presence-btn", "Last chats")
	b.alt("KeyJ")
	b.sees("#thread", "How do I change the PIN?")
	b.alt("KeyE")
	b.sees("#end[open]")
	b.press("\r")
	b.gone("#end[open]")
	b.sees("#me", "0 of 5")
	b.choosePresence(`[formaction="/workbench/break"]`)
	b.sees("#presence-btn", "Break")

	// She goes home.
	b.choosePresence(`[formaction="/workbench/offline"]`)
	b.sees("#presence-btn", "Offline")
	if a, err := s.desk.AgentByID(t.Context(), anna.ID); err != nil || a.Presence != models.Offline || a.Load != 0 {
		t.Errorf("anna is %+v, %v", a, err)
	}
}
