package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/kit"
)

// clockSkew is how far off the clock of a host site may be.
const clockSkew = time.Minute

var errExtension = errors.New("the token requires an extension that is not supported")

// VerifyUserToken returns the identity in a user token that a host site has signed, and when it expires. Any other token is 401
// unauthorized. Only HS256 is accepted, regardless of the header of the token; exp is required and at most a day away; nbf and iat are
// checked if present. For a token with a valid signature the error explains what is wrong with its claims.
func (a *Auth) VerifyUserToken(c echo.Context, token string) (models.Identity, time.Time, error) {
	refused := kit.Unauthorized("This token has expired or was not signed with the key of Parley. Get a new one from the site.")
	keys := a.tokenKeys()
	if len(keys.Keys) == 0 {
		return models.Identity{}, time.Time{}, refused
	}
	var claims userClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		if _, isCritical := t.Header["crit"]; isCritical { // RFC 7515, 4.1.11
			return nil, errExtension
		}
		return keys, nil
	}, jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(clockSkew), jwt.WithStrictDecoding())
	var fault claimError
	switch {
	case errors.As(err, &fault):
		return models.Identity{}, time.Time{}, kit.Unauthorized(string(fault))
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return models.Identity{}, time.Time{},
			kit.Unauthorized("This token has no exp. Add an exp, the Unix time in seconds when the token expires, at most a day away.")
	case err != nil:
		return models.Identity{}, time.Time{}, refused
	case time.Until(claims.ExpiresAt.Time) > models.MaxUserTokenTTL+clockSkew:
		return models.Identity{}, time.Time{}, kit.Unauthorized(
			"This token expires too late: exp is a Unix time in seconds, at most a day away.",
		)
	}
	expiresAt := claims.ExpiresAt.Time
	if !time.Now().Before(expiresAt) { // expired by this clock, but within the skew
		expiresAt = expiresAt.Add(clockSkew)
	}
	issued := claims.ExpiresAt.Add(-models.MaxUserTokenTTL)
	if claims.IssuedAt != nil {
		issued = claims.IssuedAt.Time
	}
	id := models.Identity{
		ID: claims.Subject, Name: claims.Name, Email: claims.Email, Locale: text.Lang(c.Request().Context()),
		Verified: true, IssuedAt: issued.Add(-clockSkew), Attributes: claims.Attributes,
	}
	return id, expiresAt, nil
}

// tokenKeys returns the secrets that are accepted: the current one, and during a rotation the previous one.
func (a *Auth) tokenKeys() jwt.VerificationKeySet {
	var keys jwt.VerificationKeySet
	for _, secret := range [][]byte{a.secret, a.previousSecret} {
		if len(secret) > 0 {
			keys.Keys = append(keys.Keys, secret)
		}
	}
	return keys
}

// callerBySignedToken accepts a user token of a host site as a credential and creates its user if needed.
func (a *Auth) callerBySignedToken(c echo.Context, token string) (*kit.Caller, error) {
	id, expiresAt, err := a.VerifyUserToken(c, token)
	if err != nil {
		return nil, err
	}
	u, err := a.Desk.EnsureUser(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, ExpiresAt: expiresAt, Token: token}, nil
}
