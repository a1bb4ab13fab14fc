package models

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Stats are the figures of a period, times in seconds. Waits run from queued to first assigned, first responses from
// assigned to the agent's first message, handle times from assigned to ended. CSAT is the share of ratings that are 4 or
// 5. A nil figure has no chats to be computed from.
type Stats struct {
	From, To                               time.Time
	Started, Assigned, Ended               int
	Abandoned, Cancelled, Timeouts         int
	WaitMean, WaitP50, WaitP90             *float64
	ResponseMean, ResponseP50, ResponseP90 *float64
	HandleMean                             *float64
	WrapUpMean                             *float64 // from the end to the wrap-up, of the chats in which it was not skipped
	Messages, Ratings                      int
	BotOnly                                int // chats that only a bot had: they have ended, and are in no other figure
	RatingMean, CSAT                       *float64
	PredictedError                         *float64 // mean of |estimated − actual| wait

	RatingReasons  []RatingReasonCount
	Outcomes, Tags []NameCount
}

const (
	// maxReadChats is up to how many ended chats of a period are read one by one. Their medians and 90th percentiles are then exact; of
	// more chats they differ from the exact ones by [sketchAccuracy] at most.
	maxReadChats = 3000
	// maxReadSpans is how many quarters that are not summed up yet are read apart. With more of them every chat of the period is read.
	maxReadSpans = 500
)

// statsPlan is what the statistics of a period are read from: sums of ended chats, and ended chats themselves in the rest of the
// period, at its edges and in quarters that are to be summed up.
type statsPlan struct {
	from, to time.Time
	summed   []span // of whole quarters
	read     []span
}

// Stats returns the figures of the live chats that began in a period, from inclusive, to exclusive, also of those that have been deleted
// since if many chats began in it. An empty period and one longer than 366 days are validation_failed.
//
// They are read from the sums of [Desk.CountReports] and, in the same snapshot, from the chats that these do not count: those that are
// open or have ended lately, and those of the first and last quarter of an hour.
func (d *Desk) Stats(ctx context.Context, from, to time.Time) (*Stats, error) {
	if err := checkPeriod(from, to, 366*24*time.Hour); err != nil {
		return nil, err
	}
	k, err := newSketcher()
	if err != nil {
		return nil, err
	}
	var s *Stats
	err = d.fromReplica(ctx, func(ctx context.Context) (err error) { s, err = d.readStats(ctx, from, to, k); return err })
	return s, err
}

