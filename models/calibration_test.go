package models_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// predicted stores a chat that joined at a time with an estimate of 100 s, 50 to 200, and was served or left after so
// many seconds.
func (h *testDesk) predicted(department string, at time.Time, served, left float64) {
	h.t.Helper()
	h.exec(`INSERT INTO users (id) VALUES ('p') ON CONFLICT DO NOTHING`)
	h.exec(
		`INSERT INTO chats (id, user_id, status, queued_at, created_at, user_seen_at, first_assigned_at, assigned_at, ended_at, ended_reason,
			ended_type, predicted_seconds, predicted_low_seconds, predicted_high_seconds, predicted_known, predicted_department)
		VALUES (gen_random_uuid()::text, 'p', 'ended', ?1, ?1, now(),
			CASE WHEN ?2 > 0 THEN ?1::timestamptz + make_interval(secs => ?2) END, CASE WHEN ?2 > 0 THEN ?1::timestamptz + make_interval(secs => ?2) END,
			?1::timestamptz + make_interval(secs => ?2 + ?3),
			(CASE WHEN ?2 > 0 THEN 'user_ended' ELSE 'abandoned' END)::chat_ended_reason, 'manual',
			100, 50, 200, true, nullif(?0, ''))`,
		department,
		at,
		served,
		left,
	)
}

func TestEachEstimateIsComparedWithWhatCame(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	now := time.Now().Truncate(time.Hour)
	from, to := now.Add(-5*time.Hour), now
	at := now.Add(-3*time.Hour + 10*time.Minute)
	for _, served := range []float64{40, 80, 100, 125, 250, 10} { // 10 s is too short to be scored
		h.predicted("cards", at, served, 0)
	}
	h.predicted("cards", at, 0, 60)  // left inside the range
	h.predicted("cards", at, 0, 201) // waited longer than the range
	h.predicted("", at.Add(time.Hour), 100, 0)
	h.predicted("", from.Add(-time.Second), 100, 0) // before the period
	h.predicted("", to, 100, 0)                     // after it

	c, err := h.Calibration(t.Context(), admin, from, to, "UTC")
	h.must(err)
	if len(c.ByDepartment) != 2 || len(c.ByHour) != 2 {
		t.Fatalf("the groups are %+v and %+v", c.ByDepartment, c.ByHour)
	}
	g := c.ByDepartment[1]
	g.Error, g.Bias = nil, nil
	want := models.CalibrationGroup{
		Department: "cards", Joined: 8, Served: 6, Left: 1, NotServed: 1, Scored: 5, Inside: 3, Below: 1, Above: 1,
	}
	if g != want {
		t.Errorf("cards is %+v, want %+v", g, want)
	}
	// 100 ÷ 40, 80, 100, 125, 250 is off by 1.5, 0.25, 0, −0.2 and −0.6.
	cards := c.ByDepartment[1]
	if math.Abs(*cards.Error-0.25) > 0.01 || math.Abs(*cards.Bias) > 0.01 {
		t.Errorf("the median error is %.3f, the bias %.3f", *cards.Error, *cards.Bias)
	}
	if share, _ := cards.Share(); share != 0.6 {
		t.Errorf("the share is %.2f", share)
	}
	if c.All.Joined != 9 || c.All.Scored != 6 || c.All.Inside != 4 {
		t.Errorf("all are %+v", c.All)
	}
	if c.ByHour[0].Joined+c.ByHour[1].Joined != 9 {
		t.Errorf("the hours are %+v", c.ByHour)
	}
	kolkata, err := h.Calibration(t.Context(), admin, from, to, "Asia/Kolkata") // 5:30 ahead
	h.must(err)
	hour := at.UTC().Add(5*time.Hour + 30*time.Minute).Hour()
	found := false
	for _, g := range kolkata.ByHour {
		found = found || g.Hour == hour && g.Joined == 8
	}
	if !found {
		t.Errorf("no 8 chats joined at %d: %+v", hour, kolkata.ByHour)
	}
}

