package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	codePeriod    = 30 // seconds for which an app shows one code
	codeSkew      = 1  // periods that the clock of an app may be off
	recoveryCodes = 10
	recoveryChars = 16 // of 5 bits each
	// After this many wrong codes within codeWindow every code is refused until it is over. Without a limit, 6 digits can be guessed.
	maxWrongCodes = 20
	codeWindow    = time.Hour
)

var (
	codeOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	b32         = base32.StdEncoding.WithPadding(base32.NoPadding)
)

// makeRecoveryCodes replaces the recovery codes of an agent and returns the new ones, in groups of four characters.
// Their hashes are stored.
func makeRecoveryCodes(ctx context.Context, t *tx, agentID string) ([]string, error) {
	if _, err := t.NewRaw(`DELETE FROM recovery_codes WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := rand.Text()[:recoveryChars]
		if _, err := t.NewRaw(`INSERT INTO recovery_codes VALUES (?, ?)`, agentID, HashToken(raw)).Exec(ctx); err != nil {
			return nil, err
		}
		codes[i] = strings.ToLower(raw[:4] + "-" + raw[4:8] + "-" + raw[8:12] + "-" + raw[12:])
	}
	return codes, nil
}

// useCode uses up a code of the authenticator app or a recovery code. Any other code is 401 wrong_code, and after too
// many of those within an hour every code is 429 rate_limited. The count of wrong codes is stored although the code is
// refused, so the refusal is returned outside the transaction.
func (d *Desk) useCode(ctx context.Context, agentID, code string) error {
	var refused error
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		refused = nil
		var f struct {
			Secret     string
			LastStep   int64
			WrongCodes int
			WrongSince *time.Time
		}
		err := t.NewRaw(`SELECT secret, last_step, wrong_codes, wrong_since FROM second_factors
			WHERE agent_id = ? AND confirmed_at IS NOT NULL FOR UPDATE`, agentID).Scan(ctx, &f)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it was turned off meanwhile
		}
		if err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		if f.WrongSince == nil || t.now.Sub(*f.WrongSince) >= codeWindow {
			f.WrongCodes, f.WrongSince = 0, &t.now
		}
		if f.WrongCodes >= maxWrongCodes {
			refused = &Error{
				Kind: TooMany, Code: "rate_limited", RetryAfter: codeWindow - t.now.Sub(*f.WrongSince),
				Detail: "Too many wrong codes. Wait for the time in Retry-After and try again.",
			}
			return nil
		}
		step, good := stepOf(f.Secret, code, t.now)
		switch {
		case good && step > f.LastStep:
			f.LastStep = step
		default:
			if good, err = useRecoveryCode(ctx, t, agentID, code); err != nil {
				return err
			}
		}
		if good {
			f.WrongCodes = 0
		} else {
			f.WrongCodes++
			refused = ErrWrongCode
		}
		_, err = t.NewRaw(`UPDATE second_factors SET last_step = ?, wrong_codes = ?, wrong_since = ? WHERE agent_id = ?`,
			f.LastStep, f.WrongCodes, f.WrongSince, agentID).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

// useRecoveryCode deletes a recovery code and reports whether the agent had it.
func useRecoveryCode(ctx context.Context, t *tx, agentID, code string) (bool, error) {
	raw := recoveryCode(code)
	if len(raw) != recoveryChars {
		return false, nil
	}
	res, err := t.NewRaw(`DELETE FROM recovery_codes WHERE agent_id = ? AND code_hash = ?`, agentID, HashToken(raw)).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, _ := res.RowsAffected()
	return n == 1, nil
}

// stepOf returns the period that a code belongs to, of the present one and its neighbours. The caller refuses a period
// that was used, so that a code that was overheard cannot be used again.
func stepOf(secret, code string, at time.Time) (int64, bool) {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９': // as a Chinese keyboard types them
			return r - '０' + '0'
		case r == ' ', r == '\u00a0':
			return -1
		}
		return r
	}, code)
	if _, err := strconv.ParseUint(digits, 10, 32); err != nil || len(digits) != codeOptions.Digits.Length() {
		return 0, false
	}
	now := at.Unix() / codePeriod
	for step := now - codeSkew; step <= now+codeSkew; step++ {
		if ok, err := hotp.ValidateCustom(digits, uint64(step), secret, codeOptions); err == nil && ok {
			return step, true
		}
	}
	return 0, false
}

// recoveryCode returns a recovery code in the form in which it was hashed, from how it was typed. The alphabet of the
// codes has no 0, 1 and 8, so these are read as the letters that they resemble.
func recoveryCode(code string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(strings.TrimSpace(code)))
}
