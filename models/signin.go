package models

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
)

// signInStepTTL is how long a sign-in waits for the code of the second factor.
const signInStepTTL = 10 * time.Minute

// Credentials are what an agent signs in with.
type Credentials struct {
	Email, Password string
	Code            string // of the second factor, or a recovery code; "" for none
	UserAgent       string
	Address         string // the network address, for the list of sessions; "" for unknown
	Held            string // the token of the session that this browser had before, which is ended
}

// unknownAccountHash is what a password is compared with when the account does not exist, so that the answer takes as
// long as for one that does. It is of passwordParams; a test holds the two together. It is written out because making it
// costs every start as much as a sign-in.
const unknownAccountHash = "$argon2id$v=19$m=19456,t=2,p=1$M0fXdF08xgwlcVt4wtjnVA$RgEMMz6lalR2P20O/AsRnqcryOxrjipzumTCtTtuP0U"

// account is what signing in reads of an agent.
type account struct {
	ID, Name, PasswordHash string
	Role                   Role
	DisabledAt             *time.Time
	TwoFactor              bool
}

// SignIn is SignInWith for an account without a second factor.
func (d *Desk) SignIn(ctx context.Context, email, password, userAgent string) (string, *Agent, error) {
	return d.SignInWith(ctx, Credentials{Email: email, Password: password, UserAgent: userAgent})
}

// SignInWith opens a new session of 7 days and ends the one of c.Held. A wrong address or password and a disabled
// account are all 401 wrong_credentials, with the same sentence after the same time. If both are right and the account
// has a second factor, a missing code is 401 second_factor_required, a wrong one is 401 wrong_code, and after too many
// wrong ones every code is 429 rate_limited.
func (d *Desk) SignInWith(ctx context.Context, c Credentials) (string, *Agent, error) {
	a, err := d.verifyCredentials(ctx, c.Email, c.Password)
	if err != nil {
		return "", nil, err
	}
	if a.TwoFactor {
		if strings.TrimSpace(c.Code) == "" {
			return "", nil, ErrSecondFactorRequired
		}
		if err := d.signInCode(ctx, a, c.Code); err != nil {
			return "", nil, err
		}
	}
	return d.openSession(ctx, a, c)
}

// BeginSignIn is SignInWith for a page that asks for the code separately. For an account with a second factor it returns
// a step instead of a session; FinishSignIn takes the step within 10 minutes.
func (d *Desk) BeginSignIn(ctx context.Context, c Credentials) (token string, agent *Agent, step string, err error) {
	a, err := d.verifyCredentials(ctx, c.Email, c.Password)
	if err != nil {
		return "", nil, "", err
	}
	if !a.TwoFactor {
		token, agent, err = d.openSession(ctx, a, c)
		return token, agent, "", err
	}
	step, hash := newToken()
	_, err = d.db.NewRaw(`INSERT INTO sign_in_steps VALUES (?, ?, now() + make_interval(secs => ?))`,
		hash, a.ID, signInStepTTL.Seconds()).Exec(ctx)
	return "", nil, step, translate(err)
}

// SignInStep returns the e-mail address of a sign-in that waits for its code. A step that is unknown, used or expired is
// 401 sign_in_expired.
func (d *Desk) SignInStep(ctx context.Context, step string) (email string, err error) {
	err = d.db.NewRaw(`SELECT a.email FROM sign_in_steps s JOIN agents a ON a.id = s.agent_id
		WHERE s.token_hash = ? AND s.expires_at > now() AND a.disabled_at IS NULL`, HashToken(step)).Scan(ctx, &email)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrSignInExpired
	}
	return email, translate(err)
}

// FinishSignIn opens the session for a step of BeginSignIn and a code, and uses up the step. Codes are refused as by
// SignInWith. A step that is expired or used, or whose account has another password since, is 401 sign_in_expired.
// Address and password of c are ignored.
func (d *Desk) FinishSignIn(ctx context.Context, step string, c Credentials) (string, *Agent, error) {
	var a account
	err := d.db.NewRaw(`SELECT a.id, a.name, a.password_hash FROM sign_in_steps s JOIN agents a ON a.id = s.agent_id
		WHERE s.token_hash = ? AND s.expires_at > now() AND a.disabled_at IS NULL`, HashToken(step)).Scan(ctx, &a)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, ErrSignInExpired
	}
	if err != nil {
		return "", nil, translate(err)
	}
	if err := d.signInCode(ctx, &a, c.Code); err != nil {
		return "", nil, err
	}
	res, err := d.db.NewRaw(`DELETE FROM sign_in_steps WHERE token_hash = ?`, HashToken(step)).Exec(ctx)
	if err != nil {
		return "", nil, translate(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return "", nil, ErrSignInExpired
	}
	return d.openSession(ctx, &a, c)
}

