package web_test

import (
	"testing"

	"parley/models"
)

// An agent answers a message in a section of its own, with the chats; supervisors see those that wait.
func TestAnAgentAnswersAMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, token := s.guest()
	left := s.ask("POST", leaveMessage, token, map[string]any{
		"email": "maria@example.com", "name": "Maria", "message": "Where is my card?",
	}).want(200).object()
	chat := left["queue_status"].(map[string]any)["chat_id"].(string)

	s.agent("ruth", models.RoleSupervisor)
	ruth := newBrowser(t)
	ruth.signIn(s, "ruth", "/supervisor")
	ruth.sees("#queue-messages", "Messages that wait 1", "maria@example.com")
	ruth.looksLike("messages-supervisor")

	b := atWork(t, s, "anna")
	b.sees("#list-messages", "Messages 1")
	b.sees("#list-messages "+rowOf(chat), "Where is my card?", "1 min")
	ruth.gone("#queue-messages")
	_, live := s.newChat("I am here")
	b.sees("#list-awaiting "+rowOf(live), "I am here")
	b.click(rowOf(chat))
	b.sees(".talk-h", "Message", "E-mail: maria@example.com")
	for _, l := range []look{{"narrow-dark", 390, 844, "dark", "en"}, {"wide-light", 1440, 960, "light", "en"}} {
		b.as(l)
		b.looksLike("messages-workbench-" + l.name)
		b.accessible("a message, " + l.name)
	}
	b.sees(".talk-message", "Reading now")
	user := s.listen(forUser+"/events", token, "")
	user.next("assigned")
	b.write("#composer-text", "It left this morning.")
	b.press("\r")
	b.sees("#thread .msg-own", "It left this morning.")
	b.sees("#list-messages "+rowOf(chat), "You: It left this morning.")
	for user.next("message").body["content"] != "It left this morning." {
	}
	s.says(token, chat, "Thank you!")
	b.sees("#thread", "Thank you!")
	b.alt("KeyE")
	b.click("#end .btn-danger")
	b.sees("#list-ended " + rowOf(chat))
	b.gone("#list-messages li")
}
