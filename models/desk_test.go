package models_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// testDesk is a desk with its own database and a record of its published events.
type testDesk struct {
	*models.Desk
	t   *testing.T
	url string

	heard  int64 // the last row of the audit log that was asked for
	mu     sync.Mutex
	events []models.Event
}

func (h *testDesk) Publish(events []models.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
}

// changes returns the changes of a chat that were published, in order.
func (h *testDesk) changes(chatID string) []models.Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []models.Change
	for _, e := range h.events {
		if e.Change != nil && e.Change.Chat.ID == chatID {
			found = append(found, *e.Change)
		}
	}
	return found
}

func newTestDesk(t *testing.T) *testDesk {
	t.Helper()
	return newTestDeskOn(t, testdb.Postgres(t), models.DefaultSettings())
}

func newTestDeskOn(t *testing.T, url string, settings models.Settings) *testDesk {
	t.Helper()
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	h := &testDesk{Desk: models.NewDesk(db, settings, slog.New(slog.DiscardHandler)), t: t, url: url}
	h.SetPublisher(h)
	t.Cleanup(func() {
		h.Close()
		_ = db.Close()
	})
	h.must(h.RecordHeartbeat(t.Context()))
	return h
}

func (h *testDesk) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *testDesk) refused(err error, code string) {
	h.t.Helper()
	if models.CodeOf(err) != code {
		h.t.Fatalf("got %v, want it refused with %s", err, code)
	}
}

var admin = models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}

// agent adds an online agent with the given capacity.
func (h *testDesk) agent(name string, room int, departments ...string) models.Actor {
	h.t.Helper()
	a, err := h.AddAgent(h.t.Context(), admin, models.NewAgent{
		Email: name + "@example.com", Name: name, Password: "correct horse",
		Role: models.RoleAgent, MaxConcurrent: room, Departments: departments,
	})
	h.must(err)
	actor := models.AgentActor(a)
	h.online(actor)
	return actor
}

func (h *testDesk) online(a models.Actor) {
	h.t.Helper()
	_, err := h.SetPresence(h.t.Context(), a, models.Online)
	h.must(err)
}

func (h *testDesk) user(id string) models.Actor {
	h.t.Helper()
	u, err := h.EnsureUser(h.t.Context(), models.Identity{ID: id, Name: id, Verified: true})
	h.must(err)
	return models.UserActor(u.ID)
}

func (h *testDesk) ask(id string) *models.Assignment { return h.askFor(id, "") }

func (h *testDesk) askFor(id, department string) *models.Assignment {
	h.t.Helper()
	a, err := h.Assign(h.t.Context(), h.user(id).ID, models.AssignRequest{Department: department})
	h.must(err)
	return a
}

func (h *testDesk) chat(id string) *models.Chat {
	h.t.Helper()
	c, err := h.Desk.Chat(h.t.Context(), admin, id)
	h.must(err)
	return &c.Chat
}

func (h *testDesk) exec(query string, args ...any) {
	h.t.Helper()
	_, err := h.DB().NewRaw(query, args...).Exec(h.t.Context())
	h.must(err)
}

// age moves the times of a row into the past.
func (h *testDesk) age(table, id string, by time.Duration, columns ...string) {
	h.t.Helper()
	for _, column := range columns {
		h.exec(fmt.Sprintf(`UPDATE %s SET %s = %s - make_interval(secs => %f) WHERE id = '%s'`, table, column, column, by.Seconds(), id))
	}
	if table == "chats" { // the past was another one, so the sweep does not know when to look
		h.exec(`UPDATE chat_due SET due_at = clock_timestamp() WHERE chat_id = ?`, id)
	}
}

// settle drains the queue, after the drains that run in the background have ended: one of them could otherwise assign a chat later.
func (h *testDesk) settle() {
	h.t.Helper()
	h.WaitForDrains()
	if _, err := h.Drain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *testDesk) load(a models.Actor) int {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	var active int
	h.must(h.DB().NewRaw(`SELECT count(*) FROM chats WHERE agent_id = ? AND status = 'active'`, a.ID).Scan(context.Background(), &active))
	if active != got.Load {
		h.t.Fatalf("%s: load says %d, the chats %d", got.Name, got.Load, active)
	}
	return got.Load
}
