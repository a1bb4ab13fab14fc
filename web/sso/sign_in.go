package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Flow is what has to be kept of a sign-in while the browser is at the provider.
type Flow struct {
	Nonce, Verifier, RedirectURI string
}

// Identity is who signed in, as the signed token of the provider says.
type Identity struct {
	Issuer, Subject, SessionID string // SessionID is "" if the provider names none
	Email, Name                string
	IsEmailVerified            bool
	Groups                     []string
	IDToken                    string // as it was signed
}

// maxName is the greatest length of a name in a token, in bytes: the standard has it for subjects.
const maxName = 255

// maxIDToken is the largest ID token that is accepted, in bytes.
const maxIDToken = 16 << 10

// NewFlow returns the secrets of a new sign-in.
func NewFlow(redirectURI string) Flow {
	return Flow{Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), RedirectURI: redirectURI}
}

// AuthURL returns the page of the provider where the sign-in goes on. The error is ErrAway while the provider does not answer.
func (p *Provider) AuthURL(ctx context.Context, f Flow, state string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return d.config(&p.o, f.RedirectURI).AuthCodeURL(state, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// CheckIssuer refuses an answer that another provider sent (RFC 9207): iss is its parameter of that name.
func (p *Provider) CheckIssuer(ctx context.Context, iss string) error {
	d, err := p.discover(ctx)
	if err != nil {
		return err
	}
	if iss == "" && d.sendsIssuer {
		return errors.New("the answer does not say which provider it is from")
	}
	if iss != "" && iss != p.o.Issuer {
		return errors.New("the answer is from another provider")
	}
	return nil
}

// Finish exchanges the code of an answer for the identity. It refuses a token that the provider did not sign for this client and this
// sign-in: another issuer, audience or nonce, an unknown key, an algorithm without one (none, HS256), or one that has expired.
func (p *Provider) Finish(ctx context.Context, f Flow, code string) (*Identity, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(p.context(ctx), requestTimeout)
	defer cancel()
	token, err := d.config(&p.o, f.RedirectURI).Exchange(asking, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var retrieve *oauth2.RetrieveError
		if !errors.As(err, &retrieve) {
			return nil, fmt.Errorf("%w: %w", ErrAway, err)
		}
		return nil, cleanError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" || len(raw) > maxIDToken {
		return nil, errors.New("the provider sent no ID token, or a very large one")
	}
	signed, err := d.verifier.Verify(asking, raw)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(signed.Nonce), []byte(f.Nonce)) != 1 {
		return nil, errors.New("the nonce of the ID token is not that of this sign-in")
	}
	if signed.AccessTokenHash != "" {
		if err := signed.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, err
		}
	}
	claims := map[string]any{}
	if err := signed.Claims(&claims); err != nil {
		return nil, err
	}
	if azp, has := claims["azp"].(string); has && azp != p.o.ClientID || !has && len(signed.Audience) > 1 {
		return nil, errors.New("the ID token was issued to another client")
	}
	if signed.Subject == "" || len(signed.Subject) > maxName {
		return nil, errors.New("the ID token has no subject, or a very long one")
	}
	if _, has := claims["email"]; (!has || p.groups(claims) == nil) && d.provider.UserInfoEndpoint() != "" {
		if err := p.addUserInfo(asking, d, token, signed.Subject, claims); err != nil {
			return nil, err
		}
	}
	id := &Identity{
		Issuer: signed.Issuer, Subject: signed.Subject, SessionID: text(claims["sid"]), IDToken: raw,
		Email: text(claims["email"]), Name: text(claims["name"]), Groups: p.groups(claims),
		IsEmailVerified: isTrue(claims[p.o.EmailVerifiedClaim]),
	}
	for _, value := range append([]string{id.Subject, id.SessionID, id.Email, id.Name}, id.Groups...) {
		if strings.ContainsRune(value, 0) {
			return nil, errors.New("the ID token has a NUL character")
		}
	}
	if len(id.SessionID) > maxName || len(id.Email) > maxName {
		return nil, errors.New("a name in the ID token is too long")
	}
	return id, nil
}

// addUserInfo adds the claims that the provider keeps out of the ID token. Those of the token count where both have one.
func (p *Provider) addUserInfo(ctx context.Context, d *discovered, token *oauth2.Token, subject string, claims map[string]any) error {
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("the details of the user cannot be read: %w", err)
	}
	if info.Subject != subject {
		return errors.New("the details are of another user")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return err
	}
	if _, has := claims["email"]; !has { // the address and whether it is verified belong together
		for _, name := range []string{"email", p.o.EmailVerifiedClaim} {
			delete(claims, name)
			if value, has := more[name]; has {
				claims[name] = value
			}
		}
	}
	for name, value := range more {
		if _, has := claims[name]; !has && name != "sid" && name != p.o.EmailVerifiedClaim {
			claims[name] = value
		}
	}
	return nil
}

// groups returns the groups that the claim names, nil if there is no such claim. A dot in its name leads into an object, unless a claim has
// that name as it is.
func (p *Provider) groups(claims map[string]any) []string {
	value, has := claims[p.o.GroupsClaim]
	for object, path := claims, strings.Split(p.o.GroupsClaim, "."); !has && len(path) > 1; {
		inner, ok := object[path[0]].(map[string]any)
		if !ok {
			return nil
		}
		object, path = inner, path[1:]
		if len(path) == 1 {
			value, has = object[path[0]]
		}
	}
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		groups := []string{}
		for _, g := range v {
			if name, ok := g.(string); ok {
				groups = append(groups, name)
			}
		}
		return groups
	}
	return nil
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// isTrue accepts true and "true", as some providers write it.
func isTrue(value any) bool {
	switch v := value.(type) {
	case bool:
		return v
	case string:
		return v == "true"
	case json.Number:
		return v == "1"
	case float64:
		return v == 1
	}
	return false
}
