package models

import (
	"context"
	"unicode/utf8"
)

// FoundReply is a canned reply that has words of a question.
type FoundReply struct {
	CannedReply `bun:",extend"`

	Rank float64 `bun:"rank"` // how well it fits, from 0 to 1
}

// maxAsked is how many characters of a question are looked for.
const maxAsked = 1000

// FindCannedReplies returns the canned replies that the actor can use and that have words of a question in their title or text, the one that
// fits best first, by the full text search of PostgreSQL. Of a question in another language than English its words are looked for as they
// are. Further characters than the first 1,000 of it do not count. A limit outside 1 to 20 is validation_failed; 0 is 5. Agents only.
func (d *Desk) FindCannedReplies(ctx context.Context, actor Actor, question string, limit int) ([]FoundReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	if limit == 0 {
		limit = 5
	}
	if limit < 1 || limit > 20 {
		return nil, invalid("limit", fieldOutOfBounds, "limit must be a whole number from 1 to 20.")
	}
	if utf8.RuneCountInString(question) > maxAsked {
		question = string([]rune(question)[:maxAsked])
	}
	found := []FoundReply{}
	// The words are joined by "and"; a question has more of them than its answer.
	err := d.db.NewRaw(`SELECT r.*, ts_rank(`+cannedText+`, q, 32) AS rank FROM canned_replies r
		CROSS JOIN (SELECT replace(plainto_tsquery('english'::regconfig, ?1)::text, '&', '|')::tsquery AS q) asked
		WHERE `+visibleReplies+` AND `+cannedText+` @@ q ORDER BY rank DESC, r.use_count DESC, r.id LIMIT ?2`, actor.ID, question, limit).
		Scan(ctx, &found)
	return found, translate(err)
}

// cannedText is the expression of the index canned_replies_text.
const cannedText = `to_tsvector('english'::regconfig, title || ' ' || body)`
