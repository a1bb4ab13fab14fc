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

// signInStepTTL is how long somebody may look for the code of the second factor.
const signInStepTTL = 10 * time.Minute

// Credentials are what an agent signs in with, and from where.
type Credentials struct {
	Email, Password string
	Code            string // of the second factor, or a recovery code; "" for none
	UserAgent       string
	Address         string // where from, for the list of the agent's sessions; "" for unknown
	Held            string // the session that this browser held before; it is ended
}

func wrongCredentials() *Error {
	return &Error{Kind: Unauthorized, Code: "wrong_credentials", Detail: "The e-mail address or password is wrong."}
}

func secondFactorRequired() *Error {
	return &Error{Kind: Unauthorized, Code: "second_factor_required",
		Detail: "This account uses two-factor authentication. Send a code from the authenticator app, or a recovery code, as code."}
}

// nobodysHash is compared with when there is no such account, so that the answer takes as long.
var nobodysHash, _ = argon2id.CreateHash("no such account", passwordParams)

// account is what signing in needs to know of an agent.
type account struct {
	ID, Name, PasswordHash string
	DisabledAt             *time.Time
	TwoFactor              bool
}

// SignIn is SignInWith for an account without a second factor.
func (d *Desk) SignIn(ctx context.Context, email, password, userAgent string) (string, *Agent, error) {
	return d.SignInWith(ctx, Credentials{Email: email, Password: password, UserAgent: userAgent})
}

// SignInWith opens a session of 7 days for an agent, always a new one, and ends the one that was held. Whatever is wrong with
// address or password, or with the account, is 401 wrong_credentials, in the same time and words. Where both are right and the
// account has a second factor, a missing code is 401 second_factor_required, another one 401 wrong_code, and after too many of
// those any is 429 rate_limited.
func (d *Desk) SignInWith(ctx context.Context, c Credentials) (string, *Agent, error) {
	a, err := d.verifyCredentials(ctx, c.Email, c.Password)
	if err != nil {
		return "", nil, err
	}
	if a.TwoFactor {
		if strings.TrimSpace(c.Code) == "" {
			return "", nil, secondFactorRequired()
		}
		if err := d.signInCode(ctx, a, c.Code); err != nil {
			return "", nil, err
		}
	}
	return d.openSession(ctx, a, c)
}

// BeginSignIn is SignInWith for a page that asks for the code on its own: an account with a second factor gets a step instead
// of a session, which FinishSignIn takes for 10 minutes.
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
	_, err = d.db.NewRaw(`INSERT INTO sign_in_steps VALUES (?, ?, now() + make_interval(secs => ?))`, hash, a.ID, signInStepTTL.Seconds()).Exec(ctx)
	return "", nil, step, translate(err)
}

func signInStepExpired() *Error {
	return &Error{Kind: Unauthorized, Code: "sign_in_expired", Detail: "This sign-in has expired or was already completed. Sign in again."}
}

// SignInStep returns the address of whoever began to sign in; 401 sign_in_expired when nobody did, or too long ago.
func (d *Desk) SignInStep(ctx context.Context, step string) (email string, err error) {
	err = d.db.NewRaw(`SELECT a.email FROM sign_in_steps s JOIN agents a ON a.id = s.agent_id
		WHERE s.token_hash = ? AND s.expires_at > now() AND a.disabled_at IS NULL`, HashToken(step)).Scan(ctx, &email)
	if errors.Is(err, sql.ErrNoRows) {
		return "", signInStepExpired()
	}
	return email, translate(err)
}

// FinishSignIn opens the session for a step of BeginSignIn and a code. Refused as SignInWith refuses codes; a step that is too
// old, was used, or whose account has another password since is 401 sign_in_expired. Of c, address and password are not looked at.
func (d *Desk) FinishSignIn(ctx context.Context, step string, c Credentials) (string, *Agent, error) {
	var a account
	err := d.db.NewRaw(`SELECT a.id, a.name, a.password_hash FROM sign_in_steps s JOIN agents a ON a.id = s.agent_id
		WHERE s.token_hash = ? AND s.expires_at > now() AND a.disabled_at IS NULL`, HashToken(step)).Scan(ctx, &a)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, signInStepExpired()
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
		return "", nil, signInStepExpired()
	}
	return d.openSession(ctx, &a, c)
}

