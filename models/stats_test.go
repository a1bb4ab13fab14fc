package models_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"parley/models"
)

// scannedStats are the figures of a period as computed from every chat in it.
const scannedStats = `SELECT count(*) AS started, count(first_assigned_at) AS assigned, count(ended_at) AS ended,
	count(*) FILTER (WHERE ended_reason = 'abandoned') AS abandoned, count(*) FILTER (WHERE ended_reason = 'cancelled') AS cancelled,
	count(*) FILTER (WHERE ended_reason = 'timeout') AS timeouts,
	avg(wait)::float8 AS wait_mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY wait) AS wait_p50,
	percentile_cont(0.9) WITHIN GROUP (ORDER BY wait) AS wait_p90,
	avg(response)::float8 AS response_mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY response) AS response_p50,
	percentile_cont(0.9) WITHIN GROUP (ORDER BY response) AS response_p90,
	avg(handle)::float8 AS handle_mean,
	(avg(wrap_up) FILTER (WHERE NOT wrap_up_skipped))::float8 AS wrap_up_mean, coalesce(sum(total_messages), 0) AS messages, count(rating) AS ratings,
	avg(rating)::float8 AS rating_mean,
	avg(CASE WHEN rating >= 4 THEN 1.0 WHEN rating IS NOT NULL THEN 0 END)::float8 AS csat,
	avg(abs(predicted_seconds - wait))::float8 AS predicted_error
	FROM (SELECT *, CASE WHEN first_assigned_at IS NOT NULL
			THEN greatest(0, extract(epoch FROM first_assigned_at - greatest(queued_at, live_at)))::float8 END AS wait,
		extract(epoch FROM first_response_at - first_assigned_at)::float8 AS response,
		extract(epoch FROM ended_at - first_assigned_at)::float8 AS handle,
		extract(epoch FROM wrapped_up_at - ended_at)::float8 AS wrap_up
		FROM chats WHERE channel = 'chat' AND created_at >= ? AND created_at < ?) period`

// scanned are the figures that every chat of a period is read for.
func (h *testDesk) scanned(from, to time.Time) *models.Stats {
	h.t.Helper()
	s := &models.Stats{From: from, To: to}
	var row struct {
		Started, Assigned, Ended, Abandoned, Cancelled, Timeouts, Messages, Ratings                int
		WaitMean, WaitP50, WaitP90, ResponseMean, ResponseP50, ResponseP90, HandleMean, WrapUpMean *float64
		RatingMean                                                                                 *float64
		CSAT                                                                                       *float64 `bun:"csat"`
		PredictedError                                                                             *float64
	}
	h.must(h.DB().NewRaw(scannedStats, from, to).Scan(h.t.Context(), &row))
	s.Started, s.Assigned, s.Ended, s.Abandoned, s.Cancelled, s.Timeouts = row.Started, row.Assigned, row.Ended, row.Abandoned, row.Cancelled, row.Timeouts
	s.Messages, s.Ratings = row.Messages, row.Ratings
	s.WaitMean, s.WaitP50, s.WaitP90 = row.WaitMean, row.WaitP50, row.WaitP90
	s.ResponseMean, s.ResponseP50, s.ResponseP90 = row.ResponseMean, row.ResponseP50, row.ResponseP90
	s.HandleMean, s.WrapUpMean, s.RatingMean, s.CSAT, s.PredictedError = row.HandleMean, row.WrapUpMean, row.RatingMean, row.CSAT, row.PredictedError
	choices := func(into *[]models.NameCount, of string) {
		h.must(
			h.DB().NewRaw(`SELECT name, count(*) AS count FROM (SELECT `+of+` AS name FROM chats WHERE created_at >= ? AND created_at < ?) c
			WHERE name IS NOT NULL GROUP BY name ORDER BY count(*) DESC, lower(name), name`, from, to).Scan(h.t.Context(), into),
		)
	}
	choices(&s.Outcomes, "outcome")
	choices(&s.Tags, "unnest(tags)")
	h.must(h.DB().NewRaw(`SELECT r.id, r.name_en, r.name_zh_cn, count(*) AS count
		FROM chats c CROSS JOIN LATERAL jsonb_array_elements(c.rating_reasons) chosen JOIN rating_reasons r ON r.id = (chosen ->> 'id')::bigint
		WHERE c.created_at >= ? AND c.created_at < ? GROUP BY r.id ORDER BY count(*) DESC, r.position, r.id`, from, to).
		Scan(h.t.Context(), &s.RatingReasons))
	return s
}

