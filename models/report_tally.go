package models

import (
	"slices"
	"strings"
	"time"
)

// The kinds of report buckets: of all chats, or of those with one agent, department, site, outcome or tag.
const (
	reportAll = "all"
	reportTag = "tag"
	// reportReason are the reasons of ratings, by their ids; statistics read it, reports do not.
	reportReason = "reason"

	quarter    = 15 * time.Minute
	grainQ     = 900
	grainHour  = 3600
	grainDay   = 86400
	maxQuarter = 96 // quarters that one transaction sums up
)

var reportKinds = []string{reportAll, string(ByAgent), string(ByDepartment), string(BySite), string(ByOutcome), reportTag, reportReason}

// reportTally is what a bucket holds of its chats.
type reportTally struct {
	Chats, Answered, Abandoned, Cancelled, Timeouts, Transfers, OneTouch, Responses, WrapUps, Messages, Ratings, Satisfied int64

	RatingSum, WaitSum, ResponseSum, HandleSum, WrapUpSum float64

	MessagesLeft, MessagesAnswered int64 // which users left; all others are of live chats

	Estimated        int64 // chats whose wait was estimated
	EstimateErrorSum float64

	BotOnly int64 // chats that no person had, which are in no other number

	// Sketches of waits, first responses, handling and wrap-up times, and times until messages were answered; of several buckets one
	// after the other.
	sketches [5][]byte
	values   [5][]float64 // of facts, until encode makes sketches of them
}

// The indexes of sketches and values, in the order of sketchColumns.
const (
	waitTimes = iota
	responseTimes
	handleTimes
	wrapUpTimes
	messageAnswers // times until messages were answered
)

// tallyColumns are the columns of the numbers and sketchColumns those of the sketches, in the order of numbers and
// sketches of a tally.
var (
	tallyColumns = []string{
		"chats", "answered", "abandoned", "cancelled", "timeouts", "transfers", "one_touch", "responses", "wrap_ups", "messages", "ratings",
		"satisfied", "rating_sum", "wait_sum", "response_sum", "handle_sum", "wrap_up_sum", "messages_left", "messages_answered",
		"estimated", "estimate_error_sum", "bot_only",
	}
	sketchColumns = []string{"wait_sketch", "response_sketch", "handle_sketch", "wrap_up_sketch", "message_answer_sketch"}
)

// summedColumns is the list of columns for a SELECT that sums up buckets, for scanning into targets.
var summedColumns = func() string {
	var list []string
	for _, c := range tallyColumns {
		kind := "::bigint"
		if strings.HasSuffix(c, "_sum") {
			kind = "::float8"
		}
		list = append(list, "coalesce(sum("+c+"), 0)"+kind+" AS "+c)
	}
	for _, c := range sketchColumns {
		list = append(list, "coalesce(string_agg("+c+", ''), '') AS "+c)
	}
	return strings.Join(list, ", ")
}()

// storedColumns are those of one bucket, for scanning into targets. The previous release stores no estimates, and the one before bots no
// chats of theirs.
var storedColumns = strings.NewReplacer(
	"estimated,",
	"coalesce(estimated, 0),",
	"estimate_error_sum,",
	"coalesce(estimate_error_sum, 0),",
	"bot_only,",
	"coalesce(bot_only, 0),",
).Replace(strings.Join(append(slices.Clone(tallyColumns), sketchColumns...), ", "))

// plus returns the tally with another one added, which may be nil.
func (t *reportTally) plus(other *reportTally) *reportTally {
	if other == nil {
		return t
	}
	sum, more := t.targets(), other.targets()
	for i := range sum {
		switch v := sum[i].(type) {
		case *int64:
			*v += *more[i].(*int64)
		case *float64:
			*v += *more[i].(*float64)
		case *[]byte:
			*v = append(*v, *more[i].(*[]byte)...)
		}
	}
	for i := range t.values {
		t.values[i] = append(t.values[i], other.values[i]...)
	}
	return t
}

// targets returns where the columns of summedColumns are scanned to.
func (t *reportTally) targets() []any {
	list := []any{
		&t.Chats, &t.Answered, &t.Abandoned, &t.Cancelled, &t.Timeouts, &t.Transfers, &t.OneTouch, &t.Responses, &t.WrapUps, &t.Messages,
		&t.Ratings, &t.Satisfied, &t.RatingSum, &t.WaitSum, &t.ResponseSum, &t.HandleSum, &t.WrapUpSum,
		&t.MessagesLeft, &t.MessagesAnswered, &t.Estimated, &t.EstimateErrorSum, &t.BotOnly,
	}
	for i := range t.sketches {
		list = append(list, &t.sketches[i])
	}
	return list
}

