package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Erasure is what was taken away of a user.
type Erasure struct {
	Found                     bool // false when nothing was stored
	Chats, Messages, Sessions int
}

// EraseUser deletes everything that is stored about a user: profile, chats with all that hangs on them, sessions and tickets. An open chat is
// ended first; streams hear of that and then close. Nothing of a chat stays, not even without its words: whoever knows its id would know
// whose it was. What stays was always without a name: the ratings that agents' averages are made of, and the figures of the day. The audit log
// keeps that it was done, by the user's id, and of what agents did to the user's chats the ids of those. Erasing again is fine, and finds nothing. Admins only.
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
		// Who begins a chat or a session waits for this row, and then has no user. A long history may take longer than a statement has.
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
		if _, err := t.NewRaw(`DELETE FROM users WHERE id = ?`, userID).Exec(ctx); err != nil { // its sessions and tickets go with it
			return err
		}
		t.emit(Event{Kind: KindSignedOut, UserIDs: []string{userID}})
		return t.audit(ctx, actor, AuditUserErased, aboutUser(userID), details{"chats": done.Chats, "messages": done.Messages})
	})
	return done, err
}

// eraseChats ends the open chat and deletes all, and tells those who have one of them on their screens.
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
		if err := d.endLocked(ctx, t, c, reason, TypeManual); err != nil {
			return err
		}
	}
	t.emit(Event{Kind: KindErased, Erased: gone})
	_, err := t.NewRaw(`DELETE FROM chats WHERE user_id = ?`, userID).Exec(ctx)
	return err
}

// IsStored reports whether a chat is still stored. It tells nobody anything else of it.
func (d *Desk) IsStored(ctx context.Context, chatID string) (stored bool, err error) {
	err = d.db.NewRaw(`SELECT EXISTS (SELECT FROM chats WHERE id = ?)`, chatID).Scan(ctx, &stored)
	return stored, translate(err)
}

// LateErasure is one that streams may not have heard of.
type LateErasure struct {
	ID     int64  `bun:"id"` // of its row in the audit log
	UserID string `bun:"subject_id"`
}

// ErasedLately returns who was erased within a time, by whatever process.
func (d *Desk) ErasedLately(ctx context.Context, within time.Duration) ([]LateErasure, error) {
	found := []LateErasure{}
	err := d.db.NewRaw(`SELECT id, subject_id FROM audit_log WHERE action = ? AND at > clock_timestamp() - make_interval(secs => ?)`,
		AuditUserErased, within.Seconds()).Scan(ctx, &found)
	return found, translate(err)
}

// erasedSince reports whether a user was erased at or after a time. A token that is older than that must not bring the user back.
func (t *tx) erasedSince(ctx context.Context, userID string, at time.Time) (erased bool, err error) {
	err = t.NewRaw(`SELECT EXISTS (SELECT FROM audit_log WHERE subject_id = ? AND action = ? AND at >= ?)`, userID, AuditUserErased, at).Scan(ctx, &erased)
	return erased, err
}
