package models

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"
)

const (
	agentSessionTTL = 7 * 24 * time.Hour
	userSessionTTL  = 90 * 24 * time.Hour
	ticketTTL       = 30 * time.Second
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

func wrongCredentials() *Error {
	return &Error{Kind: Unauthorized, Code: "wrong_credentials", Detail: "This e-mail address and password do not belong together."}
}

// nobodysHash is compared with when there is no such account, so that the answer takes as long.
var nobodysHash, _ = argon2id.CreateHash("no such account", passwordParams)

// SignIn opens a session of 7 days for an agent. Whatever is wrong is 401 wrong_credentials, in the same time and words.
func (d *Desk) SignIn(ctx context.Context, email, password, userAgent string) (string, *Agent, error) {
	var row struct {
		ID, PasswordHash string
		DisabledAt       *time.Time
	}
	err := d.db.NewRaw(`SELECT id, password_hash, disabled_at FROM agents WHERE lower(email) = lower(?)`, email).Scan(ctx, &row)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", nil, translate(err)
	}
	hash := row.PasswordHash
	if hash == "" {
		hash = nobodysHash
	}
	match, err := comparePassword(ctx, password, hash)
	if errors.Is(err, errBusy) {
		return "", nil, translate(ctx.Err())
	}
	if err != nil || !match || row.ID == "" || row.DisabledAt != nil {
		return "", nil, wrongCredentials()
	}
	token, tokenHash := newToken()
	_, err = d.db.NewRaw(`INSERT INTO sessions (token_hash, agent_id, user_agent, expires_at) VALUES (?, ?, left(?, 200), now() + make_interval(secs => ?))`,
		tokenHash, row.ID, userAgent, agentSessionTTL.Seconds()).Exec(ctx)
	if err != nil {
		return "", nil, translate(err)
	}
	a, err := d.AgentByID(ctx, row.ID)
	return token, a, err
}

// hashing bounds what sign-ins at once take: each comparison needs a core and 19 MiB.
var hashing = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

var errBusy = errors.New("too many sign-ins at once")

// comparePassword waits for its turn as long as ctx allows, and then returns errBusy.
func comparePassword(ctx context.Context, password, hash string) (bool, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return argon2id.ComparePasswordAndHash(password, hash)
	case <-ctx.Done():
		return false, errBusy
	}
}

func unauthorized() *Error {
	return &Error{Kind: Unauthorized, Code: "unauthorized", Detail: "Your session has ended or never was. Sign in again."}
}

// AgentBySession returns whose session a token opens, the session's hash and its end; 401 unauthorized when it opens none.
func (d *Desk) AgentBySession(ctx context.Context, token string) (*Agent, []byte, time.Time, error) {
	hash := HashToken(token)
	var rows []struct {
		Agent     `bun:",extend"`
		ExpiresAt time.Time `bun:"expires_at"`
	}
	err := d.db.NewRaw(`SELECT `+agentColumns+`, s.expires_at`+agentTables+`
		JOIN sessions s ON s.agent_id = a.id WHERE s.token_hash = ? AND s.expires_at > now() AND a.disabled_at IS NULL`,
		d.Settings().PresenceTimeout.Seconds(), hash).Scan(ctx, &rows)
	if err != nil {
		return nil, nil, time.Time{}, translate(err)
	}
	if len(rows) == 0 {
		return nil, nil, time.Time{}, unauthorized()
	}
	return &rows[0].Agent, hash, rows[0].ExpiresAt, nil
}

// SignOut ends the session of a token, an agent's or a user's. A token that opens nothing is fine.
func (d *Desk) SignOut(ctx context.Context, token string) error {
	hash := HashToken(token)
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`DELETE FROM sessions WHERE token_hash = ?`, hash).Exec(ctx)
		t.emit(Event{Kind: KindSignedOut, SessionHash: hash})
		return err
	})
}

// endSessions ends every session of an agent, and with them the streams.
func endSessions(ctx context.Context, t *tx, agentID string) error {
	for _, query := range []string{`DELETE FROM sessions WHERE agent_id = ?`, `DELETE FROM stream_tickets WHERE agent_id = ?`} {
		if _, err := t.NewRaw(query, agentID).Exec(ctx); err != nil {
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
	err := d.boundRows(ctx, `SELECT token_hash FROM sessions WHERE token_hash = ANY($1) AND expires_at > now()`, []any{hashes}, func(rows pgx.Rows) error {
		var hash []byte
		err := rows.Scan(&hash)
		live[string(hash)] = true
		return err
	})
	return live, translate(err)
}

// IssueTicket returns a single-use stream ticket, good for 30 s; the stream that it opens ends with the session, or at ends.
func (d *Desk) IssueTicket(ctx context.Context, actor Actor, sessionHash []byte, ends time.Time) (string, error) {
	token, hash := newToken()
	var agentID, userID *string
	if actor.IsUser() {
		userID = &actor.ID
	} else {
		agentID = &actor.ID
	}
	_, err := d.db.NewRaw(`INSERT INTO stream_tickets VALUES (?, ?, ?, ?, ?, now() + make_interval(secs => ?))`,
		hash, agentID, userID, sessionHash, ends, ticketTTL.Seconds()).Exec(ctx)
	return token, translate(err)
}

// RedeemTicket returns who a stream ticket was given to and uses it up; 401 unauthorized when it was used, is too old, or never was.
func (d *Desk) RedeemTicket(ctx context.Context, ticket string) (Actor, []byte, time.Time, error) {
	var row struct {
		AgentID, UserID *string
		SessionHash     []byte
		SessionEnds     time.Time
		Role            *Role
	}
	err := d.db.NewRaw(`WITH used AS (DELETE FROM stream_tickets WHERE token_hash = ? RETURNING *)
		SELECT used.agent_id, used.user_id, used.session_hash, used.session_ends, a.role FROM used
		LEFT JOIN agents a ON a.id = used.agent_id AND a.disabled_at IS NULL
		WHERE used.expires_at > now() AND (used.user_id IS NOT NULL OR a.id IS NOT NULL)`, HashToken(ticket)).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return Actor{}, nil, time.Time{}, unauthorized()
	}
	if err != nil {
		return Actor{}, nil, time.Time{}, translate(err)
	}
	if row.UserID != nil {
		return UserActor(*row.UserID), row.SessionHash, row.SessionEnds, nil
	}
	return Actor{Kind: KindAgent, ID: *row.AgentID, Role: *row.Role}, row.SessionHash, row.SessionEnds, nil
}
