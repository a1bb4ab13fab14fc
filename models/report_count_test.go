package models_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// past inserts ended chats that began at given times, each after a wait and handled for a time by an agent; "" for one that was abandoned.
func (h *testDesk) past(agent string, wait, handle time.Duration, at ...time.Time) {
	h.t.Helper()
	for _, t := range at {
		id := fmt.Sprintf("past%d", h.count(`SELECT count(*) FROM users`))
		h.exec(`INSERT INTO users (id) VALUES (?)`, id)
		if agent == "" {
			h.exec(`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type)
				VALUES (?0, ?0, 'ended', ?1, ?1, ?1, ?2, 'abandoned', 'auto')`, id, t, t.Add(wait))
			continue
		}
		h.exec(`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at,
				first_response_at, ended_at, ended_reason, ended_type, total_messages)
			VALUES (?0, ?0, ?3, 'ended', ?1, ?1, ?1, ?2, ?2, ?2::timestamptz + interval '5 seconds', ?4, 'service_ended', 'manual', 4)`,
			id, t, t.Add(wait), agent, t.Add(wait+handle))
	}
}

// counted runs the task until nothing is due.
func (h *testDesk) counted() {
	h.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = h.CountReports(h.t.Context())
		h.must(err)
	}
}

func (h *testDesk) report(q models.ReportQuery) *models.Report {
	h.t.Helper()
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	if q.By == "" {
		q.By = models.ByDay
	}
	r, err := h.Report(h.t.Context(), admin, q)
	h.must(err)
	return r
}

func isAbout(got *float64, want float64) bool {
	return got != nil && math.Abs(*got-want) <= want*0.011+1e-9
}

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func TestAReportIsWhatItsChatsAre(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, bob := h.agent("anna", 5), h.agent("bob", 5)
	for i := range 100 {
		h.past(anna.ID, time.Duration(i+1)*time.Second, time.Minute, monday.Add(time.Duration(i)*11*time.Minute))
	}
	h.past(bob.ID, 10*time.Second, 2*time.Minute, monday.Add(time.Hour))
	h.past("", 30*time.Second, 0, monday.Add(2*time.Hour), monday.Add(-time.Hour))
	h.exec(
		`UPDATE chats SET rating = 5, rated_at = ended_at, outcome = 'Solved', tags = '{a,b}', department = NULL WHERE agent_id = ?`,
		bob.ID,
	)
	h.counted()

	r := h.report(models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1)})
	f := r.Total
	if f.Chats != 102 || f.Answered != 101 || f.Abandoned != 1 || f.Messages != 404 || f.Ratings != 1 || r.Before.Chats != 1 || r.Due != 0 {
		t.Errorf("got %+v before %+v", f, r.Before)
	}
	if !isAbout(f.WaitMedian, 50) || !isAbout(f.WaitP90, 90) || !isAbout(f.ResponseMedian, 5) ||
		!isAbout(f.HandleMean, (100*60+120)/101.0) ||
		!isAbout(f.AbandonedShare, 1/102.0) ||
		!isAbout(f.CSAT, 1) ||
		!isAbout(f.OneTouchShare, 1) {
		t.Errorf("median %v, 90%% %v, response %v", *f.WaitMedian, *f.WaitP90, *f.ResponseMedian)
	}
	agents := h.report(models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1), By: models.ByAgent})
	if len(agents.Rows) != 2 || agents.Rows[0].Label != "anna" || agents.Rows[0].Chats != 100 || agents.Rows[1].Chats != 1 {
		t.Errorf("by agent: %+v", agents.Rows)
	}
	for by, names := range map[models.ReportGroup][]string{models.ByTag: {"a", "b"}, models.ByOutcome: {"Solved"}, models.ByDepartment: {""}, models.BySite: {""}} {
		var got []string
		for _, row := range h.report(models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1), By: by}).Rows {
			got = append(got, row.Name)
		}
		if !slices.Equal(got, names) {
			t.Errorf("by %s: %v, want %v", by, got, names)
		}
	}
	with := h.report(models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1), By: models.ByHour, With: models.ByAgent, Name: bob.ID})
	if with.Total.Chats != 1 || len(with.Rows) != 24 || with.Rows[1].Chats != 1 || with.Rows[2].Chats != 0 ||
		!isAbout(with.Total.WaitMedian, 10) {
		t.Errorf("bob's hours: %+v", with.Total)
	}
}

// What a sketch looks like is stored for years, so another release of the library must write and read the same.
func TestSketchesStayReadable(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.past(anna.ID, 20*time.Second, time.Minute, monday.Add(time.Minute))
	h.past(anna.ID, 0, time.Minute, monday.Add(2*time.Minute))
	h.counted()
	var got string
	h.must(
		h.DB().NewRaw(`SELECT encode(wait_sketch, 'hex') FROM report_buckets WHERE kind = 'all' AND grain = 900`).Scan(t.Context(), &got),
	)
	if want := "04020501aa0202"; got != want {
		t.Errorf("the sketch of 0 and 20 seconds is %s, want %s", got, want)
	}
}

