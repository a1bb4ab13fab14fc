package web_test

import (
	"testing"

	"parley/models"
)

// holdAnswers makes the page keep the answers to its requests until window.letGo() is called.
const holdAnswers = `const send = XMLHttpRequest.prototype.send;
	XMLHttpRequest.prototype.send = function (...args) {
		const done = this.onload;
		this.onload = (event) => { window.letGo = () => { window.letGo = null; done.call(this, event) } };
		return send.apply(this, args);
	}`

const answerIsHeld = `typeof window.letGo === "function"`

func TestWhatComesWhileAChatIsBeingOpenedIsSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	token, chat := s.newChat("First question")
	b.sees(rowOf(chat))
	b.script(holdAnswers)
	b.click(rowOf(chat))
	b.until("the answer to be held", answerIsHeld)
	s.says(token, chat, "Are you there?")
	b.sees(rowOf(chat), "Are you there?", "2")
	b.script(`window.letGo()`)
	b.sees("#thread", "First question", "Are you there?")
	b.until("both to be read", `!document.title.startsWith("(")`)
}

// The list that answers a form may be older than an event that the stream delivered in the meantime.
func TestAnOlderAnswerTakesNothingBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	token, chat := s.newChat("First question")
	b.sees(rowOf(chat))
	b.script(holdAnswers)
	b.click("#presence-btn")
	b.click(`#presence [formaction="/workbench/away"]`)
	b.until("the answer to be held", answerIsHeld)
	s.says(token, chat, "Are you there?")
	b.sees(rowOf(chat), "Are you there?", "2")
	s.ask("POST", "/api/user/customer-service/chats/"+chat+"/end", token, map[string]any{}).want(200)
	b.sees("#list-ended " + rowOf(chat))
	b.script(`window.letGo()`)
	b.until("the menu to close", `!document.querySelector("#presence:popover-open")`)
	b.sees("#list-ended "+rowOf(chat), "Are you there?")
	b.gone("#list-awaiting li")
}

func TestOneRowChangesAndTheOthersStayAsTheyAre(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	b.sees(".list-none")
	b.gone(".row-split")
	_, first := s.newChat("First question")
	b.sees(rowOf(first))
	b.gone(".list-none")
	b.gone(".list-order")
	token, second := s.newChat("Second question")
	b.sees(rowOf(second))
	b.sees(".list-order")

	b.script(`const row = document.querySelector("` + rowOf(first) + `");
		row.focus({ focusVisible: true });
		window.before = [...document.querySelectorAll("#list li")];
		getSelection().selectAllChildren(row.querySelector("b"))`)
	s.says(token, second, "Are you there?")
	b.sees(rowOf(second), "Are you there?", "2")
	b.until("the focus to stay", `document.activeElement === document.querySelector("`+rowOf(first)+`")`)
	b.until("the selection to stay", `!getSelection().isCollapsed`)
	b.until("the rows to be the same elements", `[...document.querySelectorAll("#list li")].every((li) => window.before.includes(li))`)

	s.ask("POST", "/api/user/customer-service/chats/"+second+"/end", token, map[string]any{}).want(200)
	b.sees("#held", "1 update")
	b.until("the focus to stay while the row waits", `document.activeElement === document.querySelector("`+rowOf(first)+`")`)
	b.script(`document.activeElement.blur()`)
	b.sees("#list-ended "+rowOf(second), "Are you there?")
	b.sees("#list-ended .row-split")
	b.gone("#held")
	b.gone(".list-order")
	b.until("the list to have each row once", `document.querySelectorAll("#list li").length === 2`)
}

// TestAChatFillsANarrowScreenOfAnAgentWithoutChats checks that the hidden list does not take space next to the chat.
func TestAChatFillsANarrowScreenOfAnAgentWithoutChats(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	chat := s.holds("Where is my parcel?")
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.size(390, 844)
	b.signIn(s, "ruth", "/workbench/chats/"+chat)
	b.sees(theirs, "Where is my parcel?")
	b.until("the chat to reach the bottom", `Math.abs(root.querySelector("#talk").getBoundingClientRect().bottom - innerHeight) <= 2`)
}
