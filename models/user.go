package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Identity is the data of a user from a signed token.
type Identity struct {
	ID, Name, Email, Locale string
	Verified                bool
	IssuedAt                time.Time  // when it was signed, at the earliest; zero if that does not matter
	Attributes              Attributes // replace those that are stored; nil leaves them
}

// anonymousPrefix begins the ids of anonymous users.
const anonymousPrefix = "anon-"

// IsAnonymousID reports whether an id has the form of those that Parley creates for anonymous users. Host sites may not
// use such ids.
func IsAnonymousID(id string) bool {
	rest, ok := strings.CutPrefix(id, anonymousPrefix)
	return ok && uuid.Validate(rest) == nil
}

// Locales are the languages of users.
var Locales = []string{"en", "zh-CN", "zh-TW", "es", "pt-BR", "fr", "de", "it", "ja", "ko", "ru", "tr", "ar", "he", "hi", "id"}

// knownLocale returns a language that Parley has, English for any other.
func knownLocale(locale string) string {
	if slices.Contains(Locales, locale) {
		return locale
	}
	return "en"
}

// IdentityRequired returns the refusal of anonymous users where the settings require an identity: 401 where a credential
// is missing, 403 where there is one that is not enough.
func IdentityRequired(kind Kind) *Error {
	return &Error{
		Kind: kind, Code: "identity_required",
		Detail: "This chat is for signed-in users. Sign in on the site first.",
	}
}

// StartUserSession creates an anonymous user and opens a session of 90 days. Where an identity is required it is 403
// identity_required.
func (d *Desk) StartUserSession(ctx context.Context, locale, userAgent string) (string, *User, error) {
	if d.Settings().RequireIdentity {
		return "", nil, IdentityRequired(Forbidden)
	}
	token, hash := newToken()
	u := &User{ID: anonymousPrefix + uuid.NewString(), Locale: knownLocale(locale)}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.NewRaw(`INSERT INTO users (id, locale) VALUES (?, ?) RETURNING *`, u.ID, u.Locale).Scan(ctx, u); err != nil {
			return err
		}
		return insertUserSession(ctx, t, hash, u.ID, userAgent, UserSessionTTL)
	})
	return token, u, err
}

func insertUserSession(ctx context.Context, t *tx, hash []byte, userID, userAgent string, ttl time.Duration) error {
	_, err := t.NewRaw(`INSERT INTO sessions (token_hash, user_id, user_agent, expires_at)
		VALUES (?, ?, left(?, 200), now() + make_interval(secs => ?))`,
		hash, userID, userAgent, ttl.Seconds()).Exec(ctx)
	return err
}

// UserBySession returns the user whose session a token opens, the hash of the session and when it expires. A token that
// opens none is 401 unauthorized.
func (d *Desk) UserBySession(ctx context.Context, token string) (*User, []byte, time.Time, error) {
	hash := HashToken(token)
	u := new(User)
	var expiresAt time.Time
	err := d.queryPrepared(ctx, selectUserBySession, []any{hash}, userRow.scanTargets(u, &expiresAt)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, time.Time{}, ErrUnauthorized
	}
	if err != nil {
		return nil, nil, time.Time{}, translate(err)
	}
	return u, hash, expiresAt, nil
}

var selectUserBySession = `SELECT ` + userRow.selectList("u") + `, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.token_hash = $1 AND s.expires_at > now()`

// EnsureUser returns the user of an identity, created or updated. Names are cut at 80 characters, addresses at 254. A
// user who was erased after the token was signed is 401 unauthorized. An id without 1 to 64 characters, one of the form
// of anonymous users and text that cannot be stored are validation_failed.
func (d *Desk) EnsureUser(ctx context.Context, id Identity) (*User, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	u, isCurrent, err := currentUser(ctx, d.db, id)
	if err != nil || isCurrent {
		return u, translate(err)
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) (err error) {
		u, err = ensureUser(ctx, t, id)
		return err
	})
	return u, err
}

// maxUserName is the most characters of a user's name that are kept.
const maxUserName = 80

// check refuses what cannot be stored, puts names on one line and shortens them.
func (id *Identity) check() error {
	id.Name, id.Email = oneLine(id.Name), oneLine(id.Email)
	if _, err := validateText("sub", id.ID, 1, 64); err != nil {
		return err
	}
	if id.Verified && IsAnonymousID(id.ID) {
		return invalid("sub", fieldTaken, "Ids of this form are reserved for anonymous users. Add a prefix.")
	}
	for field, text := range map[string]string{"name": id.Name, "email": id.Email} {
		if _, err := validateText(field, text, 0, 4000); err != nil {
			return err
		}
	}
	if IsBlank(id.Name) {
		id.Name = ""
	}
	id.Name = Beginning(id.Name, maxUserName)
	return nil
}

