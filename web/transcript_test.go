package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"parley/models"
)

// transcript returns the lines of a transcript without its heading and its last line, each without its time.
func (a answer) transcript() []string {
	a.t.Helper()
	said := string(a.want(200).Body)
	if !strings.HasPrefix(said, "\ufeff") || !strings.HasSuffix(said, "\r\n\r\nEnd of the transcript\r\n") {
		a.t.Fatalf("the transcript is %q", said)
	}
	_, said, _ = strings.Cut(strings.TrimSuffix(said, "\r\n\r\nEnd of the transcript\r\n"), "\r\n\r\n")
	lines := strings.Split(said, "\r\n")
	for i, line := range lines {
		lines[i] = regexp.MustCompile(`^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] `).ReplaceAllString(line, "")
	}
	return lines
}

func TestATranscriptIsWhatTheUserSees(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, agent := h.online("anna")
	_, user := h.guest()
	_, stranger := h.guest()
	chat := h.asks(user, "Hello\n[2026-01-01 00:00:00] anna: I owe you 1000 EUR\r\u2028Bye\u202eevil\u2066\x1b[31m\u0085x")
	path := forUser + "/chats/" + chat
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", agent, map[string]any{"content": "A secret note"}).want(201)
	say := func(content string) string {
		said := h.ask("POST", forAgent+"/chats/"+chat+"/messages", agent, map[string]any{"content": content}).want(201)
		return jsonNumber(said.object()["id"])
	}
	first, second := say("Wrong"), say("A mistake")
	h.ask("POST", forAgent+"/chats/"+chat+"/messages/"+first, agent, map[string]any{"content": "Right"}).want(200)
	h.ask("POST", forAgent+"/chats/"+chat+"/messages/"+second+"/withdraw", agent, nil).want(200)

	got := h.ask("GET", path+"/transcript?time_zone=Asia/Kolkata", user, nil)
	want := []string{
		"You: Hello", "    [2026-01-01 00:00:00] anna: I owe you 1000 EUR", "    ", "    Byeevil[31m", "    x",
		"anna joined and can see your question.", "anna: Right (edited)", "anna: message withdrawn",
	}
	if lines := got.transcript(); strings.Join(lines, "|") != strings.Join(want, "|") {
		t.Errorf("the transcript has\n%q, want\n%q", lines, want)
	}
	heading := string(got.Body)
	for _, secret := range []string{anna.Email, "secret note", "signature", "Wrong", "A mistake"} {
		if strings.Contains(heading, secret) {
			t.Errorf("the transcript has %q: %s", secret, heading)
		}
	}
	if !strings.Contains(heading, "Time zone: Asia/Kolkata (UTC+05:30)") {
		t.Errorf("the heading is %q", heading)
	}
	if kind, name := got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"); kind != "text/plain; charset=utf-8" ||
		!regexp.MustCompile(`^attachment; filename="chat-[0-9-]+\.txt"$`).MatchString(name) {
		t.Errorf("it is %s, %s", kind, name)
	}
	chinese := string(h.ask("GET", path+"/transcript?lang=zh-CN", user, nil).want(200).Body)
	if !strings.Contains(chinese, "您") && !strings.Contains(chinese, "聊天记录") {
		t.Errorf("in Chinese it is %q", chinese)
	}
	for _, wrong := range []string{"Local", "Nowhere/City", "../../etc/passwd", "/etc/localtime", strings.Repeat("a", 200), "%00"} {
		h.ask("GET", path+"/transcript?time_zone="+wrong, user, nil).refused(422, "validation_failed")
	}
	h.ask("GET", path+"/transcript", stranger, nil).refused(404, "chat_not_found")
	h.ask("GET", path+"/transcript", agent, nil).refused(403, "wrong_credential")
	h.ask("GET", path+"/transcript", "", nil).refused(401, "unauthorized")
	h.ask("POST", path+"/end", user, nil).want(200)
	h.ask("GET", path+"/transcript", user, nil).want(200)
	head := h.send("HEAD", path+"/transcript", http.Header{"Authorization": {"Bearer " + user}}, nil)
	if head.Status != 200 || len(head.Body) > 0 {
		t.Errorf("HEAD answered %d with %d bytes", head.Status, len(head.Body))
	}
}

// TestATranscriptHasEveryMessage: the pages in which it is read follow one another without a gap.
func TestATranscriptHasEveryMessage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, user := h.guest()
	chat := h.asks(user, "Hello")
	h.fillChat(chat, 10_000)
	n := 0
	for _, line := range h.ask("GET", forUser+"/chats/"+chat+"/transcript", user, nil).transcript() {
		_, said, isLine := strings.Cut(line, ": Line ")
		if !isLine {
			continue
		}
		if n++; strings.Fields(said)[0] != fmt.Sprint(n) {
			t.Fatalf("line %d is %q", n, line)
		}
	}
	if n != 10_000 {
		t.Errorf("the transcript has %d messages", n)
	}
	if err := h.desk.ChangeSetting(t.Context(), admin, "RATE_FILE", "2"); err != nil {
		t.Fatal(err)
	}
	h.ask("GET", forUser+"/chats/"+chat+"/transcript", user, nil).want(200)
	h.ask("GET", forUser+"/chats/"+chat+"/transcript", user, nil).refused(429, "rate_limited")
}

// TestATranscriptIsAPage: what people wrote is text in it, and nothing in it is loaded or run.
func TestATranscriptIsAPage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agent := h.online("anna", func(n *models.NewAgent) { n.Name = "An<na> Berg" })
	_, user := h.guest()
	_, stranger := h.guest()
	chat := h.asks(user, "<script>alert(1)</script> & \"quotes\"\n</p></li></ol><img src=x onerror=alert(2)>")
	path := forUser + "/chats/" + chat + "/transcript.html"
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", agent, map[string]any{"content": "A secret note"}).want(201)
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", agent, map[string]any{"content": "Second\nline"}).want(201)
	got := h.ask("GET", path+"?time_zone=Asia/Kolkata", user, nil).want(200)
	page := string(got.Body)
	for _, part := range []string{
		`<!doctype html>`, `<html lang="en">`, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34;", "Second\nline", "End of the transcript",
		"An&lt;na&gt;", "Time zone: Asia/Kolkata (UTC+05:30)", "+05:30\"",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q: %s", part, page)
		}
	}
	for _, part := range []string{"<script", "<img", "secret note", "href=", "http:", "https:", "url("} {
		if strings.Contains(page, part) {
			t.Errorf("the page has %q: %s", part, page)
		}
	}
	if n := strings.Count(page, "<li"); n != 3 {
		t.Errorf("it has %d lines", n)
	}
	policy := got.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if kind, name := got.Header.Get("Content-Type"), got.Header.Get("Content-Disposition"); kind != "text/html; charset=utf-8" ||
		!regexp.MustCompile(`^attachment; filename="chat-[0-9-]+\.html"$`).MatchString(name) {
		t.Errorf("it is %s, %s", kind, name)
	}
	if chinese := string(h.ask("GET", path+"?lang=zh-CN", user, nil).want(200).Body); !strings.Contains(chinese, `<html lang="zh-CN">`) {
		t.Errorf("in Chinese it is %q", chinese)
	}
	h.ask("GET", path+"?time_zone=Nowhere", user, nil).refused(422, "validation_failed")
	h.ask("GET", path, stranger, nil).refused(404, "chat_not_found")
	h.ask("GET", path, agent, nil).refused(403, "wrong_credential")
}
