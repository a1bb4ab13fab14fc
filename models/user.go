package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Identity is what a signed token says of a user.
type Identity struct {
	ID, Name, Email, Locale string
	Verified                bool
}

func knownLocale(locale string) string {
	if locale == "zh-CN" {
		return locale
	}
	return "en"
}

// StartUserSession makes an anonymous user and opens a session of 90 days.
func (d *Desk) StartUserSession(ctx context.Context, locale, userAgent string) (string, *User, error) {
	token, hash := newToken()
	u := &User{ID: "anon-" + uuid.NewString(), Locale: knownLocale(locale)}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.NewRaw(`INSERT INTO users (id, locale) VALUES (?, ?) RETURNING *`, u.ID, u.Locale).Scan(ctx, u); err != nil {
			return err
		}
		return insertUserSession(ctx, t, hash, u.ID, userAgent)
	})
	return token, u, err
}

// OpenUserSession opens a session of 90 days for a known user.
func (d *Desk) OpenUserSession(ctx context.Context, userID, userAgent string) (string, error) {
	token, hash := newToken()
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		return insertUserSession(ctx, t, hash, userID, userAgent)
	})
	return token, err
}

func insertUserSession(ctx context.Context, t *tx, hash []byte, userID, userAgent string) error {
	_, err := t.NewRaw(`INSERT INTO sessions (token_hash, user_id, user_agent, expires_at) VALUES (?, ?, left(?, 200), now() + make_interval(secs => ?))`,
		hash, userID, userAgent, userSessionTTL.Seconds()).Exec(ctx)
	return err
}

// UserBySession returns whose session a token opens, the session's hash and its end; 401 unauthorized when it opens none.
func (d *Desk) UserBySession(ctx context.Context, token string) (*User, []byte, time.Time, error) {
	hash := HashToken(token)
	var row struct {
		User      `bun:",extend"`
		ExpiresAt time.Time `bun:"expires_at"`
	}
	err := d.db.NewRaw(`SELECT u.*, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = ? AND s.expires_at > now()`, hash).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, time.Time{}, unauthorized()
	}
	if err != nil {
		return nil, nil, time.Time{}, translate(err)
	}
	return &row.User, hash, row.ExpiresAt, nil
}

// EnsureUser returns the user of a signed identity, made or brought up to date. Names are cut at 80 characters, addresses at 254.
func (d *Desk) EnsureUser(ctx context.Context, id Identity) (*User, error) {
	if _, err := clean("sub", id.ID, 1, 64); err != nil {
		return nil, err
	}
	for field, text := range map[string]string{"name": id.Name, "email": id.Email} {
		if _, err := clean(field, text, 0, 4000); err != nil {
			return nil, err
		}
	}
	u := new(User)
	err := d.db.NewRaw(`SELECT * FROM users WHERE id = ? AND is_verified = ?
		AND (? = '' OR name = left(?, 80)) AND (? = '' OR email = left(?, 254))`,
		id.ID, id.Verified, id.Name, id.Name, id.Email, id.Email).Scan(ctx, u)
	if err == nil {
		return u, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, translate(err)
	}
	err = d.db.NewRaw(`INSERT INTO users (id, name, email, is_verified, locale) VALUES (?, nullif(left(?, 80), ''), nullif(left(?, 254), ''), ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email),
			is_verified = excluded.is_verified RETURNING *`,
		id.ID, id.Name, id.Email, id.Verified, knownLocale(id.Locale)).Scan(ctx, u)
	return u, translate(err)
}

// UserByID returns a user, or user_not_found.
func (d *Desk) UserByID(ctx context.Context, id string) (*User, error) {
	u := new(User)
	err := d.db.NewRaw(`SELECT * FROM users WHERE id = ?`, id).Scan(ctx, u)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("user_not_found", "There is no such user.")
	}
	return u, translate(err)
}
