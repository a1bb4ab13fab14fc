package models

import (
	"context"
)

// FoundReply is a canned reply that has words of a question.
type FoundReply struct {
	CannedReply `bun:",extend"`

	Rank float64 `bun:"rank"` // how well it fits, from 0 to 1
}

// FindCannedReplies returns the canned replies that the actor can use and that have words of a question in their title or text, best
// first, by the full text search of PostgreSQL. Of a question in another language than English its words are looked for as they
// are. A question of more than 4,000 characters and a limit outside 1 to 200 are validation_failed; 0 is 50. Agents only.
func (d *Desk) FindCannedReplies(ctx context.Context, actor Actor, question string, limit int) ([]FoundReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	limit, err := limitOrDefault(limit, MaxLimit)
	if err != nil {
		return nil, err
	}
	if question, err = validateText("text", question, 0, maxContent); err != nil {
		return nil, err
	}
	found := []FoundReply{}
	// The words are joined by "and"; a question has more of them than its answer.
	err = d.db.NewRaw(`SELECT r.*, ts_rank(`+cannedText+`, q, 32) AS rank FROM canned_replies r
		CROSS JOIN (SELECT replace(plainto_tsquery('english'::regconfig, ?1)::text, '&', '|')::tsquery AS q) asked
		WHERE `+visibleReplies+` AND `+cannedText+` @@ q ORDER BY rank DESC, r.use_count DESC, r.id LIMIT ?2`, actor.ID, question, limit).
		Scan(ctx, &found)
	return found, translate(err)
}

// cannedText is the expression of the index canned_replies_text.
const cannedText = `to_tsvector('english'::regconfig, title || ' ' || body)`
