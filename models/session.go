package models

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	agentSessionTTL = 7 * 24 * time.Hour
	userSessionTTL  = 90 * 24 * time.Hour
	// seenEvery is how exact the last sign of life of a session is.
	seenEvery = 10 * time.Minute
)

// newToken returns 256 random bits and the hash under which they are kept.
func newToken() (token string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, HashToken(token)
}

// HashToken returns what is stored of a token.
func HashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

func unauthorized() *Error {
	return &Error{Kind: Unauthorized, Code: "unauthorized", Detail: "You are not signed in, or your session has ended. Sign in again."}
}

// AgentBySession returns whose session a token opens, the session's hash and its end; 401 unauthorized when it opens none.
func (d *Desk) AgentBySession(ctx context.Context, token string) (*Agent, []byte, time.Time, error) {
	hash := HashToken(token)
	var a Agent
	var ends time.Time
	var unseen bool
	err := d.queryPrepared(ctx, `SELECT `+agentColumns+`, s.expires_at, s.seen_at < now() - make_interval(secs => $2)`+agentTables+`
		JOIN sessions s ON s.agent_id = a.id WHERE s.token_hash = $3 AND s.expires_at > now() AND a.disabled_at IS NULL`,
		[]any{d.Settings().PresenceTimeout.Seconds(), seenEvery.Seconds(), hash}, a.scanTargets(&ends, &unseen)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, time.Time{}, unauthorized()
	}
	if err != nil {
		return nil, nil, time.Time{}, translate(err)
	}
	if unseen { // nobody is refused because this could not be noted
		_, _ = d.db.NewRaw(`UPDATE sessions SET seen_at = now() WHERE token_hash = ?`, hash).Exec(ctx)
	}
	return &a, hash, ends, nil
}

// SignOut ends the session of a token, an agent's or a user's. A token that opens nothing is fine.
func (d *Desk) SignOut(ctx context.Context, token string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		hash := HashToken(token)
		var agents []Agent
		err := t.NewRaw(`SELECT a.id, a.name, a.role FROM sessions s JOIN agents a ON a.id = s.agent_id WHERE s.token_hash = ?`, hash).Scan(ctx, &agents)
		if err != nil {
			return err
		}
		if err := endSession(ctx, t, hash); err != nil || len(agents) == 0 {
			return err
		}
		return t.audit(ctx, AgentActor(&agents[0]), AuditSignedOut, aboutAgent(&agents[0]), nil)
	})
}

// endSession ends one session, and with it its streams and its tickets.
func endSession(ctx context.Context, t *tx, hash []byte) error {
	_, err := t.NewRaw(`DELETE FROM sessions WHERE token_hash = ?`, hash).Exec(ctx)
	t.emit(Event{Kind: KindSignedOut, SessionHash: hash})
	return err
}

// endSessions ends every session of an agent, and with them the streams and what was begun on the sign-in page.
func endSessions(ctx context.Context, t *tx, agentID string) error {
	for _, table := range []string{`sessions`, `stream_tickets`, `sign_in_steps`} {
		if _, err := t.NewRaw(`DELETE FROM `+table+` WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
			return err
		}
	}
	t.emit(Event{Kind: KindSignedOut, AgentID: agentID})
	return nil
}

// LiveSessions returns which of the sessions, by hash, are still open.
func (d *Desk) LiveSessions(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	live := make(map[string]bool, len(hashes))
	if len(hashes) == 0 {
		return live, nil
	}
	err := d.queryPreparedRows(ctx, `SELECT token_hash FROM sessions WHERE token_hash = ANY($1) AND expires_at > now()`, []any{hashes}, func(rows pgx.Rows) error {
		var hash []byte
		err := rows.Scan(&hash)
		live[string(hash)] = true
		return err
	})
	return live, translate(err)
}