// differences compares figures; medians and 90th percentiles may differ by a share.
func differences(got, want *models.Stats, share float64) (list []string) {
	differ := func(name string, got, want any) {
		if got != want {
			list = append(list, fmt.Sprintf("%s is %v, want %v", name, got, want))
		}
	}
	near := func(name string, got, want *float64, share float64) {
		if (got == nil) != (want == nil) || got != nil && math.Abs(*got-*want) > share*math.Abs(*want)+1e-6 {
			text := func(v *float64) string {
				if v == nil {
					return "none"
				}
				return fmt.Sprint(*v)
			}
			list = append(list, fmt.Sprintf("%s is %s, want %s", name, text(got), text(want)))
		}
	}
	differ("started", got.Started, want.Started)
	differ("assigned", got.Assigned, want.Assigned)
	differ("ended", got.Ended, want.Ended)
	differ("abandoned", got.Abandoned, want.Abandoned)
	differ("cancelled", got.Cancelled, want.Cancelled)
	differ("timeouts", got.Timeouts, want.Timeouts)
	differ("messages", got.Messages, want.Messages)
	differ("ratings", got.Ratings, want.Ratings)
	near("wait mean", got.WaitMean, want.WaitMean, 1e-9)
	near("response mean", got.ResponseMean, want.ResponseMean, 1e-9)
	near("handle mean", got.HandleMean, want.HandleMean, 1e-9)
	near("wrap-up mean", got.WrapUpMean, want.WrapUpMean, 1e-9)
	near("rating mean", got.RatingMean, want.RatingMean, 1e-9)
	near("csat", got.CSAT, want.CSAT, 1e-9)
	near("estimate error", got.PredictedError, want.PredictedError, 1e-9)
	near("wait p50", got.WaitP50, want.WaitP50, share)
	near("wait p90", got.WaitP90, want.WaitP90, share)
	near("response p50", got.ResponseP50, want.ResponseP50, share)
	near("response p90", got.ResponseP90, want.ResponseP90, share)
	differ("outcomes", fmt.Sprint(got.Outcomes), fmt.Sprint(want.Outcomes))
	differ("tags", fmt.Sprint(got.Tags), fmt.Sprint(want.Tags))
	differ("rating reasons", fmt.Sprint(got.RatingReasons), fmt.Sprint(want.RatingReasons))
	return list
}

// randomChats inserts chats that began in a period: ended and open ones, a few messages, many of them at the bounds of quarters.
func (h *testDesk) randomChats(random *rand.Rand, prefix string, n int, from, to time.Time) {
	h.t.Helper()
	rows := make([]map[string]any, n)
	for i := range rows {
		id := fmt.Sprintf("%s%d", prefix, i)
		at := from.Add(time.Duration(random.Int64N(int64(to.Sub(from))))).Truncate(time.Microsecond)
		if random.IntN(4) == 0 {
			at = at.Truncate(15 * time.Minute).Add(time.Duration(random.IntN(3)-1) * time.Microsecond)
		}
		row := map[string]any{
			"id": id, "user_id": id, "status": "waiting", "channel": "chat", "queued_at": at, "user_seen_at": at, "created_at": at,
			"total_messages": random.IntN(30), "wrap_up_skipped": random.IntN(5) == 0,
		}
		rows[i] = row
		if random.IntN(20) == 0 {
			row["channel"] = "message"
		}
		if random.IntN(3) > 0 {
			row["predicted_seconds"] = random.IntN(900)
		}
		assigned := at.Add(time.Duration(random.Int64N(int64(10 * time.Minute))))
		if random.IntN(50) == 0 {
			assigned = at.Add(-time.Second) // a clock that was set back
		}
		if random.IntN(30) == 0 {
			row["live_at"] = at.Add(time.Duration(random.IntN(300)) * time.Second)
		}
		isAssigned, isEnded := random.IntN(5) > 0, random.IntN(10) > 0
		if isAssigned {
			row["agent_id"], row["assigned_at"], row["first_assigned_at"] = "agent", assigned, assigned
			if row["status"] = "active"; random.IntN(6) > 0 {
				row["first_response_at"] = assigned.Add(time.Duration(random.Int64N(int64(time.Minute))))
			}
		}
		if isEnded {
			ended := assigned.Add(time.Duration(random.Int64N(int64(20 * time.Minute)))).Add(time.Second)
			row["status"], row["ended_at"], row["ended_type"] = "ended", ended, "manual"
			row["ended_reason"] = []string{"user_ended", "timeout", "service_ended"}[random.IntN(3)]
			if !isAssigned {
				row["ended_reason"] = []string{"abandoned", "cancelled"}[random.IntN(2)]
			}
			if random.IntN(2) == 0 {
				row["outcome"], row["wrapped_up_at"] = fmt.Sprint(
					"Outcome ",
					random.IntN(4),
				), ended.Add(
					time.Duration(random.IntN(90))*time.Second,
				)
			}
			if random.IntN(3) == 0 {
				row["tags"] = []string{fmt.Sprint("tag", random.IntN(3)), fmt.Sprint("Tag", random.IntN(3))}
			}
			if random.IntN(3) == 0 {
				row["rating"], row["rated_at"] = float64(1+random.IntN(5)), ended
				if random.IntN(2) == 0 {
					row["rating_reasons"] = []map[string]any{{"id": 1 + random.IntN(4), "name_en": "x", "name_zh_cn": ""}}
				}
			}
		}
	}
	const columns = `id, user_id, agent_id, status, channel, queued_at, user_seen_at, created_at, live_at, assigned_at, first_assigned_at,
		first_response_at, ended_at, ended_reason, ended_type, outcome, tags, wrapped_up_at, wrap_up_skipped, rating, rated_at, rating_reasons,
		total_messages, predicted_seconds`
	encoded, err := json.Marshal(rows)
	h.must(err)
	h.exec(`INSERT INTO users (id) SELECT id FROM json_populate_recordset(NULL::users, ?)`, string(encoded))
	h.exec(`INSERT INTO chats (`+columns+`) SELECT `+columns+` FROM json_populate_recordset(NULL::chats, ?)`, string(encoded))
}