// currentUser returns the stored user, and true, if what is stored already agrees with the identity.
func currentUser(ctx context.Context, db rawQuerier, id Identity) (u *User, isCurrent bool, err error) {
	attributes, err := id.Attributes.parameter()
	if err != nil {
		return nil, false, err
	}
	u = new(User)
	err = db.NewRaw(`SELECT * FROM users WHERE id = ?0 AND is_verified = ?1
		AND (?2 = '' OR name = left(?2, 80)) AND (?3 = '' OR email = left(?3, 254)) AND (?4::jsonb IS NULL OR attributes = ?4::jsonb)`,
		id.ID, id.Verified, id.Name, id.Email, attributes).Scan(ctx, u)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return u, true, nil
}

// ensureUser creates or updates the user, and publishes the user's open chat if anything changed.
func ensureUser(ctx context.Context, t *tx, id Identity) (*User, error) {
	u, changed, err := upsertUser(ctx, t, id)
	if err != nil || !changed {
		return u, err
	}
	return u, announceUser(ctx, t, u)
}

// upsertUser creates or updates the user and publishes nothing.
func upsertUser(ctx context.Context, t *tx, id Identity) (u *User, changed bool, err error) {
	if u, isCurrent, err := currentUser(ctx, t, id); err != nil || isCurrent {
		return u, false, err
	}
	if !id.IssuedAt.IsZero() {
		erased, err := t.erasedSince(ctx, id.ID, id.IssuedAt)
		if err != nil {
			return nil, false, err
		}
		if erased {
			return nil, false, ErrUnauthorized
		}
	}
	attributes, err := id.Attributes.parameter()
	if err != nil {
		return nil, false, err
	}
	u = new(User)
	err = t.NewRaw(`INSERT INTO users (id, name, email, is_verified, locale, attributes)
		VALUES (?0, nullif(left(?1, 80), ''), nullif(left(?2, 254), ''), ?3, ?4, coalesce(?5::jsonb, '{}'))
		ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email),
			is_verified = excluded.is_verified, attributes = coalesce(?5::jsonb, users.attributes) RETURNING *`,
		id.ID, id.Name, id.Email, id.Verified, knownLocale(id.Locale), attributes).Scan(ctx, u)
	return u, true, err
}

// announceUser raises the version of the user's open chat, because the name is part of the chat on every screen.
func announceUser(ctx context.Context, t *tx, u *User) error {
	var ids []string
	if err := t.NewRaw(`SELECT id FROM chats WHERE user_id = ? AND status <> 'ended'`, u.ID).Scan(ctx, &ids); err != nil {
		return err
	}
	for _, id := range ids {
		c, err := lockChat(ctx, t, id)
		if err != nil {
			return err
		}
		change := t.change(c)
		change.User = u.Card()
		if err := t.save(ctx, change); err != nil {
			return err
		}
	}
	return emitUser(ctx, t, u, "")
}

// emitUser announces the current data of a user to the agents who have ended chats of the user. from is the user whose chats
// these were before, "" for none.
func emitUser(ctx context.Context, t *tx, u *User, from string) error {
	agents := []string{}
	err := t.NewRaw(`SELECT DISTINCT agent_id FROM chats WHERE user_id = ? AND status = 'ended' AND agent_id IS NOT NULL`, u.ID).
		Scan(ctx, &agents)
	if err == nil && len(agents) > 0 {
		t.emit(Event{Kind: KindUserChange, User: &UserChange{UserID: u.ID, PrevUserID: from, Card: *u.Card(), AgentIDs: agents}})
	}
	return err
}

// IntroduceUser stores a name of at most 80 characters and an e-mail address that come without proof, from an anonymous
// user or from the page around the widget. "" leaves what is stored. Agents see both marked as not verified. For a user
// verified by a host site it returns 409 identity_verified, for an erased one 401 unauthorized.
func (d *Desk) IntroduceUser(ctx context.Context, userID, name, email string) (*User, error) {
	called, err := optionalText("name", name, maxUserName)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(email) != "" {
		if email, err = checkEmail(email); err != nil {
			return nil, err
		}
	}
	address, err := optionalText("email", email, 254)
	if err != nil {
		return nil, err
	}
	u := new(User)
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(`SELECT * FROM users WHERE id = ? FOR NO KEY UPDATE`, userID).Scan(ctx, u)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrUnauthorized
		case err != nil:
			return err
		case u.IsVerified:
			return ErrIdentityVerified
		}
		name, email := deref(u.Name), deref(u.Email) // copies: the next scan writes to what u points to
		err = t.NewRaw(`UPDATE users SET name = coalesce(?, name), email = coalesce(?, email) WHERE id = ?
			RETURNING *`, called, address, userID).Scan(ctx, u)
		if err != nil || name == deref(u.Name) && email == deref(u.Email) {
			return err
		}
		return announceUser(ctx, t, u)
	})
	return u, err
}

// UserByID returns a user, or user_not_found.
func (d *Desk) UserByID(ctx context.Context, id string) (*User, error) {
	if _, err := validateText("id", id, 0, maxContent); err != nil {
		return nil, ErrUserNotFound
	}
	u := new(User)
	err := d.db.NewRaw(`SELECT * FROM users WHERE id = ?`, id).Scan(ctx, u)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUserNotFound
	}
	return u, translate(err)
}
