package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// SSOIdentity is who signed in at the provider, as its signed token says.
type SSOIdentity struct {
	SSOSession

	Email           string
	IsEmailVerified bool
	Name            string
	Groups          []string
}

// ssoAgent is the agent of an identity.
type ssoAgent struct {
	ID          string   `bun:"id"`
	Email       string   `bun:"email"`
	Role        Role     `bun:"role"`
	Departments []string `bun:"departments,array"`
	IsDisabled  bool     `bun:"is_disabled"`
	IsLinked    bool     `bun:"is_linked"`
	IsSuspended bool     `bun:"is_suspended"`
}

// SignInSSO opens a session for someone who signed in at the provider, and gives the agent the role and the departments of the groups.
//
// An account of the provider opens the agent that it is linked to. The first time it is linked to the agent with its e-mail address, and if
// there is none, an agent is made if a group gives a role. An address that the provider has not verified is 403 sso_email_unverified, also
// one whose agent is linked to another account. An agent disabled by an administrator is 403 sso_disabled.
//
// Without a group that gives a role it is 403 sso_no_access; an existing agent is disabled until the provider reports such a group again.
func (d *Desk) SignInSSO(ctx context.Context, id SSOIdentity, c Credentials) (string, *Agent, error) {
	a, err := d.ssoAgentOf(ctx, &id)
	if err != nil {
		return "", nil, err
	}
	role, departments, has := d.sso.access(id.Groups)
	switch {
	case a == nil && !has:
		return "", nil, d.ssoRefused(ctx, "", ErrSSONoAccess)
	case a == nil:
		if a, err = d.addSSOAgent(ctx, &id, role, departments); err != nil {
			return "", nil, err
		}
	case a.IsDisabled && !a.IsSuspended:
		return "", nil, d.ssoRefused(ctx, a.ID, ErrSSODisabled)
	case !has && !d.isBreakGlass(a.Email) && len(d.sso.Groups) > 0:
		if err := d.suspendSSOAgent(ctx, a); err != nil {
			return "", nil, err
		}
		return "", nil, d.ssoRefused(ctx, a.ID, ErrSSONoAccess)
	}
	if !a.IsLinked {
		if err := d.linkSSOAgent(ctx, &id, a); err != nil {
			return "", nil, err
		}
	}
	if has {
		if err := d.updateSSOAgent(ctx, a, role, departments); err != nil {
			return "", nil, err
		}
	}
	return d.openSSOSession(ctx, &id, a, c)
}

// access returns the highest role of the groups and all their departments, and whether there is any. Departments are nil where no group
// of the rules has some: administrators set them then.
func (r *SSORules) access(groups []string) (role Role, departments []string, has bool) {
	manages := false
	for _, g := range r.Groups {
		manages = manages || len(g.Departments) > 0
		if !slices.Contains(groups, g.Group) {
			continue
		}
		has = true
		if roleRank[g.Role] > roleRank[role] {
			role = g.Role
		}
		departments = append(departments, g.Departments...)
	}
	slices.Sort(departments)
	departments = slices.Compact(departments)
	if manages && departments == nil {
		departments = []string{}
	}
	return role, departments, has
}