// verifyCredentials returns the account that address and password open.
func (d *Desk) verifyCredentials(ctx context.Context, email, password string) (*account, error) {
	a := new(account)
	err := d.db.NewRaw(`SELECT a.id, a.name, a.password_hash, a.disabled_at, f.confirmed_at IS NOT NULL AS two_factor
		FROM agents a LEFT JOIN second_factors f ON f.agent_id = a.id WHERE lower(a.email) = lower(?)`, strings.TrimSpace(email)).Scan(ctx, a)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, translate(err)
	}
	hash := a.PasswordHash
	if hash == "" {
		hash = nobodysHash
	}
	form, match, err := comparePassword(ctx, password, hash)
	if errors.Is(err, errBusy) {
		return nil, translate(ctx.Err())
	}
	if err != nil || !match || a.ID == "" || a.DisabledAt != nil {
		return nil, d.signInFailed(ctx, a, wrongCredentials())
	}
	return a, d.renewHash(ctx, a, form)
}

// signInFailed notes a sign-in that was refused, without saying why, and returns the refusal.
func (d *Desk) signInFailed(ctx context.Context, a *account, refusal error) error {
	if err := d.auditOnly(ctx, Actor{}, AuditSignInFailed, Subject{Kind: SubjectAgent, ID: a.ID, Name: a.Name}, nil); err != nil {
		return err
	}
	return refusal
}

// signInCode is useCode for somebody who signs in.
func (d *Desk) signInCode(ctx context.Context, a *account, code string) error {
	err := d.useCode(ctx, a.ID, code)
	if CodeOf(err) == "wrong_code" {
		return d.signInFailed(ctx, a, err)
	}
	return err
}

// renewHash stores a password's hash anew when it was made with other parameters than are in use now, or of a password that was not prepared.
// form is the one that matches.
func (d *Desk) renewHash(ctx context.Context, a *account, form string) error {
	made, _, _, err := argon2id.DecodeHash(a.PasswordHash)
	if err != nil {
		return translate(err)
	}
	prepared, err := preparePassword(form)
	if err != nil {
		prepared = form // it can still be used, but not be set again
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

// openSession opens a session for an account that was proved, unless it was disabled or got another password meanwhile.
func (d *Desk) openSession(ctx context.Context, a *account, c Credentials) (string, *Agent, error) {
	token, hash := newToken()
	var agent *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var holds bool
		// Whoever changes either waits for this, and then finds the session and ends it.
		err := t.NewRaw(`SELECT password_hash = ? AND disabled_at IS NULL FROM agents WHERE id = ? FOR SHARE`, a.PasswordHash, a.ID).Scan(ctx, &holds)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !holds {
			return wrongCredentials()
		}
		if err != nil {
			return err
		}
		if c.Held != "" {
			if err := endSession(ctx, t, HashToken(c.Held)); err != nil {
				return err
			}
		}
		_, err = t.NewRaw(`INSERT INTO sessions (token_hash, agent_id, user_agent, address, expires_at)
			VALUES (?, ?, left(?, 200), left(?, 64), now() + make_interval(secs => ?))`,
			hash, a.ID, c.UserAgent, c.Address, agentSessionTTL.Seconds()).Exec(ctx)
		if err != nil {
			return err
		}
		if agent, err = d.agent(ctx, t, a.ID); err != nil {
			return err
		}
		return t.audit(ctx, AgentActor(agent), AuditSignedIn, aboutAgent(agent), nil)
	})
	if err != nil {
		return "", nil, err
	}
	return token, agent, nil
}

// hashing bounds what sign-ins at once take: each comparison needs a core and 19 MiB.
var hashing = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

var errBusy = errors.New("too many sign-ins at once")

// comparePassword compares each form of a password with the hash of an account, and returns the one that matches. It waits for its turn
// as long as ctx allows, and then returns errBusy.
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
