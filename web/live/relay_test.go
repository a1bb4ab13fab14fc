package live

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
)

// runHub runs a hub until the test ends.
func runHub(t *testing.T, desk *models.Desk, options *redisclient.Options, prefix string) *Hub {
	t.Helper()
	h := New(Options{Desk: desk, Redis: options, Prefix: prefix, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { _ = h.Run(ctx); close(stopped) }()
	t.Cleanup(func() { cancel(); <-stopped })
	return h
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for: %s", what)
		}
		sleep(t.Context(), 5*time.Millisecond)
	}
}

// During a rolling upgrade, instances of a release before the installation's prefix run together with this one.
func TestAnEarlierReleaseIsRecognised(t *testing.T) {
	t.Parallel()
	server := testdb.RedisServer(t) // the channel is the same for all tests
	options, err := redisclient.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	hub, other := runHub(t, desk, options, "a:"), runHub(t, desk, options, "b:")
	stable := func(h *Hub) bool { _, stable := h.health(); return stable }
	await(t, "both are stable", func() bool { return stable(hub) && stable(other) })

	client := options.Client()
	defer client.Close()
	earlier := client.Subscribe(t.Context(), "parley:events")
	defer earlier.Close()
	if _, err := earlier.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	self := uuid.NewString()
	publish := func() {
		if err := client.Publish(t.Context(), "parley:events", self+`{"events":[{"kind":"settings"}]}`).Err(); err != nil {
			t.Fatal(err)
		}
	}
	publish()
	await(t, "PostgreSQL is read often", func() bool { return !stable(hub) })
	greeted := map[string]bool{}
	for len(greeted) < 2 {
		m, err := earlier.ReceiveMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		from, content := m.Payload[:len(self)], m.Payload[len(self):]
		if from == self {
			continue
		}
		if strings.Contains(content, "bye") || greeted[from] {
			t.Errorf("%s published %s", from, content)
		}
		greeted[from] = true
	}
	publish() // greeted already
	await(t, "both are stable once the earlier release is gone", func() bool { return stable(hub) && stable(other) })
	if !hub.Healthy() {
		t.Error("the greeting of another instance is taken for an earlier release")
	}
}

// The version in the database does not change, so only the gap reveals it.
func TestAGapReadsTheSettings(t *testing.T) {
	t.Parallel()
	options, err := redisclient.Parse(testdb.RedisServer(t).URL) // whose connections are cut
	if err != nil {
		t.Fatal(err)
	}
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	if err := desk.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	prefix := "gap-" + uuid.NewString() + ":"
	hub := runHub(t, desk, options, prefix)
	await(t, "the instance is healthy", hub.Healthy)
	client := options.Client()
	defer client.Close()
	for what, leaves := range map[string]func() error{
		"11": func() error { // another instance could not send something
			return client.Publish(t.Context(), prefix+"events", uuid.NewString()+`{"gap":true}`).Err()
		},
		"12": func() error { // the connection was lost for a moment
			return client.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub").Err()
		},
	} {
		if _, err := db.NewRaw(`ALTER TABLE settings DISABLE TRIGGER ALL`).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := db.NewRaw(`INSERT INTO settings (key, value) VALUES ('RATE_SEND', ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, what).Exec(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := leaves(); err != nil {
			t.Fatal(err)
		}
		await(t, "the setting is read", func() bool { return strconv.Itoa(desk.Settings().RateSend) == what })
	}
}

func TestAnInstancePublishesNothingWhileItIsAlone(t *testing.T) {
	t.Parallel()
	options, err := redisclient.Parse(testdb.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	prefix := "alone-" + uuid.NewString() + ":"
	hub := runHub(t, desk, options, prefix)
	await(t, "it is alone", func() bool { return hub.AloneFor() >= stableAfter })

	client := options.Client()
	defer client.Close()
	sub := client.Subscribe(t.Context(), prefix+"events")
	defer sub.Close()
	if _, err := sub.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := uuid.NewString()
	bounded, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	next := func() string { // what the instance publishes next
		for {
			m, err := sub.ReceiveMessage(bounded)
			if err != nil {
				t.Fatal(err)
			}
			if content, isOther := strings.CutPrefix(m.Payload, other); !isOther {
				return content[len(other):]
			}
		}
	}
	event := func(id string) { hub.Publish([]models.Event{{Kind: models.KindSignedOut, UserIDs: []string{id}}}) }
	event("unheard")
	for range 3 {
		if got := next(); got != `{}` {
			t.Fatalf("alone it published %s", got)
		}
	}
	if err := client.Publish(t.Context(), prefix+"events", other+`{}`).Err(); err != nil {
		t.Fatal(err)
	}
	for got := next(); got != `{"gap":true}`; got = next() {
		if got != `{}` {
			t.Fatalf("another instance is told %s", got)
		}
	}
	if hub.AloneFor() != 0 {
		t.Error("it is still alone")
	}
	event("heard")
	for got := next(); !strings.Contains(got, `"heard"`); got = next() {
		if got != `{}` {
			t.Fatalf("another instance is told %s", got)
		}
	}
}
