package models

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"
)

// AuditAction is what was done. Its values are stable.
type AuditAction string

// The actions that the audit log tells of.
const (
	AuditSignedIn             AuditAction = "signed_in"
	AuditSignInFailed         AuditAction = "sign_in_failed" // the subject is the account, if there is one; nobody is the actor
	AuditSignedOut            AuditAction = "signed_out"
	AuditAgentAdded           AuditAction = "agent_added"
	AuditAgentRenamed         AuditAction = "agent_renamed"
	AuditRoleChanged          AuditAction = "role_changed"
	AuditCapacityChanged      AuditAction = "capacity_changed"
	AuditDepartmentsChanged   AuditAction = "agent_departments_changed"
	AuditAgentDisabled        AuditAction = "agent_disabled"
	AuditAgentEnabled         AuditAction = "agent_enabled"
	AuditPasswordSet          AuditAction = "password_set"
	AuditSessionsEnded        AuditAction = "sessions_ended" // one's own, elsewhere
	AuditSecondFactorOn       AuditAction = "second_factor_on"
	AuditSecondFactorOff      AuditAction = "second_factor_off"
	AuditSecondFactorReset    AuditAction = "second_factor_reset" // by an administrator
	AuditRecoveryCodesRenewed AuditAction = "recovery_codes_renewed"
	AuditDepartmentAdded      AuditAction = "department_added"
	AuditDepartmentRenamed    AuditAction = "department_renamed"
	AuditDepartmentRemoved    AuditAction = "department_removed"
	AuditSettingChanged       AuditAction = "setting_changed"
	AuditSettingReset         AuditAction = "setting_reset"
	AuditSiteAdded            AuditAction = "site_added"
	AuditSiteRemoved          AuditAction = "site_removed"
	AuditChatWatched          AuditAction = "chat_watched"    // opened by somebody who is not part of it
	AuditChatTakenOver        AuditAction = "chat_taken_over" // assigned by hand to oneself
	AuditChatAssigned         AuditAction = "chat_assigned"   // by hand
	AuditChatTransferred      AuditAction = "chat_transferred"
	AuditChatEnded            AuditAction = "chat_ended"
	AuditPriorityChanged      AuditAction = "chat_priority_changed"
	AuditHealthRepaired       AuditAction = "health_repaired"
	AuditFileExported         AuditAction = "file_exported"
	AuditUserExported         AuditAction = "user_exported"
	AuditUserErased           AuditAction = "user_erased"
)

// AuditActions are all of them, in the order in which a reader looks for them.
var AuditActions = []AuditAction{AuditSignedIn, AuditSignInFailed, AuditSignedOut,
	AuditAgentAdded, AuditAgentRenamed, AuditRoleChanged, AuditCapacityChanged, AuditDepartmentsChanged, AuditAgentDisabled, AuditAgentEnabled, AuditPasswordSet,
	AuditSessionsEnded, AuditSecondFactorOn, AuditSecondFactorOff, AuditSecondFactorReset, AuditRecoveryCodesRenewed,
	AuditDepartmentAdded, AuditDepartmentRenamed, AuditDepartmentRemoved, AuditSettingChanged, AuditSettingReset, AuditSiteAdded, AuditSiteRemoved,
	AuditChatWatched, AuditChatTakenOver, AuditChatAssigned, AuditChatTransferred, AuditChatEnded, AuditPriorityChanged,
	AuditHealthRepaired, AuditFileExported, AuditUserExported, AuditUserErased}

// SubjectKind is what an action was done to.
type SubjectKind string

// The kinds of subjects.
const (
	SubjectAgent      SubjectKind = "agent"
	SubjectDepartment SubjectKind = "department"
	SubjectSetting    SubjectKind = "setting"
	SubjectSite       SubjectKind = "site"
	SubjectChat       SubjectKind = "chat"
	SubjectUser       SubjectKind = "user"
	SubjectRule       SubjectKind = "rule" // of the health page
	SubjectFile       SubjectKind = "file" // that was downloaded
)

