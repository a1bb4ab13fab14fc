package web_test

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"parley/models"
)

// numberOf returns an id of a JSON body as it is in addresses.
func numberOf(id any) string { return strconv.FormatFloat(id.(float64), 'f', 0, 64) }

// An agent opens the e-mail of which a message was made: as JSON, drawn below the message, and as plain text without scripts.
func TestAgentsOpenTheMailOfAMessage(t *testing.T) {
	t.Parallel()
	form, err := models.ParseReplyAddressForm("reply+{token}@example.com")
	if err != nil {
		t.Fatal(err)
	}
	h := startServer(t, func(s *setup) { s.settings = func(settings *models.Settings) { settings.ReplyAddress = form } })
	_, token := h.online("anna")
	_, owner := h.guest()
	chat := h.asks(owner, "Hello")
	address, err := h.desk.ReplyAddress(t.Context(), chat, "maria@example.org")
	if err != nil {
		t.Fatal(err)
	}
	events := h.listen(forAgent+"/events", token, "")
	_, err = h.desk.ReceiveMail(t.Context(), models.IncomingMail{
		Address: address, Key: sha256.Sum256([]byte("1")), FromEmail: "else@example.org", FromName: "<b>Maria", Subject: "Re: 您好",
		Content: "Thanks\n\n> <i>quoted", Written: "Thanks", Refused: []models.RefusedFile{{Name: "a.exe", Reason: "unknown_type"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for events.next("message").body["via"] != "email" {
	}

	messages := h.ask("GET", forAgent+"/chats/"+chat+"/messages", token, nil).want(200).list()
	line, last := messages[len(messages)-1], messages[len(messages)-2]
	if last["via"] != "email" || last["content"] != "Thanks" || messages[0]["via"] != nil {
		t.Errorf("the messages are %v", messages)
	}
	if line["content"] != "Not kept from the e-mail: a.exe (this type is not accepted)" {
		t.Errorf("the line is %v", line)
	}
	path := "/chats/" + chat + "/messages/" + numberOf(last["id"]) + "/email"
	if got := h.ask("GET", forAgent+path, token, nil).want(200).object(); got["content"] != "Thanks\n\n> <i>quoted" ||
		got["from_email"] != "else@example.org" || got["expected_email"] != "maria@example.org" || got["subject"] != "Re: 您好" {
		t.Errorf("the mail is %v", got)
	}
	h.ask("GET", forAgent+"/chats/"+chat+"/messages/"+numberOf(messages[0]["id"])+"/email", token, nil).refused(404, "mail_not_found")
	h.ask("GET", forAgent+path, owner, nil).refused(403, "wrong_credential")

	header := http.Header{"Cookie": {"parley_session=" + token}, "Accept": {"text/html"}}
	plain := h.send("GET", "/workbench"+path, header, nil).want(200)
	if !strings.HasPrefix(plain.Header.Get("Content-Type"), "text/plain") || string(plain.Body) != "Thanks\n\n> <i>quoted" {
		t.Errorf("the plain text is %s %q", plain.Header.Get("Content-Type"), plain.Body)
	}
	if page := string(h.send("GET", "/workbench/chats/"+chat, header, nil).want(200).Body); !strings.Contains(page, "/workbench"+path) {
		t.Error("the page of the chat does not lead to the mail")
	}
	header.Set("HX-Request", "true")
	part := string(h.send("GET", "/workbench"+path, header, nil).want(200).Body)
	for _, want := range []string{`id="mail-` + numberOf(last["id"]), "&lt;i&gt;quoted", "&lt;b&gt;Maria", "This address differs", "maria@example.org"} {
		if !strings.Contains(part, want) {
			t.Errorf("the part lacks %s:\n%s", want, part)
		}
	}
}
