package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// leftFact is what a report needs of a message that a user left: a row of report_messages.
type leftFact struct {
	reportFact

	queuedAt   time.Time
	answeredAt *time.Time
}

const leftColumns = `starts_at, agent_id, department, site, outcome, tags, queued_at, first_response_at`

func (f *leftFact) targets() []any {
	return []any{&f.isKept, &f.startsAt, &f.agent, &f.department, &f.site, &f.outcome, &f.tags, &f.queuedAt, &f.answeredAt}
}

// readLeft reads the messages of quarters, with those that were deleted since their quarter was made.
func (t *tx) readLeft(ctx context.Context, quarters []time.Time, each func(*leftFact)) error {
	return t.queryPreparedRows(ctx, `WITH gone AS (DELETE FROM report_messages_gone WHERE starts_at = ANY($1) RETURNING *)
		SELECT true, `+leftColumns+` FROM gone
		UNION ALL SELECT false, `+leftColumns+` FROM unnest($1::timestamptz[]) q (at) CROSS JOIN LATERAL (
			SELECT * FROM report_messages WHERE created_at >= q.at AND created_at < q.at + interval '15 minutes' OFFSET 0) f`,
		[]any{quarters}, func(rows pgx.Rows) error {
			var f leftFact
			err := rows.Scan(f.targets()...)
			if err == nil {
				each(&f)
			}
			return err
		})
}

// addLeft adds a message. The time until its first answer counts the opening hours of its department alone.
func (t *reportTally) addLeft(f *leftFact, hours *OpeningHours) {
	t.MessagesLeft++
	if f.answeredAt == nil {
		return
	}
	t.MessagesAnswered++
	took := f.answeredAt.Sub(f.queuedAt)
	if hours != nil {
		took = hours.OpenTime(f.queuedAt, *f.answeredAt)
	}
	t.values[messageAnswers] = append(t.values[messageAnswers], took.Seconds())
}