// TestStatsAreThoseOfEveryChat compares the figures with those that every chat of the period is read for, while chats end, change and begin.
func TestStatsAreThoseOfEveryChat(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO agents (id, email, name, role, password_hash) VALUES ('agent', 'agent@example.com', 'A', 'agent', 'none')`)
	h.exec(
		`INSERT INTO rating_reasons (name_en, position, min_stars, max_stars) SELECT 'reason ' || n, n, 1, 5 FROM generate_series(1, 3) n`,
	)
	random := rand.New(rand.NewPCG(15, 1))
	now := time.Now().UTC().Truncate(time.Microsecond)
	begin := now.Add(-50 * time.Hour)
	h.randomChats(random, "a", 6000, begin, now)
	compare := func(what string, from, to time.Time, share float64) {
		t.Helper()
		got, err := h.Stats(t.Context(), from, to)
		h.must(err)
		for _, line := range differences(got, h.scanned(from, to), share) {
			t.Errorf("%s, from %s to %s: %s", what, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano), line)
		}
	}
	whole := func(what string) { t.Helper(); compare(what, begin, now.Add(time.Minute), 0.02) }
	whole("while nothing is summed up")
	h.counted()
	whole("summed up")
	if due := h.count(`SELECT count(*) FROM report_buckets WHERE kind = 'reason'`); due == 0 {
		t.Error("the reasons are not summed up")
	}
	h.randomChats(random, "b", 300, now.Add(-30*time.Hour), now)
	whole("with chats that are not summed up yet")
	h.exec(`UPDATE chats SET status = 'ended', ended_at = now(), ended_reason = 'timeout', ended_type = 'user_inactive'
		WHERE id IN (SELECT id FROM chats WHERE status = 'active' ORDER BY id LIMIT 100)`)
	h.exec(
		`UPDATE chats SET rating_reasons = '[{"id": 2}]' WHERE id IN (SELECT id FROM chats WHERE rating IS NOT NULL ORDER BY id LIMIT 50)`,
	)
	whole("with chats that have ended or changed since")
	h.counted()
	// Whole days, since the release that made a quarter made its day too.
	const earlier = `starts_at < date_trunc('day', now() - interval '24 hours')`
	h.exec(`UPDATE report_buckets SET estimated = NULL, estimate_error_sum = NULL WHERE ` + earlier)
	h.exec(`DELETE FROM report_buckets WHERE kind = 'reason' AND ` + earlier)
	whole("with quarters that the previous release made")
	h.counted()
	if left := h.count(
		`SELECT count(*) FROM report_buckets WHERE kind = 'all' AND estimated IS NULL AND chats > 0 AND NOT is_kept`,
	); left != 0 {
		t.Errorf("%d quarters of the previous release are left", left)
	}
	quarters := func(at time.Time) time.Time { return at.Truncate(15 * time.Minute) }
	for range 12 {
		from := begin.Add(time.Duration(random.Int64N(int64(2 * time.Hour)))).Truncate(time.Microsecond)
		to := now.Add(-time.Duration(random.Int64N(int64(2 * time.Hour)))).Truncate(time.Microsecond)
		switch random.IntN(3) {
		case 0:
			from, to = quarters(from), quarters(to)
		case 1:
			from, to = quarters(from).Add(time.Microsecond), quarters(to).Add(time.Microsecond)
		}
		compare("of many chats", from, to, 0.02)
	}
	for range 12 { // of few chats the medians are exact
		from := begin.Add(time.Duration(random.Int64N(int64(40 * time.Hour)))).Truncate(time.Microsecond)
		compare("of few chats", from, from.Add(time.Duration(1+random.Int64N(int64(8*time.Hour)))), 1e-9)
	}
}
