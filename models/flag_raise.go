package models

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	manyTransfers = 3
	lowRating     = 2
	// maxScanned is how many chats one statement looks at for words.
	maxScanned = 200
)

// What RaiseFlags does is made of these, which also tell whether there is anything to do.
//
//	?0 FLAG_UNANSWERED in seconds, 0 for never  ?1 manyTransfers  ?2 whether there are words to look for
const (
	isUnanswered       = `c.channel = 'chat' AND ?0::float8 > 0 AND c.awaiting_since < statement_timestamp() - make_interval(secs => ?0)`
	isOftenMoved       = `c.transfers >= ?1`
	isWarnedUnanswered = `c.warned_at IS NOT NULL AND c.last_said_by = 'user'`

	// timelyFlags are the flags that follow from the row of a chat alone and are not raised yet, each once for its moment. Most chats have
	// none, so the rows of the others alone are divided into flags.
	timelyFlags = `SELECT c.id AS chat_id, f.kind, f.since, f.detail FROM chats c CROSS JOIN LATERAL (VALUES
			('unanswered', c.awaiting_since, '', ` + isUnanswered + `),
			('transfers', c.assigned_at, c.transfers::text, ` + isOftenMoved + `),
			('idle_warning', c.warned_at, '', ` + isWarnedUnanswered + `)) f (kind, since, detail, holds)
		WHERE c.status = 'active' AND (` + isUnanswered + ` OR ` + isOftenMoved + ` OR ` + isWarnedUnanswered + `)
			AND f.since IS NOT NULL AND f.holds
			AND NOT EXISTS (SELECT FROM chat_flags o WHERE o.chat_id = c.id AND o.kind = f.kind AND o.since = f.since)`

	// outdatedScans is a condition on the scans s of chats. It compares with the active chats, not with all that have ended.
	outdatedScans = `NOT EXISTS (SELECT FROM chats c WHERE c.id = s.chat_id AND c.status = 'active')`
	// outdatedFlags joins the flags f with the chat c.
	outdatedFlags = `c.id = f.chat_id AND NOT ` + flagHolds + ` AND (f.dismissed_at IS NULL OR c.status <> 'waiting')`

	// unscannedChats are the active chats that scanForFlags has not looked at, or not since they have new messages.
	unscannedChats = `SELECT c.id, c.last_seq, s.chat_id IS NULL AS is_new FROM chats c
		LEFT JOIN chat_flag_scans s ON s.chat_id = c.id
		WHERE c.status = 'active' AND (s.chat_id IS NULL OR ?2 AND c.last_seq > s.seq)`

	flagWork = `SELECT FROM chat_flag_scans s WHERE ` + outdatedScans + `
		UNION ALL SELECT FROM chat_flags f JOIN chats c ON ` + outdatedFlags + `
		UNION ALL SELECT FROM (` + timelyFlags + `) raised
		UNION ALL SELECT FROM (` + unscannedChats + `) unscanned`
)

// RaiseFlags raises the flags of active chats that rise by themselves, and removes those that hold no longer. A chat that comes back from
// the queue is looked at anew; what was dismissed stays dismissed. It reads what messages have stored already, so a message costs nothing
// for it. It may run any number of times at once.
func (d *Desk) RaiseFlags(ctx context.Context) error {
	s := d.Settings()
	words := flagWordsOf(s.FlagWords)
	args := []any{s.FlagUnanswered.Seconds(), manyTransfers, len(words) > 0}
	if isDue, err := d.isAny(ctx, flagWork, args...); err != nil || !isDue {
		return err
	}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`DELETE FROM chat_flag_scans s WHERE ` + outdatedScans).Exec(ctx); err != nil {
			return err
		}
		res, err := t.NewRaw(`DELETE FROM chat_flags f USING chats c WHERE ` + outdatedFlags).Exec(ctx)
		if err := t.emitFlagsIf(res, err); err != nil {
			return err
		}
		res, err = t.NewRaw(`INSERT INTO chat_flags (chat_id, kind, since, detail) `+timelyFlags+` ORDER BY c.id ON CONFLICT DO NOTHING`, args...).
			Exec(ctx)
		return t.emitFlagsIf(res, err)
	})
	if err != nil {
		return err
	}
	for {
		scanned := 0
		err := d.inTx(ctx, func(ctx context.Context, t *tx) (err error) {
			scanned, err = scanForFlags(ctx, t, words, args)
			return err
		})
		if err != nil || scanned < maxScanned {
			return err
		}
	}
}