// A late change of a chat, a deletion and an erasure reach the figures, and what was deleted stays counted.
func TestReportsFollowTheirChatsAndOutliveThem(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.send(anna, chat, "hello")
	_, err := h.End(t.Context(), u, chat, "")
	h.must(err)
	h.counted()
	c := h.chat(chat)
	from := c.CreatedAt.Truncate(15 * time.Minute)
	total := func() models.Figures {
		h.counted()
		return h.report(models.ReportQuery{From: from, To: from.Add(15 * time.Minute)}).Total
	}
	if f := total(); f.Chats != 1 || f.Answered != 1 || f.Ratings != 0 {
		t.Fatalf("%+v", f)
	}
	h.must(h.Rate(t.Context(), u, chat, 4.5, "secret rating"))
	if f := total(); f.Chats != 1 || f.Ratings != 1 || !isAbout(f.CSAT, 1) {
		t.Errorf("after the rating: %+v", f)
	}
	h.past(anna.ID, time.Second, time.Minute, from.Add(time.Second))
	if f := total(); f.Chats != 2 {
		t.Errorf("with another: %+v", f)
	}
	before := total()
	_, err = h.EraseUser(t.Context(), admin, u.ID)
	h.must(err)
	if f := total(); fmt.Sprint(
		f.Chats,
		f.Ratings,
		*f.WaitMedian,
		*f.RatingMean,
	) != fmt.Sprint(
		before.Chats,
		before.Ratings,
		*before.WaitMedian,
		*before.RatingMean,
	) {
		t.Errorf("after the erasure: %+v, before %+v", f, before)
	}
	h.exec(`DELETE FROM chats`)
	h.exec(`INSERT INTO report_due (starts_at) VALUES (?)`, from)
	if f := total(); f.Chats != 2 || f.Ratings != 1 {
		t.Errorf("after the deletion: %+v", f)
	}
	if n := h.count(`SELECT count(*) FROM report_gone`); n != 0 {
		t.Errorf("%d rows of deleted chats are left", n)
	}
}

func TestCountingTwiceAtOnceChangesNothing(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	for i := range 60 {
		h.past(anna.ID, time.Second, time.Minute, monday.Add(time.Duration(i)*20*time.Minute))
	}
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	var wg sync.WaitGroup
	for _, d := range []*testDesk{h, other, h, other} {
		wg.Go(func() {
			for range 3 {
				if _, err := d.CountReports(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.counted()
	h.exec(`INSERT INTO report_due (starts_at) SELECT starts_at FROM report_buckets`)
	busy, err := h.DB().BeginTx(t.Context(), nil) // as another process that sums up
	h.must(err)
	_, err = busy.Exec(`SELECT pg_advisory_xact_lock(?)`, 0x7061726c07)
	h.must(err)
	if n, err := other.CountReports(t.Context()); n != 0 || err != nil {
		t.Errorf("%d quarters were made while another process worked: %v", n, err)
	}
	h.must(busy.Rollback())
	h.counted()
	if r := h.report(models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 2)}); r.Total.Chats != 60 || r.Rows[0].Chats != 60 {
		t.Errorf("%d chats", r.Total.Chats)
	}
	if found := h.found(); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

// Every chat that comes back or is handed over is one more assignment.
func TestTransfersAreCounted(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	bob := h.agent("bob", 2)
	_, err := h.AssignByHand(t.Context(), admin, chat, bob.ID)
	h.must(err)
	_, err = h.AssignByHand(t.Context(), admin, chat, anna.ID)
	h.must(err)
	_, err = h.End(t.Context(), u, chat, "")
	h.must(err)
	h.counted()
	from := h.chat(chat).CreatedAt.Truncate(15 * time.Minute)
	if f := h.report(
		models.ReportQuery{From: from, To: from.Add(15 * time.Minute)},
	).Total; f.Transfers != 2 ||
		!isAbout(f.OneTouchShare, 0) {
		t.Errorf("%d transfers, one touch %v", f.Transfers, *f.OneTouchShare)
	}
}

func TestTheTimeOfAgentsIsCounted(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 4)
	h.exec(`UPDATE agents SET created_at = ?`, monday.Add(-time.Hour))
	h.exec(`DELETE FROM presence_changes`)
	for _, c := range []struct {
		at       time.Duration
		from, to string
	}{{0, "offline", "online"}, {time.Hour + 10*time.Minute, "online", "break"}, {2 * time.Hour, "break", "away"}, {3 * time.Hour, "away", "offline"}} {
		h.exec(`INSERT INTO presence_changes (agent_id, from_presence, to_presence, cause, at) VALUES (?, ?, ?, 'chosen', ?)`,
			anna.ID, c.from, c.to, monday.Add(c.at))
	}
	h.past(anna.ID, time.Second, 35*time.Minute, monday.Add(10*time.Minute))
	h.counted()
	for _, q := range []models.ReportQuery{{By: models.ByAgent}, {By: models.ByDay}, {By: models.ByDay, With: models.ByAgent, Name: anna.ID}} {
		q.From, q.To = monday, monday.AddDate(0, 0, 1)
		row := h.report(q).Rows[0]
		if *row.OnlineSeconds != 4200 || *row.BreakSeconds != 3000 || *row.AwaySeconds != 3600 || !isAbout(row.Load, 0.5) ||
			!isAbout(row.Occupancy, 0.125) {
			t.Errorf(
				"by %s: online %d, break %d, away %d, load %v",
				q.By,
				*row.OnlineSeconds,
				*row.BreakSeconds,
				*row.AwaySeconds,
				row.Load,
			)
		}
	}
	h.counted() // again
	if n := h.count(`SELECT count(*) FROM report_agent_time WHERE grain = 900 AND agent_id = ?`, anna.ID); n != 12 {
		t.Errorf("%d quarters", n)
	}
}
