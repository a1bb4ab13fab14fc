package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// SSORules are the rules of single sign-on.
type SSORules struct {
	Issuer string
	Groups []SSOGroup // none: roles and departments stay as administrators set them, and no accounts are made
	// OnlySSO refuses passwords to all but BreakGlass.
	OnlySSO bool
	// BreakGlass are the e-mail addresses of administrators who may always use their passwords, and whose role is left alone.
	BreakGlass []string
	SessionTTL time.Duration
}

// SSOGroup is what the members of a group of the provider get.
type SSOGroup struct {
	Group       string
	Role        Role
	Departments []string
}

// ParseSSOGroups reads groups such as "chat-admins=admin; cards=agent:cards,loans; leads=supervisor".
func ParseSSOGroups(text string) ([]SSOGroup, error) {
	var groups []SSOGroup
	for entry := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		at := strings.LastIndex(entry, "=") // names of groups may have one too, as in LDAP
		if at < 0 {
			return nil, fmt.Errorf("%q has no role: write group=role, or group=role:department,department", strings.TrimSpace(entry))
		}
		group := strings.TrimSpace(entry[:at])
		role, departments, _ := strings.Cut(entry[at+1:], ":")
		g := SSOGroup{Group: group, Role: Role(strings.TrimSpace(role))}
		if group == "" || roleRank[g.Role] == 0 {
			return nil, fmt.Errorf("%q must name a group and the role agent, supervisor or admin", strings.TrimSpace(entry))
		}
		for slug := range strings.SplitSeq(departments, ",") {
			if slug = strings.TrimSpace(slug); slug != "" {
				g.Departments = append(g.Departments, slug)
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// SetSSO turns single sign-on on. It is called at most once, before the desk is used.
func (d *Desk) SetSSO(r SSORules) { d.sso = &r }

// HasSSO reports whether agents can sign in at a provider.
func (d *Desk) HasSSO() bool { return d.sso != nil }

// OnlySSO reports whether passwords are refused, except to the administrators for emergencies.
func (d *Desk) OnlySSO() bool { return d.sso != nil && d.sso.OnlySSO }

// isBreakGlass reports whether the administrator with that address may always use the password.
func (d *Desk) isBreakGlass(email string) bool {
	return d.sso != nil && slices.ContainsFunc(d.sso.BreakGlass, func(known string) bool {
		return strings.EqualFold(strings.TrimSpace(known), strings.TrimSpace(email))
	})
}

// ssoActor makes the changes that follow from a sign-in at the provider.
var ssoActor = Actor{Kind: KindAgent, ID: "sso", Role: RoleAdmin}

// ssoFlowTTL is how long a sign-in may take at the provider.
const ssoFlowTTL = 10 * time.Minute

// SSOFlow is a sign-in that is at the provider.
type SSOFlow struct {
	Nonce       string `bun:"nonce"`
	Verifier    string `bun:"verifier"` // of PKCE
	RedirectURI string `bun:"redirect_uri"`
	Next        string `bun:"next_path"` // where to go afterwards
}

// BeginSSO stores a sign-in for 10 minutes. It returns the state for the provider and the secret for the browser, with both of which
// TakeSSO finds it. held is the secret that the browser has from another sign-in, in another tab; it stays the same.
func (d *Desk) BeginSSO(ctx context.Context, f SSOFlow, held string) (state, browser string, err error) {
	state, stateHash := newToken()
	browser, browserHash := newToken()
	if len(held) == len(browser) {
		browser, browserHash = held, HashToken(held)
	}
	_, err = d.db.NewRaw(`INSERT INTO sso_flows (state_hash, browser_hash, nonce, verifier, redirect_uri, next_path, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, now() + make_interval(secs => ?))`, stateHash, browserHash, f.Nonce, f.Verifier, f.RedirectURI, f.Next,
		ssoFlowTTL.Seconds()).Exec(ctx)
	return state, browser, translate(err)
}

// TakeSSO returns a sign-in that this browser began, and uses it up. One that another browser began, that was used, or that is too old is
// 401 sign_in_expired.
func (d *Desk) TakeSSO(ctx context.Context, state, browser string) (*SSOFlow, error) {
	f := new(SSOFlow)
	err := d.db.NewRaw(`DELETE FROM sso_flows WHERE state_hash = ? AND browser_hash = ? AND expires_at > now()
		RETURNING nonce, verifier, redirect_uri, next_path`, HashToken(state), HashToken(browser)).Scan(ctx, f)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrSignInExpired
	}
	return f, translate(err)
}

// SSOSession is what the provider knows of a session.
type SSOSession struct {
	Issuer  string `bun:"issuer"`
	Subject string `bun:"subject"`
	SID     string `bun:"sid"` // the session at the provider, "" if it has no name there
	IDToken string `bun:"id_token"`
}

// SSOSession returns what the provider knows of the session of a token, nil if it was not opened there.
func (d *Desk) SSOSession(ctx context.Context, token string) (*SSOSession, error) {
	s := new(SSOSession)
	err := d.db.NewRaw(`SELECT issuer, subject, sid, id_token FROM sso_sessions WHERE token_hash = ?`, HashToken(token)).Scan(ctx, s)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // most sessions are opened with a password
	}
	return s, translate(err)
}

// SSOLogout is what a logout token of the provider says. One of Subject and SID may be empty.
type SSOLogout struct {
	ID, Issuer, Subject, SID string
	Expiry                   time.Time
}

// EndSSOSessions ends the sessions that a verified logout token names, with their streams, and returns how many these were. A token that
// was used before is 409 logout_repeated, and ends nothing.
func (d *Desk) EndSSOSessions(ctx context.Context, l SSOLogout) (ended int, err error) {
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		ended = 0
		res, err := t.NewRaw(`INSERT INTO sso_logouts VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, l.Issuer, l.ID, l.Expiry).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return ErrLogoutRepeated
		}
		var sessions []struct {
			Hash  []byte `bun:"token_hash"`
			Agent string `bun:"agent_id"`
		}
		err = t.NewRaw(`SELECT s.token_hash, s.agent_id FROM sso_sessions o JOIN sessions s ON s.token_hash = o.token_hash
			WHERE o.issuer = ?0 AND (?1 = '' OR o.subject = ?1) AND (?2 = '' OR o.sid = ?2) AND (?1 <> '' OR ?2 <> '')
			ORDER BY s.token_hash FOR UPDATE OF s`, l.Issuer, l.Subject, l.SID).Scan(ctx, &sessions)
		if err != nil {
			return err
		}
		byAgent := map[string]int{}
		for _, s := range sessions {
			if err := endSession(ctx, t, s.Hash); err != nil {
				return err
			}
			byAgent[s.Agent]++
			ended++
		}
		for _, id := range slices.Sorted(maps.Keys(byAgent)) {
			about := Subject{Kind: SubjectAgent, ID: id}
			if err := t.audit(ctx, ssoActor, AuditSessionsEnded, about, details{"sessions": byAgent[id]}); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}
