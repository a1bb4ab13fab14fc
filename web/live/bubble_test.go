package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"parley/models"
)

// The tests of timers run in a bubble of testing/synctest, where time passes when every goroutine waits. A goroutine that
// waits for PostgreSQL keeps time from passing, so the few that need it use the real one.

// database is a PostgreSQL that can be away. It makes a connection for each query, so that an outage is seen at once.
type database struct {
	*models.Desk
	away atomic.Bool

	mu     sync.Mutex
	failed []time.Time
}

// openDatabase returns a desk on the database of the URL. It must be called in the bubble.
func openDatabase(t *testing.T, url string) *database {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	d := &database{}
	pool := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(func(context.Context, *pgx.ConnConfig) error {
		if !d.away.Load() {
			return nil
		}
		d.mu.Lock()
		d.failed = append(d.failed, time.Now())
		d.mu.Unlock()
		return errors.New("PostgreSQL is away")
	}))
	pool.SetMaxIdleConns(-1)
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	d.Desk = models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { d.Close(); _ = db.Close() })
	return d
}

// unreachable returns a database that is away.
func unreachable(t *testing.T) *database {
	t.Helper()
	d := openDatabase(t, "postgres://localhost/none?sslmode=disable")
	d.away.Store(true)
	return d
}

// attempts returns when queries failed, since a time.
func (d *database) attempts(since time.Time) (after []time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.failed {
		after = append(after, at.Sub(since))
	}
	return after
}

func newTestHub(d *database) *Hub {
	return New(Options{Desk: d.Desk, Log: slog.New(slog.DiscardHandler)})
}

// run calls a function of the hub in a goroutine until the test ends.
func run(t *testing.T, f func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

// written is something a stream wrote, and when after the client connected.
type written struct {
	after time.Duration
	what  string
}

// client is a Transport that records what a stream writes, and a Renderer that renders each item as one frame with its name.
type client struct {
	connected time.Time
	gone      atomic.Bool
	cannot    atomic.Bool // render
	ended     chan error

	mu     sync.Mutex
	writes []written
}

func (c *client) write(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, written{time.Since(c.connected), what})
	return nil
}

func (c *client) Send(f Frame, _ string) error { return c.write(f.Event) }
func (c *client) Retry(after time.Duration) error {
	return c.write("retry " + after.Round(time.Second).String())
}
func (c *client) Heartbeat() error   { return c.write("heartbeat") }
func (c *client) Flush() error       { return nil }
func (c *client) Disconnected() bool { return c.gone.Load() }

func (c *client) Render(_ context.Context, item Item) ([]Frame, error) {
	if c.cannot.Load() {
		return nil, errors.New("what the item needs cannot be read")
	}
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", item), "live."))
	switch it := item.(type) {
	case Closing:
		name += " " + string(it.Reason)
	case Changed:
		name += fmt.Sprintf(" to %d", it.Chat.Version)
	case Presence:
		name += fmt.Sprintf(" %s %d", it.ServiceID, it.Load)
	}
	return []Frame{{Event: name}}, nil
}

// all returns what was written but heartbeats.
func (c *client) all() []written {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.writes), func(w written) bool { return w.what == "heartbeat" })
}

// names returns what was written but heartbeats, without the times.
func (c *client) names() string {
	var names []string
	for _, w := range c.all() {
		names = append(names, w.what)
	}
	return strings.Join(names, ", ")
}

// connect runs a stream until it has sent its initial state, and ends it with the test.
func connect(t *testing.T, h *Hub, to Receiver) (*client, *Stream) {
	t.Helper()
	topics := []topic{ownTopic(to.Actor)}
	if to.View == Supervision {
		topics = []topic{supervisors}
	}
	s := &Stream{hub: h, to: to, state: stateLive}
	s.sub = h.subscribe(to, topics...)
	return start(t, s), s
}

func start(t *testing.T, s *Stream) *client {
	t.Helper()
	c := &client{connected: time.Now(), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { c.ended <- s.Run(ctx, c, c) }()
	synctest.Wait()
	return c
}

// hasEnded reports whether the stream has ended, and as it should where nothing is broken.
func (c *client) hasEnded(t *testing.T) bool {
	t.Helper()
	select {
	case err := <-c.ended:
		if err != nil {
			t.Errorf("the stream ended with %v", err)
		}
		return true
	default:
		return false
	}
}

// pass advances the time and waits until everything that is due has happened.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
