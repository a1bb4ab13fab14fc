package web_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/models"
)

const (
	forBots  = "/api/admin/bots"
	agentAPI = "/api/customer-service/"
)

// bot adds a bot with a key, as the administrator with that session, and returns its id and the key.
func (h *testServer) bot(session string, fields map[string]any) (id, key string) {
	h.t.Helper()
	id = h.ask("POST", forBots, session, fields).want(201).str("id")
	key, _ = h.apiKey(session, map[string]any{"name": "Bot", "scopes": []string{"messages:write"}, "agent_id": id})
	return id, key
}

// A bot gets a chat on its stream, answers with quick replies, and hands over with a note, all with its key.
func TestABotWorksByTheEndpointsOfAgents(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	anna, annasToken := h.online("anna")
	id, key := h.bot(alex, map[string]any{"name": "Parley bot", "answer_seconds": 60})
	heard := h.listen(agentAPI+"events", key, "")
	_, guest := h.guest()
	chat := h.asks(guest, "Where is my card?")
	if got := heard.next("assigned").body["service"].(map[string]any); got["id"] != id || got["is_bot"] != 1.0 {
		t.Errorf("the chat is assigned to %v", got)
	}
	h.until("the bot's chat", func() bool { return len(h.ask("GET", agentAPI+"chats", key, nil).want(200).list()) == 1 })
	h.ask("GET", agentAPI+"chats/"+chat+"/messages", annasToken, nil).refused(404, "chat_not_found")
	sent := h.ask("POST", agentAPI+"chats/"+chat+"/messages", key, map[string]any{
		"content": "Which one?", "quick_replies": []string{"Debit", "Credit"}, "client_message_id": "one",
	}).want(201).object()
	if sent["sender_kind"] != "bot" || sent["sender_type"] != "customer_service" || sent["content"] != "Which one?\n\n1. Debit\n2. Credit" {
		t.Errorf("the answer is %v", sent)
	}
	h.ask("POST", agentAPI+"chats/"+chat+"/transfer", key, map[string]any{"service_id": anna.ID}).refused(403, "not_for_bots")
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/messages", guest, map[string]any{"content": "x", "quick_replies": []string{"y"}}).
		refused(422, "validation_failed")

	h.ask("POST", agentAPI+"chats/"+chat+"/hand-over", key, map[string]any{"note": "Asks for a card"}).want(200)
	h.until("anna's chat", func() bool { return len(h.ask("GET", agentAPI+"chats", annasToken, nil).want(200).list()) == 1 })
	var kinds []string
	for _, m := range h.ask("GET", agentAPI+"chats/"+chat+"/messages", annasToken, nil).want(200).list() {
		kinds = append(kinds, m["sender_kind"].(string)+" "+m["message_type"].(string))
	}
	if got := strings.Join(kinds, ", "); got != "user text, system system, bot text, bot note, system system, system system" {
		t.Errorf("the messages are %s", got)
	}
	h.ask("POST", agentAPI+"chats/"+chat+"/hand-over", key, nil).refused(404, "chat_not_found")
	h.ask("GET", forBots+"/"+id, alex, nil).want(200)
	h.ask("POST", forBots+"/"+id, alex, map[string]any{"max_concurrent": 0}).refused(422, "validation_failed")
	h.ask("POST", forBots+"/"+id, alex, map[string]any{"serves_general": 0}).want(200)
	if got := h.ask("POST", forBots+"/"+id+"/disable", alex, nil).
		want(200).
		object(); got["state"] != "disabled" ||
		got["serves_general"] != 0.0 ||
		got["answer_seconds"] != 60.0 {
		t.Errorf("the disabled bot is %v", got)
	}
	h.ask("GET", agentAPI+"chats", key, nil).refused(403, "api_key_agent_disabled")
}

// TestTheDocumentedBot runs the bot of docs/bots.md against a server.
func TestTheDocumentedBot(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/bots.md")
	must(t, err)
	code := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(raw)
	if code == nil || strings.Count(string(code[1]), "\n") >= 100 {
		t.Fatal("docs/bots.md has no bot of under 100 lines")
	}
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "main.go"), code[1], 0o600))
	program := filepath.Join(folder, "bot")
	runIn(t, folder, "go", "build", "-o", program, "main.go")

	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, key := h.bot(alex, map[string]any{"name": "Parley bot", "answer_seconds": 60})
	for title, body := range map[string]string{
		"Lost card": "Block a lost card in the app, below Cards.", "New card": "A new card comes within 5 days.", "Fees": "We charge no fees.",
	} {
		_, err := h.desk.AddCannedReply(t.Context(), admin, models.NewCannedReply{
			Scope: models.CannedEveryone, Shortcut: strings.ReplaceAll(title, " ", "-"), Title: title, Body: body,
		})
		must(t, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	bot := exec.CommandContext(ctx, program)
	bot.Env = append(os.Environ(), "PARLEY_URL="+h.url, "PARLEY_KEY="+key)
	must(t, bot.Start())
	defer func() { stop(); _ = bot.Wait() }()

	_, guest := h.guest()
	chat := "/api/user/customer-service/chats/" + h.asks(guest, "I lost my card, what now?")
	last := func() map[string]any {
		all := h.ask("GET", chat+"/messages", guest, nil).want(200).list()
		return all[len(all)-1]
	}
	h.until("the bot's answer", func() bool { return last()["sender_kind"] == "bot" })
	answered := last()
	if !strings.HasPrefix(answered["content"].(string), "Block a lost card in the app") {
		t.Errorf("the bot answers %v", answered)
	}
	if got := answered["quick_replies"].([]any); len(got) != 2 || got[0] != "Talk to a person" || got[1] != "New card" {
		t.Errorf("the quick replies are %v", got)
	}
	h.ask("POST", chat+"/messages", guest, map[string]any{"content": "Talk to a person"}).want(201)
	h.until("a person", func() bool {
		return h.ask("GET", "/api/user/customer-service/queue-status", guest, nil).want(200).str("status") == "waiting"
	})
}
