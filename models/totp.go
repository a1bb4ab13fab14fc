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
	codeSkew      = 1  // periods by which an app's clock may be off
	recoveryCodes = 10
	recoveryChars = 16 // of 5 bits each
	// So many wrong codes within codeWindow, and none is looked at until it is over: 6 digits can be guessed by patience.
	mostWrongCodes = 20
	codeWindow     = time.Hour
)

var (
	codeOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	b32         = base32.StdEncoding.WithPadding(base32.NoPadding)
)

func wrongCode() *Error {
	return &Error{Kind: Unauthorized, Code: "wrong_code", Detail: "The code is wrong or was already used. Wait for the next one in the app, or use a recovery code."}
}

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

// useCode uses a code of the app, or a recovery code, up. Any other is 401 wrong_code, and after too many of those every code is 429
// rate_limited for a while.
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
			return nil // it was switched off meanwhile
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
		if f.WrongCodes >= mostWrongCodes {
			refused = &Error{Kind: TooMany, Code: "rate_limited", RetryAfter: codeWindow - t.now.Sub(*f.WrongSince),
				Detail: "Too many wrong codes. Wait for the time in Retry-After and try again."}
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
			refused = wrongCode()
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

// stepOf returns which period's code it is, of the present one and its neighbours.
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

// recoveryCode is a recovery code as it was made, however it was typed.
func recoveryCode(code string) string {
	return strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(strings.TrimSpace(code)))
}
