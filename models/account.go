package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Session is one sign-in of an agent, as the agent sees it.
type Session struct {
	ID        string // identifies the session; it is not its token
	UserAgent string
	Address   string    // "" when unknown
	CreatedAt time.Time `bun:"created_at"`
	SeenAt    time.Time `bun:"seen_at"` // exact to 10 minutes
	Current   bool
}

// Sessions returns the sessions of the actor that have not expired: the current one first, then by their last use.
// current is the token hash of the session that asks.
func (d *Desk) Sessions(ctx context.Context, actor Actor, current []byte) ([]Session, error) {
	sessions := []Session{}
	err := d.db.NewRaw(`SELECT id::text, user_agent, address, created_at, seen_at, token_hash = ? AS current FROM sessions
		WHERE agent_id = ? AND expires_at > now() ORDER BY 6 DESC, seen_at DESC, created_at DESC`, current, actor.ID).Scan(ctx, &sessions)
	return sessions, translate(err)
}

// EndSession ends one of the actor's own sessions and its streams. A session that has ended, or is another agent's, is
// session_not_found.
func (d *Desk) EndSession(ctx context.Context, actor Actor, id string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var hash []byte
		err := t.NewRaw(`SELECT token_hash FROM sessions WHERE agent_id = ? AND id::text = ?`, actor.ID, id).Scan(ctx, &hash)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrSessionNotFound
		}
		if err != nil {
			return err
		}
		if err := endSession(ctx, t, hash); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditSessionsEnded, aboutSelf(actor), details{"sessions": 1})
	})
}

// EndOtherSessions ends all sessions of the actor except the one with the token hash keep, and returns how many it
// ended.
func (d *Desk) EndOtherSessions(ctx context.Context, actor Actor, keep []byte) (ended int, err error) {
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if ended, err = endOthers(ctx, t, actor.ID, keep); err != nil || ended == 0 {
			return err
		}
		return t.audit(ctx, actor, AuditSessionsEnded, aboutSelf(actor), details{"sessions": ended})
	})
	return ended, err
}

// endOthers ends the sessions of an agent except keep, and discards sign-ins that wait for a code. It returns how many
// sessions it ended.
func endOthers(ctx context.Context, t *tx, agentID string, keep []byte) (int, error) {
	if _, err := t.NewRaw(`DELETE FROM sign_in_steps WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
		return 0, err
	}
	var hashes [][]byte
	err := t.NewRaw(`DELETE FROM sessions WHERE agent_id = ? AND token_hash IS DISTINCT FROM ?
		RETURNING token_hash`, agentID, keep).Scan(ctx, &hashes)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	for _, hash := range hashes {
		t.emit(Event{Kind: KindSignedOut, SessionHash: hash})
	}
	return len(hashes), nil
}

// ChangePassword sets the actor's password and ends every session except keep. It is validation_failed for the field
// old_password when that one is wrong, and for password when the new one does not have 10 to 200 characters or has a
// character that is not allowed. The new hash is written only where the hash that was compared is still stored, so of
// two changes at once one is refused.
func (d *Desk) ChangePassword(ctx context.Context, actor Actor, keep []byte, old, fresh string) error {
	before, err := d.passwordOf(ctx, actor, "old_password", old)
	if err != nil {
		return err
	}
	hash, err := hashPassword(ctx, fresh)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.NewRaw(`UPDATE agents SET password_hash = ? WHERE id = ? AND password_hash = ?`, hash, actor.ID, before).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 { // another request changed the password since it was read
			return wrongProof("old_password")
		}
		if _, err = endOthers(ctx, t, actor.ID, keep); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditPasswordSet, aboutSelf(actor), nil)
	})
}

// checkPassword refuses a password that is not the actor's with validation_failed, as the given field.
func (d *Desk) checkPassword(ctx context.Context, actor Actor, field, password string) error {
	_, err := d.passwordOf(ctx, actor, field, password)
	return err
}

// passwordOf is checkPassword, and returns the stored hash that the password was compared with. Users are role_required,
// a disabled agent is agent_not_found.
func (d *Desk) passwordOf(ctx context.Context, actor Actor, field, password string) (hash string, err error) {
	if err := actor.require(RoleAgent); err != nil {
		return "", err
	}
	err = d.db.NewRaw(`SELECT password_hash FROM agents WHERE id = ? AND disabled_at IS NULL`, actor.ID).Scan(ctx, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrAgentNotFound
	}
	if err != nil {
		return "", translate(err)
	}
	_, match, err := comparePassword(ctx, password, hash)
	switch {
	case errors.Is(err, errBusy):
		return "", translate(ctx.Err())
	case err != nil:
		return "", translate(err)
	case !match:
		return "", wrongProof(field)
	}
	return hash, nil
}