// numbers returns the values of tallyColumns.
func (t *reportTally) numbers() []any {
	return []any{
		t.Chats, t.Answered, t.Abandoned, t.Cancelled, t.Timeouts, t.Transfers, t.OneTouch, t.Responses, t.WrapUps, t.Messages,
		t.Ratings, t.Satisfied, t.RatingSum, t.WaitSum, t.ResponseSum, t.HandleSum, t.WrapUpSum, t.MessagesLeft, t.MessagesAnswered,
		t.Estimated, t.EstimateErrorSum, t.BotOnly,
	}
}

// encode adds the values to the sketches, and leaves one sketch of each kind.
func (t *reportTally) encode(k *sketcher) error {
	for i := range t.sketches {
		fresh, err := k.of(t.values[i])
		if err == nil && len(t.sketches[i]) > 0 {
			fresh, err = k.merged(append(fresh, t.sketches[i]...))
		}
		if err != nil {
			return err
		}
		t.sketches[i], t.values[i] = fresh, nil
	}
	return nil
}

// reportFact is what a report needs of one ended chat: a row of report_facts.
type reportFact struct {
	isKept                           bool // the chat is deleted
	startsAt                         time.Time
	agent, department, site, outcome *string
	tags                             []string
	reason                           string
	isAnswered                       bool
	assignments, messages            int
	wait, response, handle, wrapUp   *float64
	rating, estimateError            *float64
	reasons                          []string // of the rating, their ids
	isBotOnly                        bool
}

const factColumns = `starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, messages,
	wait, response, handle, wrap_up, rating, estimate_error, reasons, is_bot_only`

func (f *reportFact) targets() []any {
	return []any{
		&f.isKept,
		&f.startsAt,
		&f.agent,
		&f.department,
		&f.site,
		&f.outcome,
		&f.tags,
		&f.reason,
		&f.isAnswered,
		&f.assignments,
		&f.messages,
		&f.wait,
		&f.response,
		&f.handle,
		&f.wrapUp,
		&f.rating,
		&f.estimateError,
		&f.reasons,
		&f.isBotOnly,
	}
}

// add adds one chat.
func (t *reportTally) add(f *reportFact) {
	if f.isBotOnly {
		t.BotOnly++
		return
	}
	t.Chats++
	t.Messages += int64(f.messages)
	switch f.reason {
	case ReasonAbandoned:
		t.Abandoned++
	case ReasonCancelled:
		t.Cancelled++
	case ReasonTimeout:
		t.Timeouts++
	}
	if f.isAnswered {
		t.Answered++
		t.Transfers += int64(max(0, f.assignments-1))
		if f.assignments <= 1 {
			t.OneTouch++
		}
	}
	sample := func(i int, v *float64, sum *float64, count *int64) {
		if v == nil {
			return
		}
		t.values[i] = append(t.values[i], *v)
		if *sum += max(0, *v); count != nil {
			*count++
		}
	}
	sample(waitTimes, f.wait, &t.WaitSum, nil)
	sample(responseTimes, f.response, &t.ResponseSum, &t.Responses)
	sample(handleTimes, f.handle, &t.HandleSum, nil)
	sample(wrapUpTimes, f.wrapUp, &t.WrapUpSum, &t.WrapUps)
	if f.estimateError != nil {
		t.Estimated++
		t.EstimateErrorSum += *f.estimateError
	}
	if f.rating != nil {
		t.Ratings++
		if t.RatingSum += *f.rating; *f.rating >= 4 {
			t.Satisfied++
		}
	}
}

// bucketKey is the key of a bucket.
type bucketKey struct {
	kind, name string
	grain      int
	startsAt   time.Time
	isKept     bool
}

// keys returns the buckets of quarters that count a chat. Without an agent or an outcome it counts in none of these kinds,
// without a department or a site in those with the name "". One that only a bot had counts in none of these kinds either. Of the sites,
// those that may embed the widget have names.
func (f *reportFact) keys(sites map[string]bool) []bucketKey {
	site := deref(f.site)
	if !sites[site] {
		site = ""
	}
	key := func(kind, name string) bucketKey { return bucketKey{kind, name, grainQ, f.startsAt, f.isKept} }
	keys := []bucketKey{key(reportAll, ""), key(string(ByDepartment), deref(f.department)), key(string(BySite), site)}
	if f.isBotOnly {
		return keys
	}
	if f.agent != nil {
		keys = append(keys, key(string(ByAgent), *f.agent))
	}
	if f.outcome != nil {
		keys = append(keys, key(string(ByOutcome), *f.outcome))
	}
	for _, tag := range f.tags {
		keys = append(keys, key(reportTag, tag))
	}
	for _, id := range f.reasons {
		keys = append(keys, key(reportReason, id))
	}
	return keys
}