// Subject is what an action was done to, as it was then. Users and their chats have no name here: the log cannot be edited, so an erasure
// could not take it away.
type Subject struct {
	Kind     SubjectKind
	ID, Name string
	UserID   string // whom it is about, for chats and users
}

func aboutAgent(a *Agent) Subject { return Subject{Kind: SubjectAgent, ID: a.ID, Name: a.Name} }

// aboutSelf is whoever acts on the own account; the name is looked up with the actor's.
func aboutSelf(a Actor) Subject { return Subject{Kind: SubjectAgent, ID: a.ID} }

func aboutChat(c *Chat) Subject   { return Subject{Kind: SubjectChat, ID: c.ID, UserID: c.UserID} }
func aboutUser(id string) Subject { return Subject{Kind: SubjectUser, ID: id, UserID: id} }

// details are what else is to be told: what changed, and never a message, a password or a token.
type details map[string]any

// step is a value before and after.
type step struct {
	From any `json:"from"`
	To   any `json:"to"`
}

type originKey struct{}

type origin struct{ address, requestID string }

// From returns a context in which everything is done from that network address, by that request. An address that is none is left out.
func From(ctx context.Context, address, requestID string) context.Context {
	at, err := netip.ParseAddr(address)
	o := origin{requestID: requestID}
	if err == nil {
		o.address = at.Unmap().WithZone("").String()
	}
	return context.WithValue(ctx, originKey{}, o)
}

// audit adds a row to the log within the transaction of what it tells of, so that there is never one without the other.
func (t *tx) audit(ctx context.Context, actor Actor, action AuditAction, about Subject, more details) error {
	if more == nil {
		more = details{}
	}
	told, err := json.Marshal(more)
	if err != nil {
		return err
	}
	o, _ := ctx.Value(originKey{}).(origin)
	_, err = t.NewRaw(`INSERT INTO audit_log (actor_id, actor_name, actor_role, action, subject_kind, subject_id, subject_name, user_id, details, address, request_id)
		VALUES (?0, coalesce((SELECT name FROM agents WHERE id = ?0), ?0), ?1, ?2, ?3, ?4, coalesce(nullif(?5, ''), (SELECT name FROM agents WHERE ?3 = 'agent' AND id = ?4), ''), nullif(?6, ''), ?7, nullif(?8, '')::inet, nullif(?9, ''))`,
		actor.ID, actor.Role, action, about.Kind, about.ID, about.Name, about.UserID, string(told), o.address, o.requestID).Exec(ctx)
	return err
}

// auditOnly is audit for what changes nothing else.
func (d *Desk) auditOnly(ctx context.Context, actor Actor, action AuditAction, about Subject, more details) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error { return t.audit(ctx, actor, action, about, more) })
}

// auditReadInterval is how long somebody may look at a chat, and come back to it, before that counts as opened again.
const auditReadInterval = 10 * time.Minute

// auditChatRead notes that somebody opened a chat without being part of it, once per opening.
func (d *Desk) auditChatRead(ctx context.Context, actor Actor, c *Chat) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(hashtextextended(?, ?))`, actor.ID+" "+c.ID, watchLock).Exec(ctx); err != nil {
			return err
		}
		var open bool
		err := t.NewRaw(`SELECT EXISTS (SELECT FROM audit_log WHERE subject_id = ? AND action = ? AND actor_id = ? AND at > clock_timestamp() - make_interval(secs => ?))`,
			c.ID, AuditChatWatched, actor.ID, auditReadInterval.Seconds()).Scan(ctx, &open)
		if err != nil || open {
			return err
		}
		return t.audit(ctx, actor, AuditChatWatched, aboutChat(c), details{"status": c.Status})
	})
}

// AuditExport notes that an agent takes a file with so many rows out of the house. What is not noted must not be given.
func (d *Desk) AuditExport(ctx context.Context, actor Actor, file string, rows int) error {
	return d.auditOnly(ctx, actor, AuditFileExported, Subject{Kind: SubjectFile, ID: file, Name: file}, details{"rows": rows})
}
