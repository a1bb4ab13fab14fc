package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// ReportGroup is what the rows of a report are. The values are stable: addresses and saved reports hold them.
type ReportGroup string

// The groupings.
const (
	ByDay        ReportGroup = "day"
	ByWeek       ReportGroup = "week"
	ByMonth      ReportGroup = "month"
	ByHour       ReportGroup = "hour" // of the day
	ByWeekday    ReportGroup = "weekday"
	ByAgent      ReportGroup = "agent"
	ByDepartment ReportGroup = "department"
	BySite       ReportGroup = "site"
	ByOutcome    ReportGroup = "outcome"
	ByTag        ReportGroup = "tag"
)

// ReportGroups are all groupings, those by time first.
var ReportGroups = []ReportGroup{ByDay, ByWeek, ByMonth, ByHour, ByWeekday, ByAgent, ByDepartment, BySite, ByOutcome, ByTag}

// IsTime reports whether the rows are parts of the period.
func (g ReportGroup) IsTime() bool { return slices.Index(ReportGroups, g) < 5 }

// MaxReport is the longest period of a report, a leap year with the hour that a time zone may add.
const MaxReport = 366*24*time.Hour + time.Hour

// ReportQuery is what a report is about: the ended chats that began in a period, from inclusive, to exclusive.
type ReportQuery struct {
	From, To time.Time
	Zone     *time.Location // of the days and hours of rows
	By       ReportGroup
	// With selects the chats with one agent, department, site, outcome or tag, named Name; "" selects all. Rows are then
	// parts of the period.
	With ReportGroup
	Name string
}

// Report is the answer to a query. Before has the figures of the period before.
type Report struct {
	Query         ReportQuery
	BeforeFrom    time.Time
	BeforeTo      time.Time
	Total, Before Figures
	Rows          []ReportRow
	Due           int // quarters of an hour that are still to be made or made again
}

// ReportRow is one row of a report: a part of the period, or the chats with one name.
type ReportRow struct {
	Figures

	Key      int       // of a part of the period: its number, the hour, or the day of the week from Monday
	From, To time.Time // of a day, week or month
	Name     string    // otherwise; of an agent it is the id
	Label    string    // the name of the agent or department now
}

// Figures are the figures of some chats, times in seconds. A nil figure has no chats to be computed from, or does not exist for the row.
type Figures struct {
	Chats, Answered, Abandoned, Cancelled, Timeouts, Transfers, Messages, Ratings int64

	MessagesLeft, MessagesAnswered int64    // which users left
	BotOnly                        int64    // chats that no person had, which are in no other figure
	MessageAnswerMedian            *float64 // of the opening hours until the first answer

	AbandonedShare, OneTouchShare             *float64
	WaitMean, WaitMedian, WaitP90             *float64
	ResponseMean, ResponseMedian, ResponseP90 *float64
	HandleMean, HandleMedian, HandleP90       *float64
	WrapUpMean, WrapUpMedian, WrapUpP90       *float64
	RatingMean, CSAT                          *float64
	OnlineSeconds, AwaySeconds, BreakSeconds  *int64
	Load, Occupancy                           *float64
}

// Check refuses a query that has no report with validation_failed: an empty period, one longer than [MaxReport], one that
// does not begin and end at a quarter of an hour, an unknown grouping or selection, and a selection with rows by name.
func (q *ReportQuery) Check() error {
	switch {
	case !q.To.After(q.From):
		return invalid("from", fieldOutOfBounds, "The period must start before it ends.")
	case q.To.Sub(q.From) > MaxReport:
		return invalid("from", fieldOutOfBounds, "The period must be at most 366 days.")
	case !q.From.Equal(q.From.Truncate(quarter)) || !q.To.Equal(q.To.Truncate(quarter)):
		return invalid("from", fieldInvalid, "The period must start and end at a quarter of an hour, such as 10:15.")
	case q.From.Year() < 2000 || q.To.Year() > 2200:
		return invalid("from", fieldOutOfBounds, "The period must be between the years 2000 and 2200.")
	case !slices.Contains(ReportGroups, q.By):
		return invalid("by", fieldUnknown, "by must be day, week, month, hour, weekday, agent, department, site, outcome or tag.")
	case q.With != "" && (!slices.Contains(ReportGroups, q.With) || q.With.IsTime()):
		return invalid("only", fieldUnknown, "only must begin with agent:, department:, site:, outcome: or tag:.")
	case q.With != "" && !q.By.IsTime():
		return invalid("by", fieldInvalid, "With a selection, by must be day, week, month, hour or weekday.")
	}
	_, err := validateText("name", q.Name, 0, 300)
	return err
}