// ssoAgentOf returns the agent of an identity, nil if there is none.
func (d *Desk) ssoAgentOf(ctx context.Context, id *SSOIdentity) (*ssoAgent, error) {
	const columns = `SELECT a.id, a.email, a.role, a.disabled_at IS NOT NULL AS is_disabled,
		array(SELECT department FROM agent_departments WHERE agent_id = a.id ORDER BY 1) AS departments, `
	a := new(ssoAgent)
	err := d.db.NewRaw(columns+`true AS is_linked, o.is_suspended FROM sso_accounts o JOIN agents a ON a.id = o.agent_id
		WHERE o.issuer = ? AND o.subject = ?`, id.Issuer, id.Subject).Scan(ctx, a)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return a, translate(err)
	}
	if !id.IsEmailVerified || strings.TrimSpace(id.Email) == "" {
		return nil, d.ssoRefused(ctx, "", ErrSSOEmailUnverified)
	}
	var linked bool
	err = d.db.NewRaw(columns+`false AS is_linked, false AS is_suspended FROM agents a WHERE lower(a.email) = lower(?) AND a.kind = 'human'`,
		strings.TrimSpace(id.Email)).
		Scan(ctx, a)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // one will be made
	}
	if err == nil {
		err = d.db.NewRaw(`SELECT EXISTS (SELECT FROM sso_accounts WHERE agent_id = ? AND issuer = ?)`, a.ID, id.Issuer).Scan(ctx, &linked)
	}
	if err == nil && linked {
		return nil, d.ssoRefused(ctx, a.ID, ErrSSOEmailUnverified.WithDetail(
			"The agent with this e-mail address belongs to another account of the sign-in service. Ask an administrator."))
	}
	return a, translate(err)
}

// ssoRefused records a refused sign-in and returns the refusal.
func (d *Desk) ssoRefused(ctx context.Context, agentID string, refusal *Error) error {
	err := d.auditOnly(ctx, Actor{}, AuditSignInFailed, Subject{Kind: SubjectAgent, ID: agentID}, details{"reason": refusal.Code})
	if err != nil {
		return err
	}
	return refusal
}

// addSSOAgent makes the agent of an identity, with a random password that is not kept.
func (d *Desk) addSSOAgent(ctx context.Context, id *SSOIdentity, role Role, departments []string) (*ssoAgent, error) {
	name := oneLine(strings.TrimSpace(id.Name))
	if IsBlank(name) || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		name, _, _ = strings.Cut(id.Email, "@")
	}
	if letters := []rune(name); len(letters) > 80 {
		name = string(letters[:80])
	}
	known, err := d.knownDepartments(ctx, departments)
	if err != nil {
		return nil, err
	}
	added, err := d.AddAgent(ctx, ssoActor, NewAgent{
		Email: strings.TrimSpace(id.Email), Name: name, Password: rand.Text() + rand.Text(), Role: role, Departments: known,
	})
	if errors.Is(err, ErrEmailTaken) { // by another request, at the same time
		if a, err := d.ssoAgentOf(ctx, id); a != nil || err != nil {
			return a, err
		}
	}
	if err != nil {
		return nil, err
	}
	return &ssoAgent{ID: added.ID, Email: added.Email, Role: added.Role, Departments: added.Departments}, nil
}

// knownDepartments returns those departments of the rules that exist, and logs the others.
func (d *Desk) knownDepartments(ctx context.Context, wanted []string) ([]string, error) {
	known := []string{}
	if len(wanted) == 0 {
		return known, nil
	}
	err := d.db.NewRaw(`SELECT slug FROM departments WHERE slug IN (?) ORDER BY slug`, bunIn(wanted)).Scan(ctx, &known)
	if len(known) < len(wanted) {
		d.log.Warn("OIDC_GROUPS names departments that do not exist", "named", wanted, "exist", known)
	}
	return known, translate(err)
}

// linkSSOAgent links the identity with an agent, for good.
func (d *Desk) linkSSOAgent(ctx context.Context, id *SSOIdentity, a *ssoAgent) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var agentID string
		err := t.NewRaw(`INSERT INTO sso_accounts (issuer, subject, agent_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING agent_id`,
			id.Issuer, id.Subject, a.ID).Scan(ctx, &agentID)
		if err == nil {
			return t.audit(ctx, ssoActor, AuditSSOLinked, Subject{Kind: SubjectAgent, ID: a.ID}, nil)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		// Another request did it, unless the agent was linked to another account at the same time.
		err = t.NewRaw(`SELECT agent_id FROM sso_accounts WHERE issuer = ? AND subject = ?`, id.Issuer, id.Subject).Scan(ctx, &agentID)
		if errors.Is(err, sql.ErrNoRows) || err == nil && agentID != a.ID {
			return ErrSSOEmailUnverified
		}
		return err
	})
}

