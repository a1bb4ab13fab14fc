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

// How long sessions last, and so the cookies that carry them.
const (
	AgentSessionTTL = 7 * 24 * time.Hour
	UserSessionTTL  = 90 * 24 * time.Hour
)

// MaxUserTokenTTL is how far ahead the end of a token that a host site signs may be.
const MaxUserTokenTTL = 24 * time.Hour

// seenEvery is how often the last use of a session is stored, and so how exact it is.
const seenEvery = 10 * time.Minute

// newToken returns 256 random bits and the hash under which they are stored.
func newToken() (token string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, HashToken(token)
}

// HashToken returns the hash under which a token is stored. Tokens are random, so a fast hash without salt is enough.
func HashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// AgentBySession returns the agent whose session a token opens, the hash of the session and when it expires. A token
// that opens none is 401 unauthorized.
func (d *Desk) AgentBySession(ctx context.Context, token string) (*Agent, []byte, time.Time, error) {
	hash := HashToken(token)
	var a Agent
	var ends time.Time
	var unseen bool
	err := d.queryPrepared(ctx, `SELECT `+agentColumns+`, s.expires_at, s.seen_at < now() - make_interval(secs => $2)`+agentTables+`
		JOIN sessions s ON s.agent_id = a.id WHERE s.token_hash = $3 AND s.expires_at > now() AND a.disabled_at IS NULL`,
		[]any{d.Settings().PresenceTimeout.Seconds(), seenEvery.Seconds(), hash}, a.scanTargets(&ends, &unseen)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, time.Time{}, ErrUnauthorized
	}
	if err != nil {
		return nil, nil, time.Time{}, translate(err)
	}
	if unseen { // a failure is ignored: it only makes the list of sessions less exact
		_, _ = d.db.NewRaw(`UPDATE sessions SET seen_at = now() WHERE token_hash = ?`, hash).Exec(ctx)
	}
	return &a, hash, ends, nil
}

// SignOut ends the session of a token, an agent's or a user's. A token that opens none is not an error.
func (d *Desk) SignOut(ctx context.Context, token string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		hash := HashToken(token)
		var agents []Agent
		err := t.NewRaw(`SELECT a.id, a.name, a.role FROM sessions s JOIN agents a ON a.id = s.agent_id
			WHERE s.token_hash = ?`, hash).Scan(ctx, &agents)
		if err != nil {
			return err
		}
		if err := endSession(ctx, t, hash); err != nil || len(agents) == 0 {
			return err
		}
		return t.audit(ctx, AgentActor(&agents[0]), AuditSignedOut, aboutAgent(&agents[0]), nil)
	})
}

// endSession deletes one session, and with it its tickets, and ends its streams.
func endSession(ctx context.Context, t *tx, hash []byte) error {
	_, err := t.NewRaw(`DELETE FROM sessions WHERE token_hash = ?`, hash).Exec(ctx)
	t.emit(Event{Kind: KindSignedOut, SessionHash: hash})
	return err
}

// endSessions deletes every session of an agent, their tickets and sign-ins that wait for a code, and ends their
// streams.
func endSessions(ctx context.Context, t *tx, agentID string) error {
	for _, table := range []string{`sessions`, `stream_tickets`, `sign_in_steps`} {
		if _, err := t.NewRaw(`DELETE FROM `+table+` WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
			return err
		}
	}
	t.emit(Event{Kind: KindSignedOut, AgentID: agentID})
	return nil
}

// LiveSessions returns which of the sessions, wallboard keys and API keys, by hash, have not ended.
func (d *Desk) LiveSessions(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	live := make(map[string]bool, len(hashes))
	if len(hashes) == 0 {
		return live, nil
	}
	err := d.queryPreparedRows(ctx, `SELECT token_hash FROM sessions WHERE token_hash = ANY($1) AND expires_at > now()
		UNION ALL SELECT key_hash FROM wallboard_keys WHERE key_hash = ANY($1) AND revoked_at IS NULL
		UNION ALL SELECT key_hash FROM api_keys WHERE key_hash = ANY($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
			AND NOT EXISTS (SELECT FROM agents a WHERE a.id = agent_id AND a.kind = 'bot' AND a.disabled_at IS NOT NULL)`,
		[]any{hashes}, func(rows pgx.Rows) error {
			var hash []byte
			err := rows.Scan(&hash)
			live[string(hash)] = true
			return err
		})
	return live, translate(err)
}
