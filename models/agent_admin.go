package models

import (
	"context"
	"database/sql"
	"errors"
	"net/mail"
	"slices"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
)

// passwordParams are the minimum that OWASP recommends for argon2id (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1
// lane). Hashes made with other parameters are renewed at the next sign-in.
var passwordParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// NewAgent is what AddAgent needs.
type NewAgent struct {
	Email, Name, Password string
	Role                  Role
	MaxConcurrent         int
	ExactCapacity         bool // MaxConcurrent 0 is no chats at all; without it, it is the default of 5
	MaxMessages           *int // at the same time, 0 to 100; nil for the default of 10
	Departments           []string
	Avatar                string
}

// checkEmail returns an address without surrounding white space; anything else than name@domain is validation_failed.
func checkEmail(email string) (string, error) {
	email, err := validateText("email", email, 3, 254)
	if err != nil {
		return "", err
	}
	parsed, perr := mail.ParseAddress(email)
	if perr != nil || parsed.Address != email {
		return "", invalid("email", fieldInvalid, "Enter an e-mail address such as name@example.com.")
	}
	return email, nil
}

func checkCapacity(n int) error {
	if n < 0 || n > 100 {
		return invalid("max_concurrent", fieldOutOfBounds, "The capacity must be a whole number from 0 to 100.")
	}
	return nil
}

func checkMaxMessages(n int) error {
	if n < 0 || n > 100 {
		return invalid("max_messages", fieldOutOfBounds, "The capacity for messages must be a whole number from 0 to 100.")
	}
	return nil
}

// defaultMaxMessages is how many messages an agent may have unless an administrator says otherwise.
const defaultMaxMessages = 10

func checkRole(r Role) error {
	if roleRank[r] == 0 {
		return invalid("role", fieldUnknown, "role must be agent, supervisor or admin.")
	}
	return nil
}

// hashPassword returns the argon2id hash of a prepared password. A password that does not have 10 to 200 characters,
// before and after preparation, is validation_failed.
func hashPassword(ctx context.Context, password string) (string, error) {
	if _, err := validateText("password", password, 10, 200); err != nil {
		return "", invalid("password", fieldTooShort, "A password must have 10 to 200 characters.")
	}
	prepared, err := preparePassword(password)
	if err != nil {
		return "", err
	}
	if _, err := validateText("password", prepared, 10, 200); err != nil {
		return "", invalid("password", fieldTooShort, "A password must have 10 to 200 characters.")
	}
	return createHash(ctx, prepared)
}

