package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/models"
)

// mailTray is a mailer that keeps the mails.
type mailTray struct {
	mu    sync.Mutex
	mails []*models.Mail
}

func (m *mailTray) Send(_ context.Context, mail *models.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, mail)
	return nil
}

// TestALinkContinuesOneChat: the page of a link shows and writes in its chat, and signs no one in.
func TestALinkContinuesOneChat(t *testing.T) {
	t.Parallel()
	tray := &mailTray{}
	h := startServer(t, func(s *setup) {
		s.settings = func(v *models.Settings) { v.MailFrom, v.MailName = "support@example.com", "Kestrel" }
	})
	h.desk.SetMailer(tray)
	_, user := h.guest()
	h.ask("POST", "/api/user/message", user, map[string]any{"message": "Where is my card?", "email": "maria@example.com"}).want(200)
	if n, err := h.desk.SendMails(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d mails were sent, %v", n, err)
	}
	sent := tray.mails[0]
	if sent.Kind != models.MailReceived || sent.To != "maria@example.com" || sent.Token == "" {
		t.Fatalf("the mail is %+v", sent)
	}
	path := "/continue/" + sent.Token
	browser := http.Header{"Accept": {"text/html"}}
	page := h.send("GET", path, browser, nil).want(200)
	if !strings.Contains(string(page.Body), "Where is my card?") || len(page.Header.Values("Set-Cookie")) != 0 ||
		page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("the page is %v, %s", page.Header, page.Body)
	}
	form := http.Header{"Accept": {"text/html"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	body := []byte(url.Values{"content": {"I am in a hurry."}, "client_message_id": {"one"}}.Encode())
	for range 2 { // a form that is sent twice is one message
		if got := h.send("POST", path+"/messages", form, body).want(303); got.Header.Get("Location") != path {
			t.Errorf("it leads to %q", got.Header.Get("Location"))
		}
	}
	if n := strings.Count(string(h.send("GET", path, browser, nil).want(200).Body), "I am in a hurry."); n != 1 {
		t.Errorf("the message is on the page %d times", n)
	}
	h.send("POST", path+"/messages", form, []byte("content=+")).want(422)
	h.send("GET", path[:len(path)-4]+"AAAA", browser, nil).want(404)
	chat := sent.Chat.ID
	h.ask("POST", forUser+"/chats/"+chat+"/end", user, map[string]any{}).want(200)
	ended := string(h.send("GET", path, browser, nil).want(200).Body)
	if !strings.Contains(ended, "Where is my card?") || !strings.Contains(ended, "has ended") ||
		strings.Contains(ended, path+"/messages") ||
		!strings.Contains(ended, path+"/ask") {
		t.Errorf("the link of an ended chat shows %s", ended)
	}
	late := []byte(url.Values{"content": {"Still there?"}, "client_message_id": {"two"}}.Encode())
	refused := string(h.send("POST", path+"/messages", form, late).want(409).Body)
	if !strings.Contains(refused, ">Still there?</textarea>") || !strings.Contains(refused, "was not sent") {
		t.Errorf("what was written while the chat ended is lost: %s", refused)
	}
	h.send("POST", path+"/ask", form, []byte("content=+")).want(422)

	var next string
	for range 2 { // a form that is sent twice begins one message
		next = h.send("POST", path+"/ask", form, late).want(303).Header.Get("Location")
	}
	if next == path || !strings.HasPrefix(next, "/continue/") {
		t.Fatalf("asking again leads to %q", next)
	}
	again := string(h.send("GET", next, browser, nil).want(200).Body)
	if strings.Count(again, "Still there?") != 1 || strings.Contains(again, "Where is my card?") || strings.Contains(again, "asked again") {
		t.Errorf("the new conversation is %s", again)
	}
	waiting, err := h.desk.WaitingMessages(t.Context(), models.QueueFilter{})
	if err != nil || len(waiting) != 1 || *waiting[0].Chat.ContactEmail != "maria@example.com" ||
		waiting[0].Chat.UserID != sent.Chat.UserID {
		t.Fatalf("%+v waits, %v", waiting, err)
	}
	if n, err := h.desk.SendMails(t.Context()); err != nil || n != 1 {
		t.Errorf("%d mails confirm the question, %v", n, err)
	}

	// A live chat of the user elsewhere takes the question, and is not shown to the holder of the link.
	h.ask("POST", forUser+"/chats/"+waiting[0].Chat.ID+"/end", user, map[string]any{}).want(200)
	live := h.asks(user, "Only for the widget")
	third := []byte(url.Values{"content": {"And my PIN?"}, "client_message_id": {"three"}}.Encode())
	if to := h.send("POST", path+"/ask", form, third).want(303).Header.Get("Location"); to != path+"?asked=1" {
		t.Errorf("asking into a live chat leads to %q", to)
	}
	page2 := string(h.send("GET", path+"?asked=1", browser, nil).want(200).Body)
	if strings.Contains(page2, "Only for the widget") || !strings.Contains(page2, "was added") {
		t.Errorf("the page is %s", page2)
	}
	messages := h.ask("GET", forUser+"/chats/"+live+"/messages", user, nil).want(200).list()
	if last := messages[len(messages)-1]; last["content"] != "And my PIN?" {
		t.Errorf("the live chat ends with %v", last)
	}
	if err := h.desk.ChangeSetting(t.Context(), admin, "MESSAGES", "false"); err != nil {
		t.Fatal(err)
	}
	h.ask("POST", forUser+"/chats/"+live+"/end", user, map[string]any{}).want(200)
	h.send("POST", path+"/ask", form, third).want(409)
	if off := string(h.send("GET", path, browser, nil).want(200).Body); strings.Contains(off, path+"/ask") {
		t.Error("messages are off, and the page offers to ask again")
	}
}
