package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Erasure is how much was deleted.
type Erasure struct {
	Found                     bool // false when nothing was stored
	Chats, Messages, Sessions int
}

// EraseUser deletes everything that is stored about a user: the profile, the chats with all that belongs to them,
// sessions and tickets. An open chat is ended first; its streams are told and then close. Erasing again is not an error
// and finds nothing. Admins only.
//
// No row of a chat is kept, not even without its content: its id alone would lead back to the user. What stays never had
// a name: the ratings in the averages of agents, and the samples of minutes. The audit log keeps the id of the user in
// the row of the erasure, and the ids of chats in rows about what agents did.
func (d *Desk) EraseUser(ctx context.Context, actor Actor, userID string) (*Erasure, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if _, err := validateText("user", userID, 0, maxContent); err != nil {
		return nil, err
	}
	var done *Erasure
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		done = &Erasure{}
		// A request that starts a chat or a session waits for this row, and then finds no user. A long history may take
		// longer than the usual timeout of a statement.
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '60s'`).Exec(ctx); err != nil {
			return err
		}
		err := t.NewRaw(`SELECT true FROM users WHERE id = ? FOR UPDATE`, userID).Scan(ctx, &done.Found)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.eraseChats(ctx, t, userID, done); err != nil {
			return err
		}
		err = t.NewRaw(`SELECT count(*) FROM sessions WHERE user_id = ?`, userID).Scan(ctx, &done.Sessions)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`DELETE FROM users WHERE id = ?`, userID).Exec(ctx); err != nil { // sessions and tickets cascade
			return err
		}
		t.emit(Event{Kind: KindSignedOut, UserIDs: []string{userID}})
		return t.audit(ctx, actor, AuditUserErased, aboutUser(userID), details{"chats": done.Chats, "messages": done.Messages})
	})
	return done, err
}

// eraseChats ends the open chat, deletes all chats and emits the event that removes them from screens.
func (d *Desk) eraseChats(ctx context.Context, t *tx, userID string, done *Erasure) error {
	var chats []Chat
	if err := t.NewRaw(`SELECT * FROM chats WHERE user_id = ? ORDER BY id FOR UPDATE`, userID).Scan(ctx, &chats); err != nil {
		return err
	}
	if err := t.tick(ctx); err != nil {
		return err
	}
	gone := &Erased{UserID: userID}
	for i := range chats {
		c := &chats[i]
		done.Chats++
		done.Messages += c.LastSeq
		gone.Chats = append(gone.Chats, ErasedChat{ID: c.ID, AgentID: c.ServedBy()})
		if !c.IsOpen() {
			continue
		}
		reason := ReasonServiceEnded
		if c.Status == Waiting {
			reason = ReasonCancelled
		}
		if err := d.endLocked(ctx, t, t.change(c), reason, TypeManual); err != nil {
			return err
		}
	}
	t.emit(Event{Kind: KindErased, Erased: gone})
	_, err := t.NewRaw(`DELETE FROM chats WHERE user_id = ?`, userID).Exec(ctx)
	return err
}

// IsStored reports whether a chat is still stored. It reveals nothing else about it.
func (d *Desk) IsStored(ctx context.Context, chatID string) (stored bool, err error) {
	err = d.db.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE id = ?)`, chatID).Scan(ctx, &stored)
	return stored, translate(err)
}

// LateErasure is an erasure that some streams may not have received.
type LateErasure struct {
	ID     int64  `bun:"id"` // of its row in the audit log
	UserID string `bun:"subject_id"`
}

// ErasedLately returns the erasures of the given last period, by any process.
func (d *Desk) ErasedLately(ctx context.Context, within time.Duration) ([]LateErasure, error) {
	found := []LateErasure{}
	err := d.db.NewRaw(`SELECT id, subject_id FROM audit_log WHERE action = ? AND at > statement_timestamp() - make_interval(secs => ?)`,
		AuditUserErased, within.Seconds()).Scan(ctx, &found)
	return found, translate(err)
}

// erasedSince reports whether a user was erased at or after a time. A token that was signed before that must not create
// the user again.
func (t *tx) erasedSince(ctx context.Context, userID string, at time.Time) (erased bool, err error) {
	err = t.NewRaw(`SELECT EXISTS (SELECT FROM audit_log WHERE subject_id = ? AND action = ?
		AND at >= ?)`, userID, AuditUserErased, at).Scan(ctx, &erased)
	return erased, err
}
