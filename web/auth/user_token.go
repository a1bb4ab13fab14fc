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

// tokenSkew is how far off the clock of a host site may be.
const tokenSkew = time.Minute

var errExtension = errors.New("the token asks for an extension that nobody here knows")

// VerifyUserToken returns whom a host site vouches for by a token that it signed, and until when. Only HS256 is read, whatever the token says
// of itself; exp must be there and at most a day away, and nbf and iat hold where they are there. The refusal of a token whose signature
// is right says what is wrong with it.
func (a *Auth) VerifyUserToken(c echo.Context, token string) (models.Identity, time.Time, error) {
	refused := kit.Unauthorized("This token has expired or was not signed with the key of Parley. Get a new one from the site.")
	keys := a.tokenKeys()
	if len(keys.Keys) == 0 {
		return models.Identity{}, time.Time{}, refused
	}
	var claims userClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		if _, asks := t.Header["crit"]; asks { // RFC 7515, 4.1.11
			return nil, errExtension
		}
		return keys, nil
	}, jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(tokenSkew), jwt.WithStrictDecoding())
	var fault claimError
	switch {
	case errors.As(err, &fault):
		return models.Identity{}, time.Time{}, kit.Unauthorized(string(fault))
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return models.Identity{}, time.Time{}, kit.Unauthorized("This token has no exp. Add an exp, the Unix time in seconds when the token expires, at most a day away.")
	case err != nil:
		return models.Identity{}, time.Time{}, refused
	case time.Until(claims.ExpiresAt.Time) > models.MaxUserTokenTTL+tokenSkew:
		return models.Identity{}, time.Time{}, kit.Unauthorized("This token expires too late: exp is a Unix time in seconds, at most a day away.")
	}
	ends := claims.ExpiresAt.Time
	if !time.Now().Before(ends) { // by our clock, but not by one that is a little behind
		ends = ends.Add(tokenSkew)
	}
	issued := claims.ExpiresAt.Add(-models.MaxUserTokenTTL)
	if claims.IssuedAt != nil {
		issued = claims.IssuedAt.Time
	}
	id := models.Identity{ID: claims.Subject, Name: claims.Name, Email: claims.Email, Locale: text.Lang(c.Request().Context()), Verified: true, IssuedAt: issued.Add(-tokenSkew)}
	return id, ends, nil
}

// tokenKeys are the secrets that are good now: the present one, and while host sites change over the one before.
func (a *Auth) tokenKeys() jwt.VerificationKeySet {
	var keys jwt.VerificationKeySet
	for _, secret := range [][]byte{a.secret, a.previousSecret} {
		if len(secret) > 0 {
			keys.Keys = append(keys.Keys, secret)
		}
	}
	return keys
}

// bySignature takes the token that a host site signed for one of its users as the credential itself.
func (a *Auth) bySignature(c echo.Context, token string) (*kit.Caller, error) {
	id, ends, err := a.VerifyUserToken(c, token)
	if err != nil {
		return nil, err
	}
	u, err := a.Desk.EnsureUser(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Ends: ends, Token: token}, nil
}
