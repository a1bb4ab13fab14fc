package web_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// lossy are two instances on one database and one Redis, of which the first can lose the answers to its commits. All streams are at the
// second.
type lossy struct {
	a, b        *testServer
	link        *testdb.Link
	anna, guest string // tokens
	chat        string
	agent, user *listener
	berta       *models.Agent
	bertas      *listener
}

func newLossy(t *testing.T) *lossy {
	t.Helper()
	database := testdb.Postgres(t)
	l := &lossy{link: testdb.NewLink(t, database)}
	shared := setup{redisURL: testdb.Redis(t), prefix: fmt.Sprintf("test-%d-%s:", time.Now().UnixNano(), t.Name())}
	on := func(url string) *testServer {
		return startServer(t, func(s *setup) { s.databaseURL, s.redisURL, s.prefix = url, shared.redisURL, shared.prefix })
	}
	l.a, l.b = on(l.link.URL), on(database)
	// Until then PostgreSQL is polled, which would find everything.
	for _, h := range []*testServer{l.a, l.b} {
		since := time.Now()
		h.until("all instances have been heard for a while", func() bool {
			if !h.hub.Healthy() {
				since = time.Now()
			}
			return time.Since(since) > 4*time.Second
		})
	}
	_, l.anna = l.b.online("anna")
	_, l.guest = l.b.guest()
	l.chat = l.b.asks(l.guest, "Hello")
	var bertaToken string
	l.berta, bertaToken = l.b.online("berta")
	l.agent = l.b.listen(forAgent+"/events", l.anna, "")
	l.bertas = l.b.listen(forAgent+"/events", bertaToken, "")
	l.user = l.b.listen(forUser+"/events", l.guest, "")
	l.agent.next("assigned")
	l.user.next("assigned")
	l.bertas.next("presence")
	return l
}

// lose sends a request to the first instance and loses the answer to its commit.
func (l *lossy) lose(marker string, do func() answer) (since time.Time) {
	l.a.t.Helper()
	loss := l.link.LoseAnswer(marker)
	if got := do(); got.Status != 503 || got.Header.Get("Retry-After") == "" {
		l.a.t.Fatalf("answered %d %s", got.Status, got.Body)
	}
	<-loss.Lost()
	return time.Now()
}

// within checks that a condition is met within the 2 s in which a commit without an answer must arrive.
func (l *lossy) within(since time.Time, what string, is func() bool) {
	l.a.t.Helper()
	for !is() {
	}
	if took := time.Since(since); took > 2*time.Second {
		l.a.t.Errorf("%s arrived after %s", what, took)
	}
}

// TestALostCommitIsHeardAtTheOtherInstance checks that sends, confirmations, transfers, ends and ratings whose answer was lost arrive on
// the open streams of the other instance within 2 s, and that a retry there is recognised.
func TestALostCommitIsHeardAtTheOtherInstance(t *testing.T) {
	t.Parallel()
	l := newLossy(t)
	inChat := func(base string) string { return base + "/chats/" + l.chat }
	message := map[string]any{"content": "Is anybody there?", "client_message_id": "k1"}
	since := l.lose(l.chat, func() answer { return l.a.ask("POST", inChat(forUser)+"/messages", l.guest, message) })
	var id any
	l.within(since, "a message", func() bool {
		e := l.agent.next("message")
		id = e.body["id"]
		return e.body["content"] == "Is anybody there?"
	})
	if again := l.b.ask("POST", inChat(forUser)+"/messages", l.guest, message).want(200).object(); again["id"] != id {
		t.Errorf("the retry returned message %v, the stream brought %v", again["id"], id)
	}

	since = l.lose(l.chat, func() answer {
		return l.a.ask("POST", inChat(forAgent)+"/mark-read", l.anna, map[string]any{"up_to": id})
	})
	l.within(since, "a confirmation", func() bool { return l.user.next("message_status").body["status"] == "read" })

	since = l.lose(l.chat, func() answer {
		return l.a.ask("POST", inChat(forAgent)+"/offer", l.anna, map[string]any{"service_id": l.berta.ID, "wants": "A refund"})
	})
	l.within(since, "an offer, by the agent who gets it", func() bool { l.bertas.next("transfer_offered"); return true })
	since = l.lose(l.chat, func() answer { return l.a.ask("POST", inChat(forAgent)+"/offer/withdraw", l.anna, nil) })
	l.within(since, "the end of an offer", func() bool { l.bertas.next("transfer_answered"); return true })

	since = l.lose(l.chat, func() answer {
		return l.a.ask("POST", inChat(forAgent)+"/transfer", l.anna, map[string]any{"service_id": l.berta.ID})
	})
	l.within(since, "a transfer, by the agent who gets the chat", func() bool { l.bertas.next("assigned"); return true })
	l.within(since, "a transfer, by the user", func() bool {
		return l.user.next("assigned").body["service"].(map[string]any)["id"] == l.berta.ID
	})

	since = l.lose(l.chat, func() answer { return l.a.ask("POST", inChat(forUser)+"/end", l.guest, nil) })
	l.within(since, "an end", func() bool { return l.bertas.next("ended").body["chat_id"] == l.chat })
	l.within(since, "an end, by the user", func() bool { return l.user.next("ended").body["chat_id"] == l.chat })
	l.b.ask("POST", inChat(forUser)+"/end", l.guest, nil).want(409)

	l.lose(l.chat, func() answer {
		return l.a.ask("POST", inChat(forUser)+"/rate", l.guest, map[string]any{"rating": 4.5})
	})
	l.b.ask("POST", inChat(forUser)+"/rate", l.guest, map[string]any{"rating": 4.5}).want(409)

	chats := l.b.ask("GET", forUser+"/chats", l.guest, nil).want(200)
	owner := chats.list()[0]["user_id"].(string)
	since = l.lose("'"+owner+"'", func() answer {
		return l.a.ask("POST", forUser+"/assign", l.guest, map[string]any{"message": "Once more", "client_message_id": "k2"})
	})
	l.within(since, "an assignment", func() bool { return l.user.next("assigned").body["chat"].(map[string]any)["chat_id"] != l.chat })
}

// TestARetryIsHeardWithoutTheFirstInstance covers a first instance that commits and stops before it publishes. The instance that answers
// the retry publishes the message.
func TestARetryIsHeardWithoutTheFirstInstance(t *testing.T) {
	t.Parallel()
	l := newLossy(t)
	id := l.b.ask("GET", forUser+"/chats", l.guest, nil).want(200).list()[0]["user_id"].(string)
	silent := models.NewDesk(l.b.desk.DB(), models.DefaultSettings(), slog.New(slog.DiscardHandler)) // has no hub
	message := models.NewMessage{Content: "Hello?", ClientMessageID: "k1"}
	if _, _, err := silent.Send(t.Context(), models.UserActor(id), l.chat, message); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	l.b.ask("POST", forUser+"/chats/"+l.chat+"/messages", l.guest, map[string]any{"content": "Hello?", "client_message_id": "k1"}).want(200)
	l.within(since, "the message", func() bool { return l.agent.next("message").body["content"] == "Hello?" })
}