// Report returns the report for a query. Supervisors only, to others it is role_required; for refused queries see
// [ReportQuery.Check].
func (d *Desk) Report(ctx context.Context, actor Actor, q ReportQuery) (*Report, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	var r *Report
	err := d.fromReplica(ctx, func(ctx context.Context) (err error) { r, err = d.readReport(ctx, q); return err })
	return r, err
}

func (d *Desk) readReport(ctx context.Context, q ReportQuery) (*Report, error) {
	k, err := newSketcher()
	if err != nil {
		return nil, err
	}
	r := &Report{Query: q}
	r.BeforeFrom, r.BeforeTo = q.before()
	kind, name := reportAll, ""
	if q.With != "" {
		kind, name = string(q.With), q.Name
	}
	whole := []span{{0, r.BeforeFrom, r.BeforeTo}, {1, q.From, q.To}}
	totals, err := d.sumByTime(ctx, k, kind, name, whole)
	if err != nil {
		return nil, translate(err)
	}
	r.Before, r.Total = totals[0], totals[1]
	if q.By.IsTime() {
		err = d.rowsByTime(ctx, k, kind, name, r)
	} else {
		err = d.rowsByName(ctx, k, r)
	}
	if err != nil {
		return nil, translate(err)
	}
	return r, translate(d.reader(ctx).NewRaw(`SELECT count(DISTINCT starts_at) FROM report_due`).Scan(ctx, &r.Due))
}

// before returns the period before. For days of the time zone it is as many days earlier by the clock there, for a month
// or the beginning of one the month before, else as long a time. A period that ends within a day or a month is compared
// with the same part.
func (q *ReportQuery) before() (from, to time.Time) {
	first, last := q.From.In(q.Zone), q.To.In(q.Zone)
	if !first.Equal(dayStart(first)) {
		return q.From.Add(-q.To.Sub(q.From)), q.From
	}
	if first.Day() == 1 && addDate(first, 0, 7).Before(last) && !last.After(addDate(first, 1, 0)) {
		from, to = addDate(first, -1, 0), addDate(last, -1, 0)
		if last.Equal(addDate(first, 1, 0)) || to.After(first) { // a whole month, or a day that the month before lacks
			to = first
		}
		return from.UTC(), to.UTC()
	}
	days := 0
	for at := first; at.Before(last); at = addDate(at, 0, 1) {
		days++
	}
	return addDate(first, 0, -days).UTC(), addDate(last, 0, -days).UTC()
}

func (d *Desk) rowsByTime(ctx context.Context, k *sketcher, kind, name string, r *Report) error {
	spans := spansOf(r.Query.By, r.Query.From, r.Query.To, r.Query.Zone)
	figures, err := d.sumByTime(ctx, k, kind, name, spans)
	if err != nil {
		return err
	}
	switch r.Query.By {
	case ByHour, ByWeekday:
		for key := range map[ReportGroup]int{ByHour: 24, ByWeekday: 7}[r.Query.By] {
			r.Rows = append(r.Rows, ReportRow{Figures: figures[key], Key: key})
		}
	default:
		for _, s := range spans {
			r.Rows = append(r.Rows, ReportRow{Figures: figures[s.key], Key: s.key, From: s.from, To: s.to})
		}
	}
	return nil
}

// grainsOf returns the grains of a kind of buckets, the longest first.
func grainsOf(kind string) []int {
	if kind == reportAll {
		return []int{grainDay, grainHour, grainQ}
	}
	return []int{grainDay, grainQ}
}

