package web_test

import (
	"testing"
	"time"
)

// An agent with open chats sees before the closing what is open, goes there by the links, and dismisses the banner for good.
func TestAnAgentIsRemindedBeforeTheClosing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	a := atWork(t, s, "anna")
	_, first := s.newChat("Where is my card?")
	_, second := s.newChat("And my PIN?")
	a.sees(rowOf(second))
	s.closesIn("", 9*time.Minute)
	s.must(s.desk.RemindOfClosing(t.Context()))
	a.sees("#closing-note", "The office closes at", "Still open: 2 chats.")
	for _, l := range looks {
		a.as(l)
		a.speak(l.lang)
		a.open(s.url + "/workbench")
		a.sees("#closing-note")
		a.until("the stream", liveStream)
		a.accessible("the reminder of a closing, " + l.name)
		a.looksLike("closing-" + l.name)
	}
	a.as(looks[0])
	a.speak("en")
	a.open(s.url + "/workbench")
	a.until("the stream", liveStream)
	a.click("#closing-note .closing-links a:first-of-type")
	a.sees("#thread", "Where is my card?")
	a.send("It is on its way.")
	_, err := s.desk.End(t.Context(), admin, first, "")
	s.must(err)
	a.sees("#closing-note", "Still open: 1 chat.")
	a.focus("#closing-note .btn")
	a.press("\r")
	a.gone("#closing-note form")
	a.reload()
	a.sees(rowOf(second))
	a.gone("#closing-note form")

	// At the closing it comes once more, unless nothing is open any more.
	closing := s.closesIn("", -time.Minute)
	_, err = s.desk.DB().NewRaw(`UPDATE chats SET assigned_at = ? WHERE id = ?`, closing.Add(-time.Hour), second).Exec(t.Context())
	s.must(err)
	a.until("the stream", liveStream)
	s.must(s.desk.RemindOfClosing(t.Context()))
	a.reload() // the time of the assignment is changed behind the page's back
	a.sees("#closing-note", "The office closed at", "Still open: 1 chat.")
	a.looksLike("closed-now")
	a.until("the stream", liveStream)
	_, err = s.desk.End(t.Context(), admin, second, "")
	s.must(err)
	a.gone("#closing-note form")
}