// verifyCredentials returns the account that an address and a password open, or wrong_credentials. Where only single sign-on is allowed it
// is 403 sso_required for all but administrators for emergencies.
func (d *Desk) verifyCredentials(ctx context.Context, email, password string) (*account, error) {
	if d.OnlySSO() && !d.isBreakGlass(email) { // for every other address alike, so that this tells nothing about accounts
		return nil, ErrSSORequired
	}
	a := new(account)
	err := d.db.NewRaw(`SELECT a.id, a.name, a.role, a.password_hash, a.disabled_at, f.confirmed_at IS NOT NULL AS two_factor
		FROM agents a LEFT JOIN second_factors f ON f.agent_id = a.id WHERE lower(a.email) = lower(?)`, strings.TrimSpace(email)).Scan(ctx, a)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, translate(err)
	}
	hash := a.PasswordHash
	if hash == "" {
		hash = unknownAccountHash
	}
	form, match, err := comparePassword(ctx, password, hash)
	if errors.Is(err, errBusy) {
		return nil, translate(ctx.Err())
	}
	if err != nil || !match || a.ID == "" || a.DisabledAt != nil || d.OnlySSO() && a.Role != RoleAdmin {
		return nil, d.signInFailed(ctx, a, ErrWrongCredentials)
	}
	return a, d.renewHash(ctx, a, form)
}

// signInFailed records a failed sign-in, without the reason, and returns the refusal.
func (d *Desk) signInFailed(ctx context.Context, a *account, refusal error) error {
	if err := d.auditOnly(ctx, Actor{}, AuditSignInFailed, Subject{Kind: SubjectAgent, ID: a.ID, Name: a.Name}, nil); err != nil {
		return err
	}
	return refusal
}

// signInCode is useCode for a sign-in: it records wrong codes as failed sign-ins.
func (d *Desk) signInCode(ctx context.Context, a *account, code string) error {
	err := d.useCode(ctx, a.ID, code)
	if errors.Is(err, ErrWrongCode) {
		return d.signInFailed(ctx, a, err)
	}
	return err
}

// renewHash stores a new hash of a password whose hash was made with other parameters than passwordParams, or before
// passwords were prepared. form is the form of the password that matched.
func (d *Desk) renewHash(ctx context.Context, a *account, form string) error {
	made, _, _, err := argon2id.DecodeHash(a.PasswordHash)
	if err != nil {
		return translate(err)
	}
	prepared, err := preparePassword(form)
	if err != nil {
		prepared = form // it still works, but could not be set today
	}
	if *made == *passwordParams && prepared == form {
		return nil
	}
	fresh, err := createHash(ctx, prepared)
	if err != nil {
		return err
	}
	res, err := d.db.NewRaw(`UPDATE agents SET password_hash = ? WHERE id = ? AND password_hash = ?`, fresh, a.ID, a.PasswordHash).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	if n, _ := res.RowsAffected(); n > 0 {
		a.PasswordHash = fresh
	}
	return nil
}

// openSession opens a session for a verified account, unless it was disabled or got another password in the meantime:
// wrong_credentials.
func (d *Desk) openSession(ctx context.Context, a *account, c Credentials) (string, *Agent, error) {
	token, hash := newToken()
	var agent *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var holds bool
		// A transaction that changes either waits for this lock, then finds the new session and ends it.
		err := t.NewRaw(`SELECT password_hash = ? AND disabled_at IS NULL FROM agents
			WHERE id = ? FOR SHARE`, a.PasswordHash, a.ID).Scan(ctx, &holds)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !holds {
			return ErrWrongCredentials
		}
		if err != nil {
			return err
		}
		if err := t.insertAgentSession(ctx, hash, a.ID, c, AgentSessionTTL); err != nil {
			return err
		}
		if agent, err = d.agent(ctx, t, a.ID); err != nil {
			return err
		}
		if d.OnlySSO() {
			if err := t.audit(ctx, AgentActor(agent), AuditBreakGlassUsed, aboutAgent(agent), nil); err != nil {
				return err
			}
		}
		return t.audit(ctx, AgentActor(agent), AuditSignedIn, aboutAgent(agent), nil)
	})
	if err != nil {
		return "", nil, err
	}
	return token, agent, nil
}

// insertAgentSession opens a session of an agent and ends the one of c.Held.
func (t *tx) insertAgentSession(ctx context.Context, hash []byte, agentID string, c Credentials, ttl time.Duration) error {
	if c.Held != "" {
		if err := endSession(ctx, t, HashToken(c.Held)); err != nil {
			return err
		}
	}
	_, err := t.NewRaw(`INSERT INTO sessions (token_hash, agent_id, user_agent, address, expires_at)
		VALUES (?, ?, left(?, 200), left(?, 64), now() + make_interval(secs => ?))`,
		hash, agentID, c.UserAgent, c.Address, ttl.Seconds()).Exec(ctx)
	return err
}

// hashing limits how many passwords are hashed at once: each takes a core and 19 MiB.
var hashing = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

// errBusy is what a request gets that waited for its turn to hash until its context ended.
var errBusy = errors.New("too many sign-ins at once")

// comparePassword compares each form of a password with the hash of an account and returns the one that matches. It
// waits for its turn until ctx ends, then returns errBusy.
func comparePassword(ctx context.Context, password, hash string) (form string, match bool, err error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return "", false, errBusy
	}
	for _, form := range passwordForms(password) {
		if match, err := argon2id.ComparePasswordAndHash(form, hash); err != nil || match {
			return form, match, err
		}
	}
	return "", false, nil
}

// createHash waits for its turn as comparePassword does.
func createHash(ctx context.Context, password string) (string, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		hash, err := argon2id.CreateHash(password, passwordParams)
		return hash, translate(err)
	case <-ctx.Done():
		return "", translate(ctx.Err())
	}
}