// segmentArgs returns a list of segments as arrays for SQL.
func segmentArgs(list []segment) []any {
	keys, lengths := make([]int, len(list)), make([]int, len(list))
	from, to := make([]time.Time, len(list)), make([]time.Time, len(list))
	for i, s := range list {
		keys[i], lengths[i], from[i], to[i] = s.key, s.grain, s.from, s.to
	}
	return []any{keys, lengths, from, to}
}

// The segments in a statement, whose arguments begin with those of segmentArgs.
const segmentList = ` unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[]) s (key, grain, from_at, to_at) `

// sumByTime returns the figures of buckets with one name, by the keys of spans.
func (d *Desk) sumByTime(ctx context.Context, k *sketcher, kind, name string, spans []span) (map[int]Figures, error) {
	sums := map[int]*reportTally{}
	err := d.queryPreparedRows(
		ctx,
		`SELECT key, `+summedColumns+` FROM `+keyedBuckets("report_buckets", `b.kind = $9 AND b.name = $10`)+` GROUP BY key`,
		append(keyedBy(spans, grainsOf(kind)).args(), kind, name),
		func(rows pgx.Rows) error {
			var key int
			sum := new(reportTally)
			err := rows.Scan(append([]any{&key}, sum.targets()...)...)
			sums[key] = sum
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	times := map[int]*agentSeconds{}
	if kind == reportAll || kind == string(ByAgent) {
		err = d.queryPreparedRows(
			ctx,
			`SELECT key, `+summedSeconds+` FROM `+keyedBuckets("report_agent_time", `b.agent_id = $9`)+` GROUP BY key`,
			append(keyedBy(spans, grainsOf(string(ByAgent))).args(), name),
			func(rows pgx.Rows) error {
				var key int
				v := new(agentSeconds)
				err := rows.Scan(&key, &v.online, &v.away, &v.onBreak, &v.slots)
				times[key] = v
				return err
			},
		)
		if err != nil {
			return nil, err
		}
	}
	figures := map[int]Figures{}
	for _, s := range spans {
		if _, done := figures[s.key]; done {
			continue
		}
		sum := sums[s.key]
		if sum == nil {
			sum = new(reportTally)
		}
		f, err := sum.figures(k, times[s.key])
		if err != nil {
			return nil, err
		}
		figures[s.key] = f
	}
	return figures, nil
}

// maxReportNames is how many rows a report by name has at most: those with the most chats.
const maxReportNames = 500

func (d *Desk) rowsByName(ctx context.Context, k *sketcher, r *Report) error {
	kind := string(r.Query.By)
	whole := coverPeriod(nil, 0, r.Query.From, r.Query.To, grainsOf(kind))
	times := map[string]*agentSeconds{}
	if r.Query.By == ByAgent {
		err := d.queryPreparedRows(ctx, `SELECT b.agent_id, `+summedSeconds+` FROM `+segmentList+`
			CROSS JOIN LATERAL (SELECT * FROM report_agent_time b WHERE b.grain = s.grain AND b.starts_at >= s.from_at AND b.starts_at < s.to_at
				AND b.agent_id <> '' OFFSET 0) b GROUP BY b.agent_id`,
			segmentArgs(whole), func(rows pgx.Rows) error {
				var id string
				v := new(agentSeconds)
				err := rows.Scan(&id, &v.online, &v.away, &v.onBreak, &v.slots)
				times[id] = v
				return err
			})
		if err != nil {
			return err
		}
	}
	err := d.queryPreparedRows(ctx, `SELECT b.name, `+summedColumns+` FROM `+segmentList+`
		CROSS JOIN LATERAL (SELECT * FROM report_buckets b WHERE b.kind = $5 AND b.grain = s.grain AND b.starts_at >= s.from_at
			AND b.starts_at < s.to_at OFFSET 0) b GROUP BY b.name ORDER BY sum(b.chats) DESC, b.name LIMIT $6`,
		append(segmentArgs(whole), kind, maxReportNames), func(rows pgx.Rows) error {
			var row ReportRow
			sum := new(reportTally)
			err := rows.Scan(append([]any{&row.Name}, sum.targets()...)...)
			if err == nil {
				row.Figures, err = sum.figures(k, times[row.Name])
			}
			delete(times, row.Name)
			r.Rows = append(r.Rows, row)
			return err
		})
	if err != nil {
		return err
	}
	for id, v := range times { // present, without a chat
		f, err := new(reportTally).figures(k, v)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, ReportRow{Figures: f, Name: id})
	}
	return d.labelRows(ctx, r)
}

// labelRows gives rows of agents and departments the names that these have now.
func (d *Desk) labelRows(ctx context.Context, r *Report) error {
	query := map[ReportGroup]string{ByAgent: `SELECT id, name FROM agents`, ByDepartment: `SELECT slug, name FROM departments`}[r.Query.By]
	names := map[string]string{}
	if query != "" {
		err := d.queryPreparedRows(ctx, query, nil, func(rows pgx.Rows) error {
			var id, name string
			err := rows.Scan(&id, &name)
			names[id] = name
			return err
		})
		if err != nil {
			return err
		}
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Label = names[row.Name]; row.Label == "" {
			row.Label = row.Name
		}
	}
	slices.SortStableFunc(r.Rows, func(a, b ReportRow) int { return int(b.Chats - a.Chats) })
	return nil
}

// agentSeconds are summed times of report_agent_time.
type agentSeconds struct{ online, away, onBreak, slots int64 }

const summedSeconds = `sum(online_seconds)::bigint, sum(away_seconds)::bigint, sum(break_seconds)::bigint, sum(slot_seconds)::bigint`

// figures computes what is shown. times is nil where it does not exist.
func (t *reportTally) figures(k *sketcher, times *agentSeconds) (f Figures, err error) {
	f = Figures{
		Chats:     t.Chats,
		Answered:  t.Answered,
		Abandoned: t.Abandoned,
		Cancelled: t.Cancelled,
		Timeouts:  t.Timeouts,
		Transfers: t.Transfers,
		Messages:  t.Messages,
		Ratings:   t.Ratings,

		MessagesLeft: t.MessagesLeft, MessagesAnswered: t.MessagesAnswered, BotOnly: t.BotOnly,

		AbandonedShare: quotient(
			float64(t.Abandoned+t.Cancelled),
			float64(t.Chats),
		),
		OneTouchShare: quotient(float64(t.OneTouch), float64(t.Answered)),
		WaitMean:      quotient(t.WaitSum, float64(t.Answered)),
		ResponseMean:  quotient(t.ResponseSum, float64(t.Responses)),
		HandleMean:    quotient(t.HandleSum, float64(t.Answered)),
		WrapUpMean:    quotient(t.WrapUpSum, float64(t.WrapUps)),
		RatingMean:    quotient(t.RatingSum, float64(t.Ratings)),
		CSAT:          quotient(float64(t.Satisfied), float64(t.Ratings)),
	}
	for i, to := range [][2]**float64{
		{&f.WaitMedian, &f.WaitP90}, {&f.ResponseMedian, &f.ResponseP90}, {&f.HandleMedian, &f.HandleP90}, {&f.WrapUpMedian, &f.WrapUpP90},
	} {
		if *to[0], *to[1], err = k.quantiles(t.sketches[i]); err != nil {
			return f, fmt.Errorf("a sketch cannot be read: %w", err)
		}
	}
	if f.MessageAnswerMedian, _, err = k.quantiles(t.sketches[messageAnswers]); err != nil {
		return f, fmt.Errorf("a sketch cannot be read: %w", err)
	}
	if times != nil {
		f.OnlineSeconds, f.AwaySeconds, f.BreakSeconds = &times.online, &times.away, &times.onBreak
		f.Load, f.Occupancy = quotient(t.HandleSum, float64(times.online)), quotient(t.HandleSum, float64(times.slots))
	}
	return f, nil
}

// quotient returns nil for a division by 0.
func quotient(n, by float64) *float64 {
	if by == 0 {
		return nil
	}
	return ptr(n / by)
}

// WeekdayKey names the day of the week of a row, 1 for Monday to 7.
func (r *ReportRow) WeekdayKey() string { return strconv.Itoa(r.Key + 1) }
