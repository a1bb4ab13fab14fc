package models

import (
	"context"
	"slices"
	"time"
)

// Ended chats are found in two steps. The latest chats that the filters select are read and compared with the words one
// by one: a frequent word is found there, and the index would return it many times over. What is left is looked up in
// the index, the latest days first.

// comparedChats is how many chats are compared one by one. A word that fills no page among them is so rare that the index
// returns few chats.
const comparedChats = 1000

// endedSearch is a search for ended chats in one transaction.
type endedSearch struct {
	*tx
	query          SearchQuery
	words, filters []clause
	after          searchRef // what comes next is after it, in the order of results
	span           int64     // days that the index is asked for first
}

// indexedChats is about how many chats the first question to the index finds at most.
const indexedChats = 5000

// setSpan sets for how many days the index is asked first: fewer if more of the compared chats have the words. first is the
// end of the latest of these chats.
func (s *endedSearch) setSpan(first time.Time, hits int) {
	days := max(first.Sub(s.after.EndedAt), time.Minute).Hours() / 24
	s.span = int64(min(max(indexedChats*days/float64(hits+1), 1), lastSpan))
}

// searchEnded returns the places of the ended chats that a query selects after a place, the latest first: at most one
// more than the limit.
func (d *Desk) searchEnded(ctx context.Context, actor Actor, q SearchQuery, words []clause, after searchRef) ([]searchRef, error) {
	filters, err := d.readable(ctx, actor, q.filters())
	if err != nil {
		return nil, err
	}
	var found []searchRef
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		found = nil
		if err := t.tick(ctx); err != nil {
			return err
		}
		// Reading all rows never pays; the planner believes that it does for frequent words.
		_, err := t.NewRaw(`SELECT set_config('enable_seqscan', 'off', true), set_config('work_mem', '32MB', true)`).Exec(ctx)
		if err != nil {
			return err
		}
		s := &endedSearch{tx: t, query: q, words: words, filters: filters, after: after, span: 1}
		var isDone bool
		if found, isDone, err = s.recent(ctx); err != nil || isDone {
			return err
		}
		return s.inDays(s.span, func(days clause, until time.Time) (bool, error) {
			rows, err := s.indexed(ctx, days, until, q.Limit+1-len(found))
			found = append(found, rows...)
			return len(found) > q.Limit, err
		})
	})
	return found, err
}

// readable adds the clause for the chats that the actor may read: none for supervisors. Of the users that an agent serves
// now, chats may not have been marked for the agent yet.
func (d *Desk) readable(ctx context.Context, actor Actor, filters []clause) ([]clause, error) {
	if actor.AtLeast(RoleSupervisor) {
		return filters, nil
	}
	if !d.Settings().ShareHistory {
		return append(filters, clause{{text: markAgent + actor.ID}}), nil
	}
	var users []string
	err := d.db.NewRaw(`SELECT user_id FROM chats WHERE agent_id = ? AND status = 'active' LIMIT ?`, actor.ID, maxOpenSearched).
		Scan(ctx, &users)
	readers := clause{{text: markReader + actor.ID}}
	for _, u := range users {
		readers = append(readers, term{text: markUser + u})
	}
	return append(filters, readers), translate(err)
}

// comparedChat is a chat that was compared with the words.
type comparedChat struct {
	searchRef `bun:",extend"`

	IsHit bool `bun:"is_hit"`
}

// recent compares the latest chats that the filters select with the words. It is done if it has found enough, or if
// there are no more chats.
func (s *endedSearch) recent(ctx context.Context) (found []searchRef, isDone bool, err error) {
	left := comparedChats
	var first time.Time
	take := func(chats []comparedChat) bool {
		if first.IsZero() && len(chats) > 0 {
			first = chats[0].EndedAt
		}
		left -= len(chats)
		for _, c := range chats {
			if s.after = c.searchRef; c.IsHit {
				found = append(found, c.searchRef)
			}
			if len(found) > s.query.Limit {
				return true
			}
		}
		if left <= 0 {
			s.setSpan(first, len(found))
		}
		return left <= 0
	}
	if len(s.filters) == 0 {
		chats, err := s.compared(ctx, nil, time.Time{}, left)
		full := take(chats)
		return found, err != nil || len(found) > s.query.Limit || !full, err
	}
	if len(s.words) == 0 { // the index finds what the filters select
		return nil, false, nil
	}
	wasFull := false
	err = s.inDays(1, func(days clause, until time.Time) (bool, error) {
		chats, err := s.compared(ctx, days, until, left)
		wasFull = take(chats)
		return wasFull, err
	})
	return found, len(found) > s.query.Limit || !wasFull, err
}

