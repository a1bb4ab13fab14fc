package sso

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/models"
)

// maxLogoutAge is how old a logout token may be.
const maxLogoutAge = 10 * time.Minute

// clockSkew is by how much the clock of the provider may be ahead.
const clockSkew = time.Minute

// VerifyLogout returns what a logout token says. It refuses one that the provider did not sign for this client as a logout token, and one
// that is too old or from the future. Whether it was used before is for the caller to find out.
func (p *Provider) VerifyLogout(ctx context.Context, raw string) (*models.SSOLogout, error) {
	if raw == "" || len(raw) > maxIDToken {
		return nil, errors.New("there is no logout token, or a very large one")
	}
	d, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(p.context(ctx), requestTimeout)
	defer cancel()
	token, err := d.verifier.VerifyLogout(asking, raw)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	switch {
	case token.IssuedAt.Before(now.Add(-maxLogoutAge)) || token.IssuedAt.After(now.Add(clockSkew)):
		return nil, errors.New("the logout token is too old, or from the future")
	case len(token.TokenID) > maxName || len(token.Subject) > maxName || len(token.SessionID) > maxName ||
		strings.ContainsRune(token.TokenID+token.Subject+token.SessionID, 0):
		return nil, errors.New("a name in the logout token is too long, or has a NUL character")
	}
	return &models.SSOLogout{
		ID: token.TokenID, Issuer: token.Issuer, Subject: token.Subject, SID: token.SessionID,
		Expiry: token.IssuedAt.Add(maxLogoutAge + clockSkew),
	}, nil
}
