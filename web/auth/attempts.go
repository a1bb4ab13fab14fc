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

// LimitFailures does what proves who somebody is, and counts failures only. Tries for one account, and tries from one address, go one at a time,
// so that many at once cannot all look before the first is counted.
func (a *Auth) LimitFailures(c echo.Context, email string, prove func(context.Context) error) error {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	account, address := hex.EncodeToString(sum[:16]), kit.Network(c.RealIP())
	ctx := c.Request().Context()
	for _, key := range []string{"address " + address, "account " + account} { // always in this order: no two wait for each other
		done, err := a.attempts.Lock(ctx, key)
		if err != nil {
			return err
		}
		defer done()
	}
	claims := []limit.Claim{{Action: limit.SignIn, Who: account + "@" + address}, {Action: limit.SignInAddress, Who: address}, {Action: limit.SignInAccount, Who: account}}
	if v := a.Limits.Peek(ctx, claims...); !v.OK {
		return kit.TooMany(v)
	}
	err := prove(ctx)
	if IsWrongProof(err) {
		a.Limits.Record(ctx, claims...)
	}
	return err
}

// IsWrongProof tells whether a password or a code was wrong, on the sign-in page or in a form of one's own account.
func IsWrongProof(err error) bool {
	var refused *models.Error
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range refused.Fields {
		if code == "wrong" {
			return true
		}
	}
	return errors.Is(err, models.ErrWrongCredentials) || errors.Is(err, models.ErrWrongCode)
}