func TestChatsWithoutAnEstimateAreCountedAndNotScored(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	h.askFor("alone", "cards") // no agent is online
	anna := h.agent("anna", 1, "cards")
	h.settle()
	waiting := h.askFor("second", "cards").Chat
	if !*waiting.EstimateKnown || *waiting.EstimateDepartment != "cards" {
		t.Errorf("the estimate is %v for %v", *waiting.EstimateKnown, waiting.EstimateDepartment)
	}
	h.must(h.CancelQueue(t.Context(), "second"))
	h.exec(`UPDATE chats SET queued_at = queued_at - interval '1 minute' WHERE agent_id = ?`, anna.ID)
	now := time.Now()
	c, err := h.Calibration(t.Context(), admin, now.Add(-time.Hour), now.Add(time.Hour), "")
	h.must(err)
	if want := (models.CalibrationGroup{Joined: 2, Unknown: 1, Served: 1, Left: 1}); c.All != want {
		t.Errorf("got %+v, want %+v", c.All, want)
	}
	// A transfer to another department does not move the estimate.
	h.exec(`UPDATE chats SET department = NULL`)
	c, err = h.Calibration(t.Context(), admin, now.Add(-time.Hour), now.Add(time.Hour), "")
	h.must(err)
	if len(c.ByDepartment) != 1 || c.ByDepartment[0].Department != "cards" {
		t.Errorf("the departments are %+v", c.ByDepartment)
	}
	_, err = h.Calibration(t.Context(), admin, now, now, "")
	h.refused(err, "validation_failed")
	_, err = h.Calibration(t.Context(), admin, now.AddDate(0, 0, -93), now, "")
	h.refused(err, "validation_failed")
	_, err = h.Calibration(t.Context(), admin, now.Add(-time.Hour), now, "Mars/Base")
	h.refused(err, "validation_failed")
	_, err = h.Calibration(t.Context(), anna, now.Add(-time.Hour), now, "")
	h.refused(err, "role_required")
}

// The figures of a period are read from an index, without its chats.
func TestTheCalibrationReadsItsIndexAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id) VALUES ('p')`)
	for first := 1; first < 20_000; first += 2000 { // each within the timeout of a statement, also on a busy machine
		h.exec(
			`INSERT INTO chats (id, user_id, status, queued_at, created_at, user_seen_at, first_assigned_at, assigned_at, ended_at, ended_reason,
			ended_type, predicted_seconds, predicted_low_seconds, predicted_high_seconds, predicted_known)
		SELECT 'c' || i, 'p', 'ended', at, at, at, at + interval '50 seconds', at + interval '50 seconds', at + interval '1 minute', 'user_ended', 'manual',
			100, 50, 200, true FROM (SELECT i, now() - i * interval '1 minute' AS at FROM generate_series(?0, ?0 + 1999) i) joined`,
			first,
		)
	}
	h.exec(`VACUUM ANALYZE chats`)
	var plan []string
	h.must(
		h.DB().
			NewRaw(`EXPLAIN SELECT queued_at, first_assigned_at, ended_at, predicted_seconds, predicted_low_seconds, predicted_high_seconds,
		predicted_known, predicted_department FROM chats WHERE predicted_known IS NOT NULL AND created_at >= now() - interval '1 day'
		AND created_at < now()`).
			Scan(t.Context(), &plan),
	)
	if !strings.Contains(strings.Join(plan, " "), "Index Only Scan using chats_predictions") {
		t.Errorf("the plan is %v", plan)
	}
	c, err := h.Calibration(t.Context(), admin, time.Now().AddDate(0, 0, -7), time.Now(), "Europe/Berlin")
	h.must(err)
	if len(c.ByHour) != 24 || c.All.Scored < 10_000 {
		t.Errorf("scored %s in %d hours", strconv.Itoa(c.All.Scored), len(c.ByHour))
	}
}
