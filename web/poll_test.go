package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"parley/models"
)

// polled is one polling client with the events that it received.
type polled struct {
	h      *testServer
	path   string
	token  string
	cursor string
	after  int
	events []event
}

func (h *testServer) polls(path, token string) *polled {
	return &polled{h: h, path: path, token: token}
}

// once polls one time, from an instance, and returns the events that came.
func (p *polled) once(from *testServer, query string) []event {
	p.h.t.Helper()
	got := from.ask("GET", p.path+"?poll=1&last_event_id="+url.QueryEscape(p.cursor)+query, p.token, nil).want(200)
	if got.Header.Get("Content-Length") != strconv.Itoa(len(got.Body)) {
		p.h.t.Errorf("the answer of %d bytes has the length %q", len(got.Body), got.Header.Get("Content-Length"))
	}
	var body struct {
		Events []struct {
			ID    string          `json:"id"`
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		} `json:"events"`
		LastEventID string `json:"last_event_id"`
		PollAfterMS int    `json:"poll_after_ms"`
	}
	if err := json.Unmarshal(got.Body, &body); err != nil {
		p.h.t.Fatal(err)
	}
	p.cursor, p.after = body.LastEventID, body.PollAfterMS
	var events []event
	for _, e := range body.Events {
		one := event{Name: e.Event, ID: e.ID, Data: string(e.Data)}
		_ = json.Unmarshal(e.Data, &one.body)
		checkEvent(p.h.t, p.path, one)
		events = append(events, one)
	}
	p.events = append(p.events, events...)
	return events
}

// next polls until an event of that name has come, and returns it.
func (p *polled) next(name string) event {
	p.h.t.Helper()
	var found event
	p.h.until("the event "+name, func() bool {
		for i, e := range p.events {
			if e.Name == name {
				found, p.events = e, p.events[i+1:]
				return true
			}
		}
		p.once(p.h, "&wait=1")
		return false
	})
	return found
}

const userEvents, agentEvents = "/api/user/customer-service/events", "/api/customer-service/events"

func TestPollsBringWhatAStreamWould(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, agentToken := h.online("anna")
	_, userToken := h.guest()
	user, agent := h.polls(userEvents, userToken), h.polls(agentEvents, agentToken)
	if got := user.next("queue").body["status"]; got != "not_in_queue" {
		t.Errorf("a user without a chat is told %v", got)
	}
	agent.next("presence")

	chat := h.asks(userToken, "Hello")
	if got := user.next("assigned").body["service"].(map[string]any)["id"]; got != anna.ID {
		t.Errorf("the user is told of agent %v", got)
	}
	agent.next("assigned")
	agent.next("message")
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/typing", userToken, nil).want(204)
	agent.next("typing")
	for i := range 5 {
		said := fmt.Sprint("answer ", i)
		h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": said}).want(201)
		e := user.next("message")
		for e.body["sender_type"] != "customer_service" {
			e = user.next("message")
		}
		if e.body["content"] != said || e.ID == "" {
			t.Errorf("heard %v with the cursor %q, want %q", e.body["content"], e.ID, said)
		}
		h.ask("POST", "/api/user/customer-service/chats/"+chat+"/mark-read", userToken, map[string]any{"up_to": e.body["id"]}).want(200)
		for s := agent.next("message_status"); s.body["status"] != "read" || s.body["message_id"] != e.body["id"]; {
			s = agent.next("message_status")
		}
	}
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/end", userToken, nil).want(200)
	agent.next("ended")
	user.next("ended")
	if again := user.once(h, ""); len(again) > 0 {
		t.Errorf("nothing happened, and a poll brings %v", again)
	}
}

func TestAPollGoesOnBehindAnAnswerThatWasLost(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agentToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.polls(userEvents, userToken)
	user.next("assigned")
	h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": "lost"}).want(201)
	before := user.cursor
	for e := user.next("message"); e.body["content"] != "lost"; {
		e = user.next("message")
	}
	user.cursor, user.events = before, nil // as if that response had not arrived
	for e := user.next("message"); e.body["content"] != "lost"; {
		e = user.next("message")
	}
	// A stream goes on behind a poll, too.
	h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": "by stream"}).want(201)
	stream := h.listen(userEvents, userToken, user.cursor)
	if got := stream.next("message").body["content"]; got != "by stream" {
		t.Errorf("the stream begins with %v", got)
	}
}

