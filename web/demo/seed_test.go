package demo_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
	"parley/web/demo"
)

func newDesk(t *testing.T) *models.Desk {
	t.Helper()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		desk.Close()
		_ = db.Close()
	})
	return desk
}

func seed(t *testing.T, desk *models.Desk) string {
	t.Helper()
	var out strings.Builder
	if err := demo.Seed(t.Context(), desk, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSeedMakesAccountsThatCanSignIn(t *testing.T) {
	t.Parallel()
	desk := newDesk(t)
	printed := seed(t, desk)
	for _, account := range demo.Accounts() {
		_, a, err := desk.SignIn(t.Context(), account.Email, demo.Password, "test")
		if err != nil {
			t.Fatalf("%s: %v", account.Email, err)
		}
		if a.Role != account.Role || a.Name != account.Name {
			t.Errorf("%s is %s, %s", account.Email, a.Name, a.Role)
		}
		if !strings.Contains(printed, account.Email) {
			t.Errorf("%s is not in the list that was printed", account.Email)
		}
	}
}

func TestSeedLeavesADayThatReportsCanShow(t *testing.T) {
	t.Parallel()
	desk := newDesk(t)
	seed(t, desk)
	now := time.Now()
	stats, err := desk.Stats(t.Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Ended != stats.Started || stats.Ended < 40 || stats.Cancelled == 0 || stats.Abandoned == 0 || stats.Timeouts == 0 ||
		stats.Ratings < 20 {
		t.Errorf("the past day is too thin: %+v", stats)
	}
	if stats.ResponseMean == nil || *stats.ResponseMean <= 0 || stats.HandleMean == nil || *stats.HandleMean < 30 {
		t.Errorf("times are missing: response %v, handling %v", stats.ResponseMean, stats.HandleMean)
	}
	day, err := desk.Day(t.Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(day) < 1430 {
		t.Errorf("the day has %d minutes", len(day))
	}
	forecast, err := desk.Forecast(t.Context(), "cards", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for _, hour := range forecast.Hours[1:] {
		if hour.Arrivals == nil || hour.Agents == nil {
			t.Fatalf("the hour %s has no forecast: %+v", hour.At, hour)
		}
	}
	if err := desk.CountMinutes(t.Context()); err != nil {
		t.Fatal(err)
	}
	checked, err := desk.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checked {
		if len(c.Findings) > 0 {
			t.Errorf("%s: %+v", c.Invariant, c.Findings)
		}
	}
	wrappedUp, err := desk.DB().NewSelect().Table("chats").Where("outcome IS NOT NULL AND wrapped_up_at > ended_at").Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if wrappedUp < 30 {
		t.Errorf("%d chats have an outcome", wrappedUp)
	}
	rated := 0
	agents, err := desk.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		rated += a.RatingCount
	}
	if rated != stats.Ratings {
		t.Errorf("agents have %d ratings, chats have %d", rated, stats.Ratings)
	}
}

func TestSeedTwiceAddsNothing(t *testing.T) {
	t.Parallel()
	desk := newDesk(t)
	seed(t, desk)
	before := count(t, desk)
	if before.Replies < 12 || before.Tags == 0 || before.Notes == 0 {
		t.Errorf("there are only %d canned replies, %d tags and %d notes", before.Replies, before.Tags, before.Notes)
	}
	if err := demo.Seed(t.Context(), desk, io.Discard); err != nil {
		t.Fatal(err)
	}
	if after := count(t, desk); after != before {
		t.Errorf("rows before %v, after %v", before, after)
	}
}

type rows struct{ Agents, Users, Chats, Messages, Steps, Minutes, Replies, Tags, Notes, Log int }

func count(t *testing.T, desk *models.Desk) rows {
	t.Helper()
	var r rows
	err := desk.DB().
		NewRaw(`SELECT (SELECT count(*) FROM agents) AS agents, (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM chats) AS chats,
		(SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM message_status_changes) AS steps,
		(SELECT count(*) FROM minute_buckets) AS minutes, (SELECT count(*) FROM canned_replies) AS replies,
		(SELECT count(*) FROM user_tags) AS tags, (SELECT count(*) FROM user_notes) AS notes,
		(SELECT count(*) FROM audit_log WHERE action = 'canned_reply_added') AS log`).
		Scan(t.Context(), &r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