func (d *Desk) readStats(ctx context.Context, from, to time.Time, k *sketcher) (s *Stats, err error) {
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		s = &Stats{From: from, To: to, RatingReasons: []RatingReasonCount{}, Outcomes: []NameCount{}, Tags: []NameCount{}}
		if _, err := t.NewRaw(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`).Exec(ctx); err != nil {
			return err
		}
		plan, err := t.planStats(ctx, from, to)
		if err != nil {
			return err
		}
		sum, err := t.sumOf(ctx, plan.summed)
		if err != nil {
			return err
		}
		if sum.Chats <= maxReadChats {
			plan.summed, plan.read, sum = nil, []span{{0, from, to}}, new(reportTally)
		}
		if err := t.readStats(ctx, s, plan, k, sum); err != nil {
			return err
		}
		return t.countChoices(ctx, s, plan)
	})
	return s, err
}

// planStats divides a period.
func (t *tx) planStats(ctx context.Context, from, to time.Time) (p statsPlan, err error) {
	p = statsPlan{from: from, to: to}
	first, last := from.Add(quarter-1).Truncate(quarter), to.Truncate(quarter)
	if !first.Before(last) {
		p.read = []span{{0, from, to}}
		return p, nil
	}
	if from.Before(first) {
		p.read = append(p.read, span{0, from, first})
	}
	begin, tooMany := first, 0
	err = t.queryPreparedRows(ctx, `SELECT starts_at FROM report_due WHERE starts_at >= $1 AND starts_at < $2
		UNION SELECT starts_at FROM report_buckets WHERE `+isWithoutEstimates+` AND starts_at >= $1 AND starts_at < $2 ORDER BY 1`,
		[]any{first, last}, func(rows pgx.Rows) error {
			var at time.Time
			if err := rows.Scan(&at); err != nil {
				return err
			}
			at = at.UTC()
			if begin.Before(at) {
				p.summed = append(p.summed, span{0, begin.UTC(), at})
			}
			begin = at.Add(quarter)
			p.read = append(p.read, span{0, at, begin})
			tooMany++
			return nil
		})
	if err != nil {
		return p, err
	}
	if tooMany > maxReadSpans {
		p.summed, p.read = nil, []span{{0, from, to}}
		return p, nil
	}
	if begin.Before(last) {
		p.summed = append(p.summed, span{0, begin.UTC(), last.UTC()})
	}
	if last.Before(to) {
		p.read = append(p.read, span{0, last, to})
	}
	return p, nil
}

// segmentsOf covers spans with buckets of a kind.
func segmentsOf(spans []span, kind string) (segments []segment) {
	for _, s := range spans {
		segments = coverPeriod(segments, 0, s.from, s.to, grainsOf(kind))
	}
	return segments
}

// sumOf returns the sums of the ended chats of spans.
func (t *tx) sumOf(ctx context.Context, spans []span) (*reportTally, error) {
	sum := new(reportTally)
	err := t.queryPreparedRows(ctx, `SELECT `+summedColumns+` FROM `+segmentList+`
		CROSS JOIN LATERAL (SELECT * FROM report_buckets b WHERE b.kind = 'all' AND b.name = '' AND b.grain = s.grain
			AND b.starts_at >= s.from_at AND b.starts_at < s.to_at OFFSET 0) b`,
		segmentArgs(segmentsOf(spans, reportAll)), func(rows pgx.Rows) error { return rows.Scan(sum.targets()...) })
	return sum, err
}

// readEndedChats selects columns of the ended chats that are read one by one: those that began in the spans from $1 to $2.
func readEndedChats(columns string) string {
	return `SELECT c.* FROM unnest($1::timestamptz[], $2::timestamptz[]) r (from_at, to_at) CROSS JOIN LATERAL (
			SELECT ` + columns + ` FROM chats WHERE status = 'ended' AND channel = 'chat'
				AND created_at >= r.from_at AND created_at < r.to_at OFFSET 0) c`
}

// args returns the arguments of readEndedChats, and the beginning and the end of the period.
func (p *statsPlan) args() []any {
	from, to := make([]time.Time, len(p.read)), make([]time.Time, len(p.read))
	for i, s := range p.read {
		from[i], to[i] = s.from, s.to
	}
	return []any{from, to, p.from, p.to}
}

// waitAndResponse are the seconds that the user waited and those from then to the agent's first message. Each is NULL until it is known.
const waitAndResponse = `CASE WHEN first_assigned_at IS NOT NULL THEN greatest(0, date_part('epoch', first_assigned_at - greatest(queued_at, live_at))) END AS wait,
	date_part('epoch', first_response_at - first_assigned_at) AS response`

// figuresOfAny are the figures that open and ended chats have. The subquery that they are computed from must end with OFFSET 0, or
// PostgreSQL computes a wait again wherever its name stands.
const figuresOfAny = `count(*), count(first_assigned_at), coalesce(array_agg(wait) FILTER (WHERE wait IS NOT NULL), '{}'),
	coalesce(array_agg(response) FILTER (WHERE response IS NOT NULL), '{}'), coalesce(sum(total_messages), 0),
	count(predicted_seconds - wait), coalesce(sum(abs(predicted_seconds - wait)), 0)`

// targetsOfAny returns where figuresOfAny are scanned to, followed by the targets of further columns.
func (t *reportTally) targetsOfAny(more ...any) []any {
	return append(
		[]any{&t.Chats, &t.Answered, &t.values[waitTimes], &t.values[responseTimes], &t.Messages, &t.Estimated, &t.EstimateErrorSum},
		more...)
}

// tallyEnded returns the figures of the ended chats that are read one by one.
func (t *tx) tallyEnded(ctx context.Context, plan statsPlan) (*reportTally, error) {
	ended := new(reportTally)
	err := t.queryPrepared(ctx, `SELECT `+figuresOfAny+`, count(*) FILTER (WHERE ended_reason = 'abandoned'),
			count(*) FILTER (WHERE ended_reason = 'cancelled'), count(*) FILTER (WHERE ended_reason = 'timeout'),
			coalesce(sum(handle), 0), count(wrap_up), coalesce(sum(wrap_up), 0),
			count(rating), coalesce(sum(rating), 0)::float8, count(*) FILTER (WHERE rating >= 4)
		FROM (SELECT *, `+waitAndResponse+`, date_part('epoch', ended_at - first_assigned_at) AS handle,
				CASE WHEN NOT wrap_up_skipped THEN date_part('epoch', wrapped_up_at - ended_at) END AS wrap_up
			FROM (`+readEndedChats(`bot_id, agent_id, queued_at, live_at, first_assigned_at, first_response_at, ended_at, ended_reason,
				wrapped_up_at, wrap_up_skipped, total_messages, rating, predicted_seconds`)+`) ended WHERE `+notWithBot+` OFFSET 0) period`,
		plan.args()[:2], ended.targetsOfAny(&ended.Abandoned, &ended.Cancelled, &ended.Timeouts, &ended.HandleSum, &ended.WrapUps,
			&ended.WrapUpSum, &ended.Ratings, &ended.RatingSum, &ended.Satisfied)...)
	if err != nil {
		return nil, err
	}
	err = t.queryPrepared(ctx, `SELECT count(*) FROM (`+readEndedChats(`bot_id, agent_id`)+`) ended WHERE NOT `+notWithBot,
		plan.args()[:2], &ended.BotOnly)
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// tallyOpen returns the figures of the open chats of the period.
func (t *tx) tallyOpen(ctx context.Context, plan statsPlan) (*reportTally, error) {
	open := new(reportTally)
	err := t.queryPrepared(ctx, `SELECT `+figuresOfAny+` FROM (
			SELECT first_assigned_at, total_messages, predicted_seconds, `+waitAndResponse+` FROM chats
			WHERE status <> 'ended' AND channel = 'chat' AND created_at >= $1 AND created_at < $2 AND `+notWithBot+` OFFSET 0) open`,
		[]any{plan.from, plan.to}, open.targetsOfAny()...)
	if err != nil {
		return nil, err
	}
	return open, nil
}

// readStats computes the figures from the sums, to which it adds those of the chats that are read.
func (t *tx) readStats(ctx context.Context, s *Stats, plan statsPlan, k *sketcher, sum *reportTally) error {
	ended, err := t.tallyEnded(ctx, plan)
	if err != nil {
		return err
	}
	open, err := t.tallyOpen(ctx, plan)
	if err != nil {
		return err
	}
	for _, read := range []*reportTally{ended, open} {
		responses := read.values[responseTimes]
		read.WaitSum, read.ResponseSum, read.Responses = sumFloats(read.values[waitTimes]), sumFloats(responses), int64(len(responses))
	}
	sum = sum.plus(ended)
	s.Ended, s.HandleMean = int(sum.Chats), quotient(sum.HandleSum, float64(sum.Answered))
	sum = sum.plus(open)
	s.Started, s.Assigned = int(sum.Chats), int(sum.Answered)
	s.Abandoned, s.Cancelled, s.Timeouts = int(sum.Abandoned), int(sum.Cancelled), int(sum.Timeouts)
	s.Messages, s.Ratings, s.BotOnly = int(sum.Messages), int(sum.Ratings), int(sum.BotOnly)
	s.WaitMean = quotient(sum.WaitSum, float64(sum.Answered))
	s.ResponseMean = quotient(sum.ResponseSum, float64(sum.Responses))
	s.WrapUpMean = quotient(sum.WrapUpSum, float64(sum.WrapUps))
	s.RatingMean = quotient(sum.RatingSum, float64(sum.Ratings))
	s.CSAT = quotient(float64(sum.Satisfied), float64(sum.Ratings))
	s.PredictedError = quotient(sum.EstimateErrorSum, float64(sum.Estimated))
	if s.WaitP50, s.WaitP90, err = k.quantilesWith(sum.sketches[waitTimes], sum.values[waitTimes]); err != nil {
		return err
	}
	s.ResponseP50, s.ResponseP90, err = k.quantilesWith(sum.sketches[responseTimes], sum.values[responseTimes])
	return err
}

func sumFloats(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// quantilesWith returns the median and the 90th percentile of sketches that are written one after the other and of further values; nil
// for none. Without sketches they are exact, between two values as percentile_cont is.
func (k *sketcher) quantilesWith(sketches []byte, values []float64) (median, p90 *float64, err error) {
	if len(sketches) > 0 {
		fresh, err := k.of(values)
		if err != nil {
			return nil, nil, err
		}
		return k.quantiles(append(fresh, sketches...))
	}
	if len(values) == 0 {
		return nil, nil, nil
	}
	slices.Sort(values)
	at := func(share float64) *float64 {
		rank := share * float64(len(values)-1)
		low := math.Floor(rank)
		v := values[int(low)]
		return ptr(v + (rank-low)*(values[int(math.Ceil(rank))]-v))
	}
	return at(0.5), at(0.9), nil
}

// countChoices adds what was chosen in the chats of the period, the most frequent first: reasons of ratings, outcomes and
// tags, also those of messages that users left. Nothing is chosen before the end.
func (t *tx) countChoices(ctx context.Context, s *Stats, plan statsPlan) error {
	const columns = `outcome, tags, rating_reasons`
	return t.queryPreparedRows(
		ctx,
		`SELECT chosen.kind, chosen.name, chosen.n, coalesce(r.id, 0), coalesce(r.name_en, ''), coalesce(r.name_zh_cn, '')
		FROM (SELECT kind, name, sum(n)::int AS n FROM (
				SELECT k.kind, k.name, count(*) AS n FROM (`+readEndedChats(columns)+`
						UNION ALL SELECT `+columns+` FROM chats WHERE channel = 'message' AND created_at >= $3 AND created_at < $4) c
					CROSS JOIN LATERAL (SELECT 'outcome' AS kind, c.outcome AS name UNION ALL SELECT 'tag', unnest(c.tags)
						UNION ALL SELECT 'reason', chosen ->> 'id' FROM jsonb_array_elements(c.rating_reasons) chosen) k
					WHERE k.name IS NOT NULL AND (c.outcome IS NOT NULL OR c.tags IS NOT NULL OR c.rating_reasons IS NOT NULL) GROUP BY 1, 2
				UNION ALL SELECT b.kind, b.name, sum(b.chats) FROM unnest($5::int[], $6::int[], $7::timestamptz[], $8::timestamptz[]) s (key, grain, from_at, to_at)
					CROSS JOIN LATERAL (SELECT kind, name, chats FROM report_buckets WHERE kind IN ('outcome', 'tag', 'reason') AND grain = s.grain
						AND starts_at >= s.from_at AND starts_at < s.to_at OFFSET 0) b GROUP BY 1, 2) parts
			WHERE n > 0 GROUP BY 1, 2) chosen
		LEFT JOIN rating_reasons r ON chosen.kind = 'reason' AND r.id::text = chosen.name
		WHERE chosen.n > 0 AND (chosen.kind <> 'reason' OR r.id IS NOT NULL)
		ORDER BY chosen.n DESC, r.position, r.id, lower(chosen.name), chosen.name`,
		append(plan.args(), segmentArgs(segmentsOf(plan.summed, reportTag))...),
		func(rows pgx.Rows) error {
			var kind, name string
			var n int
			var reason ReasonName
			if err := rows.Scan(&kind, &name, &n, &reason.ID, &reason.NameEn, &reason.NameZhCN); err != nil {
				return err
			}
			switch kind {
			case string(ByOutcome):
				s.Outcomes = append(s.Outcomes, NameCount{name, n})
			case reportTag:
				s.Tags = append(s.Tags, NameCount{name, n})
			default:
				s.RatingReasons = append(s.RatingReasons, RatingReasonCount{reason, n})
			}
			return nil
		},
	)
}
