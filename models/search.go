package models

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// MaxSearchLimit is the most chats that one search returns, and DefaultSearchLimit how many it returns unless another
// number is asked for.
const (
	MaxSearchLimit     = 50
	DefaultSearchLimit = 20
)

// SearchQuery is what is searched for. Zero values select everything.
type SearchQuery struct {
	Text                 string    // words, all of which a chat must have; the last one may be a beginning
	From, To             time.Time // when the chat ended: at or after From, and before To
	AgentID              string    // who had the chat at any time
	UserID               string
	Department           string // short name
	Tag, Outcome         string // in any case
	MinRating, MaxRating float64
	HasFiles             bool
	Limit                int    // 1 to 50; 0 for 20
	Cursor               string // what an earlier page returned as Next
}

// SearchResult is a page of chats, open ones first, then the latest ended ones first.
type SearchResult struct {
	Hits []SearchHit
	Next string // the cursor of the next page, "" for the last page
}

// SearchHit is a chat that was found, with the message that the words are in.
type SearchHit struct {
	AgentChat

	AgentName string
	// Message is where the words are, nil for a chat without messages. Its Parts are the text around them.
	Message *FoundMessage
}

// FoundMessage is a message in a search result.
type FoundMessage struct {
	ID         int64
	SenderType SenderType
	SenderID   string
	Type       MessageType
	Parts      []SnippetPart
}

// Search returns the ended chats that a query selects, of those that the actor may read: supervisors every chat, agents
// the chats that they had and all others of the users of these. On the first page it also returns the open chats that
// the actor has. Other open chats are found once they have ended, a few seconds after that. A search that finds chats of
// others is recorded in the audit log, without its words.
//
// Users are refused with 403 role_required. It is validation_failed to search for a text of more than 200 characters or
// for fewer than two, what cannot be the short name of a department, from a time that is not before the other, for a
// rating that does not exist, with a limit outside of 1 to 50, and with a cursor that no search has returned.
func (d *Desk) Search(ctx context.Context, actor Actor, q SearchQuery) (*SearchResult, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	words, err := q.check()
	if err != nil {
		return nil, err
	}
	after, err := parseSearchCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	found := &SearchResult{}
	if q.Cursor == "" && q.canBeOpen() {
		if found.Hits, err = d.searchOpenChats(ctx, actor, q, words); err != nil {
			return nil, err
		}
	}
	rows, err := d.searchEnded(ctx, actor, q, words, after)
	if err != nil {
		return nil, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		found.Next = rows[q.Limit-1].String()
	}
	ended, err := d.searchHits(ctx, actor, rows, words)
	if err != nil {
		return nil, err
	}
	found.Hits = append(found.Hits, ended...)
	chats := make([]*Chat, len(ended))
	for i := range ended {
		chats[i] = &ended[i].Chat
	}
	return found, d.auditSearch(ctx, actor, q.UserID, q.names(), chats)
}

// check validates the query, completes it, and returns the clauses of its text.
func (q *SearchQuery) check() ([]clause, error) {
	var faults fieldFaults
	var err error
	if q.Text, err = validateText("q", q.Text, 0, maxQueryText); err != nil {
		return nil, err
	}
	clauses, isLong := queryClauses(q.Text)
	if q.Text != "" && !isLong {
		faults.add(invalid("q", fieldTooShort, "Enter a word of at least two letters, or two Chinese or Japanese characters."))
	}
	for _, field := range []struct{ name, value string }{
		{"service_id", q.AgentID}, {"user_id", q.UserID}, {"tag", q.Tag}, {"outcome", q.Outcome},
	} {
		if _, err := validateText(field.name, field.value, 0, 100); err != nil {
			faults.add(err)
		}
	}
	if q.Department != "" && !slugForm.MatchString(q.Department) {
		faults.add(errUnknownDepartment)
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		faults.add(invalid("to", fieldOutOfBounds, "to must be after from."))
	}
	for _, r := range []struct {
		name  string
		value float64
	}{{"min_rating", q.MinRating}, {"max_rating", q.MaxRating}} {
		if r.value != 0 && !isRating(r.value) {
			faults.add(invalid(r.name, fieldOutOfBounds, r.name+" must be a number from 1 to 5 in steps of 0.5."))
		}
	}
	if q.MaxRating != 0 && q.MinRating > q.MaxRating {
		faults.add(invalid("max_rating", fieldOutOfBounds, "max_rating must not be less than min_rating."))
	}
	if q.Limit == 0 {
		q.Limit = DefaultSearchLimit
	}
	faults.add(CheckLimit(q.Limit, MaxSearchLimit))
	return clauses, faults.err()
}

// filters returns the clauses of the filters.
func (q *SearchQuery) filters() []clause {
	var clauses []clause
	add := func(isSet bool, mark string) {
		if isSet {
			clauses = append(clauses, clause{{text: mark}})
		}
	}
	add(q.AgentID != "", markAgent+q.AgentID)
	add(q.UserID != "", markUser+q.UserID)
	add(q.Department != "", markDepartment+q.Department)
	add(q.Tag != "", markTag+foldText(q.Tag))
	add(q.Outcome != "", markOutcome+foldText(q.Outcome))
	add(q.HasFiles, markFiles)
	if q.MinRating != 0 || q.MaxRating != 0 {
		clauses = append(clauses, ratingClause(q.MinRating, q.MaxRating))
	}
	return clauses
}

// canBeOpen reports whether an open chat can be among the results: it has ended at no time.
func (q *SearchQuery) canBeOpen() bool { return q.From.IsZero() && q.To.IsZero() }

// searchRef is the place of an ended chat in the order of results, which is also the cursor after it.
type searchRef struct {
	ChatID  string    `bun:"chat_id"`
	EndedAt time.Time `bun:"ended_at"`
}

// String returns the cursor.
func (r searchRef) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(r.EndedAt.UnixMicro(), 10) + " " + r.ChatID))
}

// parseSearchCursor returns the place that a cursor names, the zero value for "".
func parseSearchCursor(cursor string) (searchRef, error) {
	if cursor == "" {
		return searchRef{}, nil
	}
	errUnknown := invalid("cursor", fieldUnknown, "cursor must be the next_cursor of an earlier page.")
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return searchRef{}, errUnknown
	}
	at, id, found := strings.Cut(string(raw), " ")
	micros, err := strconv.ParseInt(at, 10, 64)
	_, invalidID := validateText("cursor", id, 1, 50)
	if err != nil || !found || invalidID != nil || micros < 0 || micros > maxCursorMicros {
		return searchRef{}, errUnknown
	}
	return searchRef{id, time.UnixMicro(micros).UTC()}, nil
}

// maxCursorMicros is the end of the year 9999.
const maxCursorMicros = 253402300799_000000
