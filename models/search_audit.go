package models

import (
	"context"
	"encoding/json"
	"time"
)

// auditSearchInterval is for how long searches of an agent with the same filters count as one: clients search while the
// agent types.
const auditSearchInterval = time.Minute

// auditSearch records that a search showed the actor parts of chats that the actor does not have: how many and by which
// filters, and never the words, which are often about a person. userID is the user whose chats were searched, "" for all.
func (d *Desk) auditSearch(ctx context.Context, actor Actor, userID string, filters []string, chats []*Chat) error {
	others := 0
	for _, c := range chats {
		if c.ServedBy() != actor.ID {
			others++
		}
	}
	if others == 0 {
		return nil
	}
	names, err := json.Marshal(filters)
	if err != nil {
		return err
	}
	isRecorded := func(ctx context.Context, q rawQuerier) (yes bool, err error) {
		err = q.NewRaw(`SELECT EXISTS (SELECT FROM audit_log WHERE actor_id = ? AND action = ? AND coalesce(user_id, '') = ?
			AND details->'filters' = ?::jsonb AND at > statement_timestamp() - make_interval(secs => ?))`,
			actor.ID, AuditChatsSearched, userID, string(names), auditSearchInterval.Seconds()).Scan(ctx, &yes)
		return yes, err
	}
	if done, err := isRecorded(ctx, d.db); err != nil || done {
		return translate(err)
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`SELECT pg_advisory_xact_lock(hashtextextended(?, ?))`, actor.ID, searchAuditLock).Exec(ctx)
		if err != nil {
			return err
		}
		if done, err := isRecorded(ctx, t); err != nil || done {
			return err
		}
		about := Subject{Kind: SubjectSearch, ID: "chats", UserID: userID}
		return t.audit(ctx, actor, AuditChatsSearched, about, details{"filters": filters, "chats": others})
	})
}

// names returns the names of the filters that are set, as programs send them.
func (q *SearchQuery) names() []string {
	names := []string{}
	for _, f := range []struct {
		name  string
		isSet bool
	}{
		{"q", q.Text != ""},
		{"from", !q.From.IsZero()},
		{"to", !q.To.IsZero()},
		{"service_id", q.AgentID != ""},
		{"department", q.Department != ""},
		{"tag", q.Tag != ""},
		{"outcome", q.Outcome != ""},
		{"min_rating", q.MinRating != 0},
		{"max_rating", q.MaxRating != 0},
		{"has_files", q.HasFiles},
		{"user_id", q.UserID != ""},
	} {
		if f.isSet {
			names = append(names, f.name)
		}
	}
	return names
}
