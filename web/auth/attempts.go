package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
	"parley/web/limit"
)

// LimitFailures runs verify, which checks a password or a code, and counts only failures, by account and by address. Too many of them are
// 429 rate_limited, and verify does not run. Attempts for one account and from one address run one at a time, so that parallel attempts
// cannot all pass the limit before the first failure is counted.
func (a *Auth) LimitFailures(c echo.Context, email string, verify func(context.Context) error) error {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	account, address := hex.EncodeToString(sum[:16]), kit.NetworkOf(c.RealIP())
	ctx := c.Request().Context()
	for _, key := range []string{"address " + address, "account " + account} { // always in this order, so that two requests cannot deadlock
		done, err := a.attempts.Lock(ctx, key)
		if err != nil {
			return err
		}
		defer done()
	}
	claims := []limit.Claim{
		{Action: limit.SignIn, Who: account + "@" + address},
		{Action: limit.SignInAddress, Who: address},
		{Action: limit.SignInAccount, Who: account},
	}
	if v := a.Limits.Peek(ctx, claims...); !v.OK {
		return kit.TooMany(v)
	}
	err := verify(ctx)
	if IsWrongCredential(err) {
		a.Limits.Record(ctx, claims...)
	}
	return err
}

// IsWrongCredential reports whether an error means that a password or a code was wrong, at sign-in or in a form of the account.
func IsWrongCredential(err error) bool {
	var modelErr *models.Error
	if !errors.As(err, &modelErr) {
		return false
	}
	for _, code := range modelErr.Fields {
		if code == "wrong" {
			return true
		}
	}
	return errors.Is(err, models.ErrWrongCredentials) || errors.Is(err, models.ErrWrongCode)
}
