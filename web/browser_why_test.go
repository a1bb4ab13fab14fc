package web_test

import (
	"testing"

	"parley/models"
)

// A supervisor opens by keyboard why a chat waits. The answer changes while it is open, finds agents by name, and says when the chat is
// assigned. Without scripts it is a page.
func TestWhyAChatWaitsIsShownLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("billing", "Billing")
	serves := func(department string) func(*models.NewAgent) {
		return func(n *models.NewAgent) { n.MaxConcurrent, n.Departments = 1, []string{department} }
	}
	anna, annaToken := s.online("anna", serves("billing"))
	s.online("chris", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	held := s.queues("billing", "Anna takes this one")
	s.queues("", "Chris takes this one")
	first, second := s.queues("billing", "I wait"), s.queues("billing", "I wait too")
	b := s.watch("/supervisor")
	b.rows(first, second)

	b.focus("#why-" + second.ID)
	b.press("\r")
	b.sees("#why[open]", "is waiting", "The only agent of Billing is at capacity; 1 person is ahead.", "At capacity with 1 of 1 chats.")
	b.sees("#why-agent-"+anna.ID, "anna", "1 of 1 chats", "for")
	b.sees("#why-body", "Other departments", "chris", "Does not serve Billing.")
	b.accessible("why a chat waits")

	b.write("#why-q", "CHRI")
	b.until("only Chris", "[...root.querySelectorAll('.why-agent a')].map((a) => a.textContent).join() === 'chris'")
	b.write("#why-q", "nobody of that name")
	b.sees("#why-body", "No agent is called")
	b.write("#why-q", "")
	s.ask("POST", forAgent+"/away", annaToken, nil).want(200)
	b.sees("#why-body", "The only agent of Billing is not online; 1 person is ahead.", "Away")
	s.ask("POST", forAgent+"/online", annaToken, nil).want(200)
	for _, chat := range []string{held.ID, first.ID} {
		_, err := s.desk.End(t.Context(), admin, chat, "")
		s.must(err)
	}
	b.sees("#why-body", "This chat is no longer waiting: anna has it.")
	b.press("\x1b")
	b.gone("#why")
	b.until("the focus where it was", "root.activeElement?.id === "+quote("why-"+second.ID))
	b.focus("#tile-waiting a")
	b.rows()

	third := s.queues("billing", "我在等")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/supervisor/queue/" + third.ID + "/why?lang=" + l.lang)
		b.sees("#why-agent-" + anna.ID)
		b.accessible("why a chat waits, as a page, " + l.name)
		b.open(s.url + "/supervisor?lang=" + l.lang)
		b.click("#why-" + third.ID)
		b.sees("#why-agent-" + anna.ID)
		b.accessible("why a chat waits, in the drawer, " + l.name)
	}
}