// scanForFlags looks at chats that are new, or that have new messages, and returns at how many. A new chat is flagged for
// an earlier rating of its user; words are looked for in what was written since the last look. args are those of flagWork.
func scanForFlags(ctx context.Context, t *tx, words []flagWord, args []any) (int, error) {
	var held bool // by another task, which then does the same
	if err := t.NewRaw(`SELECT pg_try_advisory_xact_lock(?)`, flagsLock).Scan(ctx, &held); err != nil || !held {
		return 0, err
	}
	var chats []struct {
		ID      string
		LastSeq int
		IsNew   bool
	}
	err := t.NewRaw(unscannedChats+` ORDER BY c.id LIMIT `+strconv.Itoa(maxScanned), args...).Scan(ctx, &chats)
	if err != nil || len(chats) == 0 {
		return 0, err
	}
	ids, seqs := make([]string, len(chats)), make([]int, len(chats))
	var fresh []string
	for i, c := range chats {
		ids[i], seqs[i] = c.ID, c.LastSeq
		if c.IsNew {
			fresh = append(fresh, c.ID)
		}
	}
	if len(words) > 0 {
		if err := flagWords(ctx, t, words, ids, seqs); err != nil {
			return 0, err
		}
	}
	if len(fresh) > 0 {
		if err := flagRatings(ctx, t, fresh); err != nil {
			return 0, err
		}
	}
	_, err = t.NewRaw(`INSERT INTO chat_flag_scans (chat_id, seq) SELECT * FROM unnest(?::text[], ?::int[])
		ON CONFLICT (chat_id) DO UPDATE SET seq = greatest(chat_flag_scans.seq, excluded.seq)`, pgdialect.Array(ids), pgdialect.Array(seqs)).Exec(ctx)
	return len(chats), err
}

// flagRatings flags the chats whose user gave the last rated chat a low rating.
func flagRatings(ctx context.Context, t *tx, ids []string) error {
	res, err := t.NewRaw(`INSERT INTO chat_flags (chat_id, kind, since, detail)
		SELECT c.id, 'low_rating', c.created_at, e.rating::text FROM chats c CROSS JOIN LATERAL (SELECT rating FROM chats e
			WHERE e.user_id = c.user_id AND e.status = 'ended' AND e.rating IS NOT NULL ORDER BY e.created_at DESC LIMIT 1) e
		WHERE c.id IN (?) AND e.rating <= ? ORDER BY c.id ON CONFLICT DO NOTHING`, bunIn(ids), lowRating).Exec(ctx)
	return t.emitFlagsIf(res, err)
}

// flagWords flags the chats in which a message after the last look has one of the words.
func flagWords(ctx context.Context, t *tx, words []flagWord, ids []string, seqs []int) error {
	var messages []struct {
		ChatID    string
		Content   string
		CreatedAt time.Time
	}
	err := t.NewRaw(`SELECT m.chat_id, m.content, m.created_at FROM unnest(?::text[], ?::int[]) n (chat_id, last_seq)
		LEFT JOIN chat_flag_scans s ON s.chat_id = n.chat_id
		JOIN messages m ON m.chat_id = n.chat_id AND m.seq > coalesce(s.seq, 0) AND m.seq <= n.last_seq
		WHERE m.message_type = 'text' AND m.withdrawn_at IS NULL ORDER BY m.chat_id, m.id`,
		pgdialect.Array(ids), pgdialect.Array(seqs)).Scan(ctx, &messages)
	if err != nil {
		return err
	}
	for _, m := range messages {
		found := wordsIn(m.Content, words)
		if len(found) == 0 {
			continue
		}
		res, err := t.NewRaw(`INSERT INTO chat_flags (chat_id, kind, since, detail) VALUES (?, 'words', ?, ?) ON CONFLICT DO NOTHING`,
			m.ChatID, m.CreatedAt, Beginning(strings.Join(found, ", "), 199)).Exec(ctx)
		if err := t.emitFlagsIf(res, err); err != nil {
			return err
		}
	}
	return nil
}

// emitFlagsIf emits, once, that flags changed if a statement changed any.
func (t *tx) emitFlagsIf(res interface{ RowsAffected() (int64, error) }, err error) error {
	if err != nil {
		return err
	}
	isKnown := slices.ContainsFunc(t.events, func(e Event) bool { return e.Kind == KindFlags })
	if n, _ := res.RowsAffected(); n > 0 && !isKnown {
		t.emit(Event{Kind: KindFlags})
	}
	return nil
}
