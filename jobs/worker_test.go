package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"parley/jobs"
	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
)

var quiet = slog.New(slog.DiscardHandler)

func newDesk(t *testing.T, settings models.Settings) *models.Desk {
	t.Helper()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	d := models.NewDesk(db, settings, quiet)
	t.Cleanup(func() { d.Close(); _ = db.Close() })
	return d
}

func startWorker(t *testing.T, d *models.Desk, redisURL string) {
	t.Helper()
	startWorkerThatLogs(t, d, redisURL, quiet)
}

// startWorkerThatLogs returns the prefix of the worker's names in Redis.
func startWorkerThatLogs(t *testing.T, d *models.Desk, redisURL string, log *slog.Logger) (prefix string) {
	t.Helper()
	opts, err := redisclient.Parse(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	key, err := d.InstallationKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prefix = "parley:" + key + ":"
	w := jobs.New(d, opts, prefix, time.Second, log)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return prefix
}

// lines is a writer that passes on what is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// During an upgrade workers of the next release share the queue. Their tasks are no failures.
func TestTasksOfAnotherReleaseAreLeft(t *testing.T) {
	t.Parallel()
	redisURL := testdb.Redis(t)
	said := make(lines, 1000)
	log := slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	prefix := startWorkerThatLogs(t, newDesk(t, models.DefaultSettings()), redisURL, log)
	opts, err := redisclient.Parse(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	redis := opts.Client()
	defer redis.Close()
	client := asynq.NewClientFromRedisClient(redis)
	if _, err := client.Enqueue(asynq.NewTask("chats:dream", nil), asynq.Queue(prefix+"periodic")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(20 * time.Second); ; {
		select {
		case line := <-said:
			if !strings.Contains(line, "chats:dream") {
				continue
			}
			if !strings.Contains(line, "level=DEBUG") {
				t.Errorf("it logs %s", line)
			}
			return
		case <-deadline:
			t.Fatal("nothing is logged about the task")
		}
	}
}

// silentChat starts a chat between a new agent and a new user.
func silentChat(t *testing.T, d *models.Desk) string {
	t.Helper()
	admin := models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}
	a, err := d.AddAgent(
		t.Context(),
		admin,
		models.NewAgent{Email: "a@example.com", Name: "a", Password: "correct horse", Role: models.RoleAgent},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetPresence(t.Context(), models.AgentActor(a), models.Online); err != nil {
		t.Fatal(err)
	}
	if _, err := d.EnsureUser(t.Context(), models.Identity{ID: "u", Verified: true}); err != nil {
		t.Fatal(err)
	}
	got, err := d.Assign(t.Context(), "u", models.AssignRequest{})
	if err != nil || got.Agent == nil {
		t.Fatalf("not assigned: %v", err)
	}
	return got.Chat.ID
}

func awaitEnd(t *testing.T, d *models.Desk, chatID string) *models.Chat {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := d.Chat(ctx, models.Actor{Kind: models.KindAgent, Role: models.RoleAdmin}, chatID)
		if err != nil {
			t.Fatal(err)
		}
		if c.Status == models.Ended {
			return &c.Chat
		}
		select {
		case <-ctx.Done():
			t.Fatal("the silent chat was never ended")
		case <-tick.C:
		}
	}
}

func shortSilence() models.Settings {
	s := models.DefaultSettings()
	s.IdleWarning, s.IdleTimeout = time.Second, 3*time.Second
	return s
}

func TestSilenceIsEndedWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, shortSilence())
	startWorker(t, d, testdb.Redis(t))
	c := awaitEnd(t, d, silentChat(t, d))
	if took := c.EndedAt.Sub(*c.AssignedAt); took < 3*time.Second || took > 5*time.Second {
		t.Errorf("ended after %s, want 3 to 5 s", took)
	}
	if gap := c.EndedAt.Sub(*c.WarnedAt); gap < 2*time.Second {
		t.Errorf("ended %s after the warning, want 2 s at least", gap)
	}
}

func TestThePulseStandsInForRedis(t *testing.T) {
	t.Parallel()
	d := newDesk(t, shortSilence())
	startWorker(t, d, "redis://127.0.0.1:1/0?dial_timeout=100ms&max_retries=-1")
	awaitEnd(t, d, silentChat(t, d))
}