func TestPollsMayComeToAnyInstance(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, agentToken := a.online("anna")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Hello")
	user := a.polls(userEvents, userToken)
	user.next("assigned")
	user.events = nil
	const sent = 12
	for i := range sent {
		a.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": fmt.Sprint(i)}).want(201)
		user.once([]*testServer{a, b, b}[i%3], "")
	}
	heard := map[string]int{}
	last := 0.0
	a.until("all messages", func() bool {
		for _, e := range user.events {
			if e.Name != "message" || e.body["sender_type"] != "customer_service" {
				continue
			}
			heard[e.body["content"].(string)]++
			if id := e.body["id"].(float64); id <= last {
				t.Errorf("message %v came after %v", id, last)
			} else {
				last = id
			}
		}
		user.events = nil
		user.once(b, "")
		return len(heard) == sent
	})
	for words, n := range heard {
		if n != 1 {
			t.Errorf("%q was heard %d times", words, n)
		}
	}
}

func TestAWaitingPollIsAnsweredAtOnceWhenSomethingHappens(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agentToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.polls(userEvents, userToken)
	user.next("assigned")
	for len(user.once(h, "&wait=1")) > 0 {
	}
	began := time.Now()
	sent := make(chan answer)
	go func() {
		h.until("a poll to wait", func() bool { return time.Since(began) > 300*time.Millisecond })
		sent <- h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": "now"})
	}()
	got := user.once(h, "&wait=20")
	(<-sent).want(201)
	if took := time.Since(began); len(got) == 0 || took > 10*time.Second || took < 300*time.Millisecond {
		t.Errorf("%d events came after %s", len(got), took)
	}
	h.ask("GET", userEvents+"?poll=1&wait=21", userToken, nil).want(422)
	h.ask("GET", userEvents+"?poll=2", userToken, nil).want(422)
	h.ask("GET", userEvents+"?poll=yes", userToken, nil).want(400)
}

func TestAPollTellsOnlyItsOwnCaller(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, first := h.guest()
	_, second := h.guest()
	chat := h.asks(first, "A secret")
	mine := h.polls(userEvents, first)
	mine.next("assigned")
	thief := h.polls(userEvents, second)
	thief.cursor = mine.cursor
	for _, e := range thief.once(h, "") {
		if e.body["chat_id"] == chat {
			t.Errorf("another user received %s %s", e.Name, e.Data)
		}
	}
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/end", first, nil).want(200)
	mine.next("ended")
	h.ask("GET", userEvents+"?poll=1", "", nil).want(401)
	h.ask("GET", "/api/supervisor/events?poll=1", first, nil).want(403)
}

func TestPollsAreSignsOfLife(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.settings = func(now *models.Settings) { now.PresenceTimeout = 2 * time.Second }
	})
	_, token := h.online("anna")
	agent := h.polls(agentEvents, token)
	agent.once(h, "")
	until := time.Now().Add(6 * time.Second) // between two polls the stream behind them counts
	h.until("three times the timeout to pass", func() bool {
		if err := h.desk.SweepPresence(t.Context()); err != nil {
			t.Fatal(err)
		}
		return time.Now().After(until)
	})
	for _, e := range agent.once(h, "") {
		if e.Name == "presence" {
			t.Errorf("an agent who polls was told of being %v", e.body["presence"])
		}
	}
	if n := h.hub.Streams(models.KindAgent); n != 1 {
		t.Errorf("polls of one client keep %d streams", n)
	}
}

func TestPollsAreLimited(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	user := h.polls(userEvents, token)
	for range 300 {
		user.once(h, "")
	}
	if user.after != 3000 {
		t.Errorf("where nothing happens a client is told to come back after %d ms", user.after)
	}
	refused := h.ask("GET", userEvents+"?poll=1", token, nil).want(http.StatusTooManyRequests)
	if refused.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
