package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pquerna/otp/totp"
)

// enrolmentTTL is how long a set-up can be confirmed after it was started.
const enrolmentTTL = 15 * time.Minute

// SecondFactor is the state of an agent's second factor.
type SecondFactor struct {
	On        bool
	Since     time.Time // when it was confirmed
	CodesLeft int       // recovery codes
}

// Enrolment is what an authenticator app needs.
type Enrolment struct {
	Secret string // base32
	URL    string // otpauth:
}

// SecondFactorOf returns the state of an agent's second factor; off is not an error. Admins may ask for any agent,
// others for themselves.
func (d *Desk) SecondFactorOf(ctx context.Context, actor Actor, agentID string) (*SecondFactor, error) {
	if !actor.IsAgent() || actor.ID != agentID {
		if err := actor.require(RoleAdmin); err != nil {
			return nil, err
		}
	}
	f := new(SecondFactor)
	err := d.db.NewRaw(`SELECT true AS "on", confirmed_at AS since, (SELECT count(*) FROM recovery_codes r
		WHERE r.agent_id = f.agent_id) AS codes_left
		FROM second_factors f WHERE agent_id = ? AND confirmed_at IS NOT NULL`, agentID).Scan(ctx, f)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	return f, translate(err)
}

// BeginSecondFactor creates a new secret for the actor. It has no effect on signing in until ConfirmSecondFactor has
// seen a code of it. A wrong password is validation_failed; where a second factor is on it is 409 second_factor_on.
func (d *Desk) BeginSecondFactor(ctx context.Context, actor Actor, password string) error {
	if err := d.checkPassword(ctx, actor, "password", password); err != nil {
		return err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Parley", AccountName: actor.ID, SecretSize: 20})
	if err != nil {
		return translate(err)
	}
	res, err := d.db.NewRaw(`INSERT INTO second_factors (agent_id, secret) VALUES (?, ?) ON CONFLICT (agent_id) DO UPDATE
		SET secret = excluded.secret, created_at = now(), last_step = 0
		WHERE second_factors.confirmed_at IS NULL`, actor.ID, key.Secret()).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrSecondFactorOn
	}
	return nil
}

// pending selects a set-up that is started, not confirmed and not expired.
const pending = ` FROM second_factors f JOIN agents a ON a.id = f.agent_id
	WHERE f.agent_id = ? AND f.confirmed_at IS NULL AND f.created_at > now() - make_interval(secs => ?)`

// PendingSecondFactor returns the secret that BeginSecondFactor created, for 15 minutes and until it is confirmed;
// otherwise it is 409 second_factor_not_begun.
func (d *Desk) PendingSecondFactor(ctx context.Context, actor Actor) (*Enrolment, error) {
	var row struct{ Secret, Email string }
	err := d.db.NewRaw(`SELECT f.secret, a.email`+pending, actor.ID, enrolmentTTL.Seconds()).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrSecondFactorNotBegun
	}
	if err != nil {
		return nil, translate(err)
	}
	raw, err := b32.DecodeString(row.Secret)
	if err != nil {
		return nil, translate(err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Parley", AccountName: row.Email, Secret: raw})
	if err != nil {
		return nil, translate(err)
	}
	return &Enrolment{Secret: row.Secret, URL: key.URL()}, nil
}

// ConfirmSecondFactor turns the second factor on if the code belongs to the new secret, and returns ten recovery codes.
// Only their hashes are stored, so they cannot be shown again. A wrong code is validation_failed; without a set-up it is
// 409 second_factor_not_begun.
func (d *Desk) ConfirmSecondFactor(ctx context.Context, actor Actor, code string) ([]string, error) {
	var codes []string
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var secret string
		err := t.NewRaw(`SELECT f.secret`+pending+` FOR UPDATE OF f`, actor.ID, enrolmentTTL.Seconds()).Scan(ctx, &secret)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrSecondFactorNotBegun
		}
		if err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		step, ok := stepOf(secret, code, t.now)
		if !ok {
			return wrongProof("code")
		}
		if _, err := t.NewRaw(`UPDATE second_factors SET confirmed_at = ?, last_step = ?, wrong_codes = 0
			WHERE agent_id = ?`, t.now, step, actor.ID).Exec(ctx); err != nil {
			return err
		}
		if codes, err = makeRecoveryCodes(ctx, t, actor.ID); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditSecondFactorOn, aboutSelf(actor), nil)
	})
	return codes, err
}

// RenewRecoveryCodes returns ten new recovery codes; the old ones are no longer valid. A wrong password or code is
// validation_failed; without a second factor it is 409 second_factor_off.
func (d *Desk) RenewRecoveryCodes(ctx context.Context, actor Actor, password, code string) ([]string, error) {
	if err := d.checkPasswordAndCode(ctx, actor, password, code); err != nil {
		return nil, err
	}
	var codes []string
	err := d.inTx(ctx, func(ctx context.Context, t *tx) (err error) {
		if codes, err = makeRecoveryCodes(ctx, t, actor.ID); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditRecoveryCodesRenewed, aboutSelf(actor), nil)
	})
	return codes, err
}

// EndSecondFactor turns the actor's second factor off. A wrong password or code is validation_failed; without a second
// factor it is 409 second_factor_off.
func (d *Desk) EndSecondFactor(ctx context.Context, actor Actor, password, code string) error {
	if err := d.checkPasswordAndCode(ctx, actor, password, code); err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`DELETE FROM second_factors WHERE agent_id = ?`, actor.ID).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditSecondFactorOff, aboutSelf(actor), nil)
	})
}

// ResetSecondFactor turns off the second factor of an agent who lost it, and ends all their sessions. Admins only. An
// unknown agent is agent_not_found; the admin's own account is 409 own_second_factor, because it would not ask for the
// password.
func (d *Desk) ResetSecondFactor(ctx context.Context, actor Actor, agentID string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if actor.ID == agentID {
		return ErrOwnSecondFactor
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		a, err := d.lockAgent(ctx, t, agentID)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`DELETE FROM second_factors WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
			return err
		}
		if err := endSessions(ctx, t, agentID); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditSecondFactorReset, aboutAgent(a), nil)
	})
}

// checkPasswordAndCode checks the actor's password, then uses up a code of the second factor.
func (d *Desk) checkPasswordAndCode(ctx context.Context, actor Actor, password, code string) error {
	if err := d.checkPassword(ctx, actor, "password", password); err != nil {
		return err
	}
	f, err := d.SecondFactorOf(ctx, actor, actor.ID)
	if err != nil {
		return err
	}
	if !f.On {
		return ErrSecondFactorOff
	}
	err = d.useCode(ctx, actor.ID, code)
	if errors.Is(err, ErrWrongCode) {
		return wrongProof("code")
	}
	return err
}
