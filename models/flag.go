package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// FlagKind is why a chat needs a supervisor.
type FlagKind string

// The kinds of flags. All but the first rise by themselves, see [Desk.RaiseFlags].
const (
	FlagHand        FlagKind = "hand"         // its agent raised a hand; Detail is the line
	FlagUnanswered  FlagKind = "unanswered"   // no reply for FLAG_UNANSWERED; Since is the beginning of the wait
	FlagTransfers   FlagKind = "transfers"    // it was handed over three times or more; Detail is how often
	FlagLowRating   FlagKind = "low_rating"   // the user rated an earlier chat with 2 or less; Detail is the rating
	FlagWords       FlagKind = "words"        // a message has words of FLAG_WORDS; Detail is the words
	FlagIdleWarning FlagKind = "idle_warning" // it is about to end while the user waits for a reply
)

// Flag is one reason why an active chat needs a supervisor.
type Flag struct {
	ChatID           string    `bun:"chat_id"`
	UserID           string    `bun:"user_id"`
	UserName         string    `bun:"user_name"` // what to call the user
	NameIsUnverified bool      `bun:"name_is_unverified"`
	AgentID          string    `bun:"agent_id"`
	AgentName        string    `bun:"agent_name"`
	Department       *string   `bun:"department"`
	Kind             FlagKind  `bun:"kind"`
	Detail           string    `bun:"detail"`
	Since            time.Time `bun:"since"` // the moment that the flag is about
	RaisedAt         time.Time `bun:"raised_at"`
}

// maxFlags is how many flags are listed.
const maxFlags = 200

// flagHolds is the condition on a flag f of a chat c that it still holds. One that is about a wait, a warning or an
// assignment holds for as long as that is the same.
const flagHolds = `(c.status = 'active' AND CASE f.kind WHEN 'unanswered' THEN c.awaiting_since IS NOT DISTINCT FROM f.since
	WHEN 'idle_warning' THEN c.warned_at IS NOT DISTINCT FROM f.since WHEN 'transfers' THEN c.assigned_at IS NOT DISTINCT FROM f.since ELSE true END)`

// selectFlags reads the flags that hold. It looks at twice as many as it lists, the oldest ones, since those that hold no longer are
// removed every few seconds.
const selectFlags = `SELECT f.chat_id, c.user_id, coalesce(u.name, '') AS user_name, coalesce(u.name, '') <> '' AND NOT u.is_verified AS name_is_unverified,
		c.agent_id, a.name AS agent_name, c.department, f.kind, f.detail, f.since, f.raised_at
	FROM (SELECT id AS chat_id, 'hand' AS kind, hand_raised_at AS since, hand_raised_at AS raised_at, coalesce(hand_line, '') AS detail
			FROM chats WHERE status = 'active' AND hand_raised_at IS NOT NULL
		UNION ALL SELECT * FROM (SELECT DISTINCT ON (chat_id, kind) chat_id, kind, since, raised_at, detail
			FROM (SELECT * FROM chat_flags WHERE dismissed_at IS NULL ORDER BY raised_at, chat_id, kind LIMIT 2 * $1) oldest
			ORDER BY chat_id, kind, since DESC) latest) f
	JOIN chats c ON c.id = f.chat_id AND ` + flagHolds + `
	JOIN users u ON u.id = c.user_id JOIN agents a ON a.id = c.agent_id
	ORDER BY f.kind <> 'hand', f.raised_at, f.chat_id, f.kind LIMIT $1`

// Flags returns the reasons why active chats need a supervisor: raised hands first, then the oldest, at most 200. It is for
// supervisors, to all others 403 role_required.
func (d *Desk) Flags(ctx context.Context, actor Actor) ([]Flag, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	flags := []Flag{}
	err := d.queryPreparedRows(ctx, selectFlags, []any{maxFlags}, func(rows pgx.Rows) error {
		var f Flag
		err := rows.Scan(
			&f.ChatID,
			&f.UserID,
			&f.UserName,
			&f.NameIsUnverified,
			&f.AgentID,
			&f.AgentName,
			&f.Department,
			&f.Kind,
			&f.Detail,
			&f.Since,
			&f.RaisedAt,
		)
		f.UserName = displayName(&f.UserName, f.UserID)
		flags = append(flags, f)
		return err
	})
	return flags, translate(err)
}

// DismissFlag removes a chat's flag of one kind from the list; a raised hand is lowered. It comes back when something new
// raises it, such as another wait. Without such a flag it changes nothing.
//
// It is for supervisors, to all others 403 role_required. An unknown chat is 404 chat_not_found, an ended one 409
// chat_ended, an unknown kind validation_failed.
func (d *Desk) DismissFlag(ctx context.Context, actor Actor, chatID string, kind FlagKind) error {
	if err := actor.require(RoleSupervisor); err != nil {
		return err
	}
	switch kind {
	case FlagHand:
		_, err := d.LowerHand(ctx, actor, chatID)
		return err
	case FlagUnanswered, FlagTransfers, FlagLowRating, FlagWords, FlagIdleWarning:
	default:
		return invalid("kind", fieldUnknown, "kind is hand, unanswered, transfers, low_rating, words or idle_warning.")
	}
	_, err := d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		res, err := t.NewRaw(`UPDATE chat_flags SET dismissed_at = clock_timestamp(), dismissed_by = ?
			WHERE chat_id = ? AND kind = ? AND dismissed_at IS NULL`, actor.ID, chatID, kind).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return nil
		}
		t.emit(Event{Kind: KindFlags})
		return t.audit(ctx, actor, AuditFlagDismissed, aboutChat(&change.Chat), details{"flag": step{kind, nil}})
	})
	return err
}