// compared returns the latest chats of days that the filters select, and whether they have the words. Without filters and
// days it goes through the chats by the time of their end.
func (s *endedSearch) compared(ctx context.Context, days clause, until time.Time, limit int) ([]comparedChat, error) {
	isHit, hitArgs := `true`, []any(nil)
	if len(s.words) > 0 {
		isHit, hitArgs = `words @@ ?::tsquery`, []any{tsquery(s.words)}
	}
	where, order, args := s.within(s.filters, days, until)
	var chats []comparedChat
	err := s.NewRaw(`SELECT chat_id, ended_at, `+isHit+` AS is_hit FROM (SELECT chat_id, ended_at, words FROM chat_search `+where+order+`
		LIMIT ?) latest`, append(append(hitArgs, args...), limit)...).Scan(ctx, &chats)
	return chats, err
}

// indexed returns the latest chats of days that filters and words select.
func (s *endedSearch) indexed(ctx context.Context, days clause, until time.Time, limit int) ([]searchRef, error) {
	where, order, args := s.within(slices.Concat(s.filters, s.words), days, until)
	var rows []searchRef
	err := s.NewRaw(`SELECT chat_id, ended_at FROM chat_search `+where+order+` LIMIT ?`, append(args, limit)...).Scan(ctx, &rows)
	return rows, err
}

// within returns WHERE and ORDER BY for the chats of days that fulfill clauses, before a time if it is not zero and after
// the place that the search has come to.
func (s *endedSearch) within(clauses []clause, days clause, until time.Time) (where, order string, args []any) {
	where = `WHERE true`
	and := func(condition string, values ...any) {
		where += ` AND ` + condition
		args = append(args, values...)
	}
	if days != nil {
		clauses = append(slices.Clip(clauses), days)
	}
	endedAt := `ended_at`
	if len(clauses) > 0 {
		and(`words @@ ?::tsquery`, tsquery(clauses))
		endedAt = `(ended_at + interval '0')` // so that nothing is read from the index on ended_at
	}
	for _, bound := range []time.Time{until, s.query.To} {
		if !bound.IsZero() {
			and(endedAt+` < ?`, bound)
		}
	}
	if !s.query.From.IsZero() {
		and(endedAt+` >= ?`, s.query.From)
	}
	if !s.after.EndedAt.IsZero() {
		and(`(`+endedAt+`, chat_id) < (?, ?)`, s.after.EndedAt, s.after.ChatID)
	}
	order = ` ORDER BY ` + endedAt + ` DESC, chat_id DESC`
	return where, order, args
}

// lastSpan is after how many days a search looks at everything that is left.
const lastSpan = 1024

// inDays calls f with the latest days, then with periods that are each four times as long, until f returns true or an
// error. until is the end of the period. The last period has no beginning, and days is nil for it unless the query has a
// From.
func (s *endedSearch) inDays(span int64, f func(days clause, until time.Time) (bool, error)) error {
	until := s.now.Add(24 * time.Hour) // after every end, even if the clock was set back
	for _, bound := range []time.Time{s.query.To, s.after.EndedAt} {
		if !bound.IsZero() && bound.Before(until) {
			until = bound
		}
	}
	last := dayOf(until)
	for ; ; span *= 4 {
		first, isLast := last-span+1, span >= lastSpan
		var days clause
		switch from := s.query.From; {
		case !from.IsZero() && startOfDay(first).Before(from):
			isLast = true
			if days = daysClause(dayOf(from), last); len(days) == 0 {
				return nil
			}
		case !isLast:
			days = daysClause(first, last)
		}
		if isDone, err := f(days, startOfDay(last+1)); err != nil || isDone || isLast {
			return err
		}
		last = first - 1
	}
}