// AddAgent adds an agent, who is offline at first. Admins only. An address that another agent has, in any case, is 409
// email_taken. Fields out of bounds, a password of under 10 characters, an unknown role and an unknown department are
// validation_failed.
func (d *Desk) AddAgent(ctx context.Context, actor Actor, n NewAgent) (*Agent, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	email, err := checkEmail(n.Email)
	if err != nil {
		return nil, err
	}
	name, err := validateText("name", oneLine(n.Name), 1, 80)
	if err != nil {
		return nil, err
	}
	if n.MaxConcurrent == 0 && !n.ExactCapacity {
		n.MaxConcurrent = 5
	}
	if err := checkCapacity(n.MaxConcurrent); err != nil {
		return nil, err
	}
	maxMessages := defaultMaxMessages
	if n.MaxMessages != nil {
		maxMessages = *n.MaxMessages
	}
	if err := checkMaxMessages(maxMessages); err != nil {
		return nil, err
	}
	if err := checkRole(n.Role); err != nil {
		return nil, err
	}
	hash, err := hashPassword(ctx, n.Password)
	if err != nil {
		return nil, err
	}
	avatar, err := optionalText("avatar", n.Avatar, 500)
	if err != nil {
		return nil, err
	}
	id := uuid.NewString()
	var added *Agent
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`INSERT INTO agents (id, email, name, avatar, role, password_hash, max_concurrent, max_messages)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, id, email, name, avatar, n.Role, hash, n.MaxConcurrent, maxMessages).Exec(ctx)
		if violates(err, agentsEmailUnique) {
			return ErrEmailTaken
		}
		if err != nil {
			return err
		}
		if err := setDepartments(ctx, t, id, n.Departments); err != nil {
			return err
		}
		if added, err = d.agent(ctx, t, id); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditAgentAdded, aboutAgent(added),
			details{"role": added.Role, "capacity": added.MaxConcurrent, "departments": added.Departments})
	})
	return added, err
}

// setDepartments replaces the departments of an agent; an unknown one is validation_failed.
func setDepartments(ctx context.Context, t *tx, agentID string, slugs []string) error {
	if _, err := t.NewRaw(`DELETE FROM agent_departments WHERE agent_id = ?`, agentID).Exec(ctx); err != nil {
		return err
	}
	for _, slug := range slugs {
		_, err := t.NewRaw(`INSERT INTO agent_departments VALUES (?, ?) ON CONFLICT DO NOTHING`, agentID, slug).Exec(ctx)
		if violates(err, agentDepartmentsDepartmentFkey) {
			return invalid("departments", fieldUnknown, "This department does not exist.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AgentChange is what UpdateAgent changes. A nil field stays as it is.
type AgentChange struct {
	Name          *string
	Role          *Role
	MaxConcurrent *int // the regular one; another than before ends a temporary capacity of the agent
	MaxMessages   *int
	Departments   *[]string
	Disabled      *bool
}

// validate refuses fields out of bounds, and puts the name on one line without surrounding white space.
func (c *AgentChange) validate() error {
	if c.Name != nil {
		name, err := validateText("name", oneLine(*c.Name), 1, 80)
		if err != nil {
			return err
		}
		c.Name = &name
	}
	if c.Role != nil {
		if err := checkRole(*c.Role); err != nil {
			return err
		}
	}
	if c.MaxConcurrent != nil {
		if err := checkCapacity(*c.MaxConcurrent); err != nil {
			return err
		}
	}
	if c.MaxMessages != nil {
		return checkMaxMessages(*c.MaxMessages)
	}
	return nil
}

// write stores the change of a locked agent. A disabled agent chooses offline, so that the agent is not online when enabled again.
func (c *AgentChange) write(ctx context.Context, t *tx, before *Agent) error {
	disabled := before.DisabledAt != nil
	if c.Disabled != nil {
		disabled = *c.Disabled
	}
	_, err := t.NewRaw(`UPDATE agents SET name = coalesce(?, name), role = coalesce(?, role), max_messages = coalesce(?, max_messages),
		disabled_at = CASE WHEN ? THEN coalesce(disabled_at, now()) END,
		choice_at = CASE WHEN ? AND choice <> 'offline' THEN clock_timestamp() ELSE choice_at END,
		choice = CASE WHEN ? THEN 'offline' ELSE choice END WHERE id = ?`,
		c.Name, c.Role, c.MaxMessages, disabled, disabled, disabled, before.ID).Exec(ctx)
	if err == nil && c.MaxConcurrent != nil && *c.MaxConcurrent != before.RegularCapacity() {
		_, err = t.NewRaw(`UPDATE agents SET max_concurrent = ?, regular_max = NULL WHERE id = ?`, *c.MaxConcurrent, before.ID).Exec(ctx)
	}
	if err != nil || c.Departments == nil {
		return err
	}
	return setDepartments(ctx, t, before.ID, *c.Departments)
}

// checkAdminLeft refuses with last_admin a change that took the role of the last administrator away, or disabled them.
func checkAdminLeft(ctx context.Context, t *tx, before *Agent) error {
	var admins int
	if err := t.NewRaw(`SELECT count(*) FROM agents WHERE role = 'admin' AND disabled_at IS NULL`).Scan(ctx, &admins); err != nil {
		return err
	}
	if admins == 0 && before.Role == RoleAdmin && before.DisabledAt == nil {
		return ErrLastAdmin
	}
	return nil
}

// UpdateAgent changes an agent and returns them as they are now. Admins only. An agent who is disabled or gets another
// role is signed out at once, and the chats of a disabled agent go back to the front of the queue. Fields out of bounds
// and unknown departments are validation_failed, an unknown agent is agent_not_found, and a change that would leave no
// administrator is 409 last_admin.
func (d *Desk) UpdateAgent(ctx context.Context, actor Actor, id string, change AgentChange) (*Agent, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if err := change.validate(); err != nil {
		return nil, err
	}
	var after *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		// One at a time, so that two admins cannot take each other's role away at once.
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, rolesLock).Exec(ctx); err != nil {
			return err
		}
		before, err := d.lockAgent(ctx, t, id)
		if err != nil {
			return err
		}
		if before.IsBot() {
			return ErrAgentNotFound
		}
		if err := change.write(ctx, t, before); err != nil {
			return err
		}
		if err := checkAdminLeft(ctx, t, before); err != nil {
			return err
		}
		if change.Disabled != nil && actor.ID != ssoActor.ID { // what an administrator decides, groups do not change
			if _, err := t.NewRaw(`UPDATE sso_accounts SET is_suspended = false WHERE agent_id = ? AND is_suspended`, id).
				Exec(ctx); err != nil {
				return err
			}
		}
		if after, err = d.agent(ctx, t, id); err != nil {
			return err
		}
		isDisabledNow := after.DisabledAt != nil && before.DisabledAt == nil
		if after.Role != before.Role || isDisabledNow {
			if err := endSessions(ctx, t, id); err != nil {
				return err
			}
		}
		change := after.presenceEvent(after.Presence != before.Presence)
		change.Presence.DetailChanged = !sameDetail(before, after) || !sameExtra(before, after)
		t.emit(change)
		t.requestDrain()
		if err := t.recordPresence(ctx, before, after, PresenceDisabled, actor.ID); err != nil {
			return err
		}
		return t.auditAgent(ctx, actor, before, after)
	})
	if err != nil {
		return nil, err
	}
	if after.DisabledAt != nil && after.Load+after.MessageLoad > 0 {
		if err := d.requeueChatsOf(ctx, id, SystemReturned); err != nil {
			return nil, err
		}
	}
	if after.DisabledAt != nil && after.Reserved > 0 {
		if err := d.SweepOffers(ctx); err != nil {
			return nil, err
		}
	}
	return d.AgentByID(ctx, id)
}

// auditAgent adds one row to the audit log for each kind of change to an agent.
func (t *tx) auditAgent(ctx context.Context, actor Actor, before, after *Agent) error {
	gone, wasGone := after.DisabledAt != nil, before.DisabledAt != nil
	for _, c := range []struct {
		changed bool
		action  AuditAction
		more    details
	}{
		{before.Name != after.Name, AuditAgentRenamed, details{"name": step{before.Name, after.Name}}},
		{before.Role != after.Role, AuditRoleChanged, details{"role": step{before.Role, after.Role}}},
		{
			before.RegularCapacity() != after.RegularCapacity(), AuditCapacityChanged,
			details{"capacity": step{before.RegularCapacity(), after.RegularCapacity()}},
		},
		{
			before.MaxMessages != after.MaxMessages, AuditCapacityChanged,
			details{"max_messages": step{before.MaxMessages, after.MaxMessages}},
		},
		{
			!slices.Equal(before.Departments, after.Departments), AuditDepartmentsChanged,
			details{"departments": step{before.Departments, after.Departments}},
		},
		{gone && !wasGone, AuditAgentDisabled, nil},
		{!gone && wasGone, AuditAgentEnabled, nil},
	} {
		if !c.changed {
			continue
		}
		if err := t.audit(ctx, actor, c.action, aboutAgent(before), c.more); err != nil {
			return err
		}
	}
	return nil
}

// SetPassword sets the password of an agent and ends every session of that agent. Admins may set any, other agents their
// own. An unknown agent is agent_not_found; a password out of bounds is validation_failed.
func (d *Desk) SetPassword(ctx context.Context, actor Actor, id, password string) error {
	if !actor.IsAgent() || actor.ID != id {
		if err := actor.require(RoleAdmin); err != nil {
			return err
		}
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var name string
		err := t.NewRaw(`UPDATE agents SET password_hash = ? WHERE id = ? AND kind = 'human' RETURNING name`, hash, id).Scan(ctx, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrAgentNotFound
		}
		if err != nil {
			return err
		}
		if err := endSessions(ctx, t, id); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditPasswordSet, Subject{Kind: SubjectAgent, ID: id, Name: name}, nil)
	})
}