// updateSSOAgent gives an agent the role and the departments of the groups, and enables one who lost them earlier.
func (d *Desk) updateSSOAgent(ctx context.Context, a *ssoAgent, role Role, departments []string) error {
	var change AgentChange
	if role != a.Role && !d.isBreakGlass(a.Email) {
		change.Role = &role
	}
	if departments != nil {
		known, err := d.knownDepartments(ctx, departments)
		if err != nil {
			return err
		}
		if !slices.Equal(known, a.Departments) {
			change.Departments = &known
		}
	}
	if a.IsDisabled {
		enabled := false
		change.Disabled = &enabled
	}
	if change != (AgentChange{}) {
		_, err := d.UpdateAgent(ctx, ssoActor, a.ID, change)
		if errors.Is(err, ErrLastAdmin) {
			d.log.Warn("single sign-on does not take the role of the last administrator away", "agent", a.ID)
			change.Role = nil
			_, err = d.UpdateAgent(ctx, ssoActor, a.ID, change)
		}
		if err != nil {
			return err
		}
	}
	if !a.IsSuspended {
		return nil
	}
	return d.setSuspended(ctx, a.ID, false)
}

// setSuspended stores whether an agent is disabled for want of a group, and not by an administrator.
func (d *Desk) setSuspended(ctx context.Context, agentID string, isSuspended bool) error {
	_, err := d.db.NewRaw(`UPDATE sso_accounts SET is_suspended = ? WHERE agent_id = ?`, isSuspended, agentID).Exec(ctx)
	return translate(err)
}

// suspendSSOAgent disables an agent who has no group any more, which ends all sessions and takes the chats back. The last administrator is
// only signed out.
func (d *Desk) suspendSSOAgent(ctx context.Context, a *ssoAgent) error {
	if a.IsDisabled || !a.IsLinked {
		return nil
	}
	if err := d.setSuspended(ctx, a.ID, true); err != nil {
		return err
	}
	disabled := true
	_, err := d.UpdateAgent(ctx, ssoActor, a.ID, AgentChange{Disabled: &disabled})
	if errors.Is(err, ErrLastAdmin) {
		return errors.Join(d.setSuspended(ctx, a.ID, false),
			d.inTx(ctx, func(ctx context.Context, t *tx) error { return endSessions(ctx, t, a.ID) }))
	}
	return err
}

// openSSOSession opens the session, unless the agent was disabled in the meantime.
func (d *Desk) openSSOSession(ctx context.Context, id *SSOIdentity, a *ssoAgent, c Credentials) (string, *Agent, error) {
	token, hash := newToken()
	var agent *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var isDisabled bool
		// A transaction that disables the agent waits for this lock, then finds the new session and ends it.
		err := t.NewRaw(`SELECT disabled_at IS NOT NULL FROM agents WHERE id = ? FOR SHARE`, a.ID).Scan(ctx, &isDisabled)
		if errors.Is(err, sql.ErrNoRows) || err == nil && isDisabled {
			return ErrSSODisabled
		}
		if err != nil {
			return err
		}
		if err := t.insertAgentSession(ctx, hash, a.ID, c, d.sso.SessionTTL); err != nil {
			return err
		}
		_, err = t.NewRaw(`INSERT INTO sso_sessions (token_hash, issuer, subject, sid, id_token) VALUES (?, ?, ?, ?, ?)`,
			hash, id.Issuer, id.Subject, id.SID, id.IDToken).Exec(ctx)
		if err != nil {
			return err
		}
		if agent, err = d.agent(ctx, t, a.ID); err != nil {
			return err
		}
		return t.audit(ctx, AgentActor(agent), AuditSignedIn, aboutAgent(agent), details{"method": "sso"})
	})
	if err != nil {
		return "", nil, err
	}
	return token, agent, nil
}
