package models

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"
)

// AuditAction is what was done. Its values are stable: they are stored, and other programs read them.
type AuditAction string

// The actions in the audit log.
const (
	AuditSignedIn             AuditAction = "signed_in"
	AuditSignInFailed         AuditAction = "sign_in_failed" // the subject is the account, if it exists; there is no actor
	AuditSignedOut            AuditAction = "signed_out"
	AuditSSOLinked            AuditAction = "sso_account_linked" // an account of the provider with an agent
	AuditBreakGlassUsed       AuditAction = "break_glass_used"   // a password, where only single sign-on is allowed
	AuditAgentAdded           AuditAction = "agent_added"
	AuditAgentRenamed         AuditAction = "agent_renamed"
	AuditRoleChanged          AuditAction = "role_changed"
	AuditCapacityChanged      AuditAction = "capacity_changed"
	AuditDepartmentsChanged   AuditAction = "agent_departments_changed"
	AuditAgentDisabled        AuditAction = "agent_disabled"
	AuditAgentEnabled         AuditAction = "agent_enabled"
	AuditPasswordSet          AuditAction = "password_set"
	AuditSessionsEnded        AuditAction = "sessions_ended"      // the actor's own, on other devices
	AuditPushDeviceRemoved    AuditAction = "push_device_removed" // of another agent
	AuditSecondFactorOn       AuditAction = "second_factor_on"
	AuditSecondFactorOff      AuditAction = "second_factor_off"
	AuditSecondFactorReset    AuditAction = "second_factor_reset" // by an administrator
	AuditRecoveryCodesRenewed AuditAction = "recovery_codes_renewed"
	AuditDepartmentAdded      AuditAction = "department_added"
	AuditDepartmentRenamed    AuditAction = "department_renamed"
	AuditDepartmentRemoved    AuditAction = "department_removed"
	AuditHoursChanged         AuditAction = "opening_hours_changed"
	AuditHolidaysImported     AuditAction = "holidays_imported"
	AuditHoursRemoved         AuditAction = "opening_hours_removed"
	AuditBreakReasonAdded     AuditAction = "break_reason_added"
	AuditBreakReasonChanged   AuditAction = "break_reason_changed"
	AuditBreakReasonMoved     AuditAction = "break_reason_moved"
	AuditBreakReasonRetired   AuditAction = "break_reason_retired"
	AuditBreakReasonRestored  AuditAction = "break_reason_restored"
	AuditRatingReasonAdded    AuditAction = "rating_reason_added"
	AuditRatingReasonChanged  AuditAction = "rating_reason_changed"
	AuditRatingReasonMoved    AuditAction = "rating_reason_moved"
	AuditRatingReasonRetired  AuditAction = "rating_reason_retired"
	AuditRatingReasonRestored AuditAction = "rating_reason_restored"
	AuditQuestionAdded        AuditAction = "question_added"
	AuditQuestionChanged      AuditAction = "question_changed"
	AuditQuestionMoved        AuditAction = "question_moved"
	AuditQuestionRetired      AuditAction = "question_retired"
	AuditQuestionRestored     AuditAction = "question_restored"
	AuditLookChanged          AuditAction = "look_changed"
	AuditLookRemoved          AuditAction = "look_removed"
	AuditTextChanged          AuditAction = "text_changed"
	AuditTextRemoved          AuditAction = "text_removed"
	AuditSettingChanged       AuditAction = "setting_changed"
	AuditSettingReset         AuditAction = "setting_reset"
	AuditSiteAdded            AuditAction = "site_added"
	AuditSiteRemoved          AuditAction = "site_removed"
	AuditChatWatched          AuditAction = "chat_watched"     // opened by an agent who is not part of it
	AuditChatsSearched        AuditAction = "chats_searched"   // with chats of others among the results
	AuditChatWatchEnded       AuditAction = "chat_watch_ended" // of a live view, with its begin and end
	AuditChatWhispered        AuditAction = "chat_whispered"
	AuditChatJoined           AuditAction = "chat_joined"
	AuditChatLeft             AuditAction = "chat_left" // by a supervisor who had joined
	AuditHandRaised           AuditAction = "hand_raised"
	AuditHandLowered          AuditAction = "hand_lowered"
	AuditFlagDismissed        AuditAction = "flag_dismissed"
	AuditTranscriptSent       AuditAction = "transcript_sent" // by e-mail, by an agent
	AuditContinueLinksRevoked AuditAction = "continue_links_revoked"
	AuditMailRetried          AuditAction = "mail_retried"
	AuditReplyAddressRevoked  AuditAction = "reply_address_revoked"
	AuditChatTakenOver        AuditAction = "chat_taken_over" // assigned by hand to oneself
	AuditChatAssigned         AuditAction = "chat_assigned"   // by hand
	AuditChatTransferred      AuditAction = "chat_transferred"
	AuditChatEnded            AuditAction = "chat_ended"
	AuditPriorityChanged      AuditAction = "chat_priority_changed"
	AuditMessageEdited        AuditAction = "message_edited"    // by the agent who sent it
	AuditMessageWithdrawn     AuditAction = "message_withdrawn" // by the agent who sent it
	AuditUserTagAdded         AuditAction = "user_tag_added"
	AuditUserTagRemoved       AuditAction = "user_tag_removed"
	AuditUserNoteAdded        AuditAction = "user_note_added"
	AuditUserNoteEdited       AuditAction = "user_note_edited"
	AuditUserNoteRemoved      AuditAction = "user_note_removed"
	AuditHealthRepaired       AuditAction = "health_repaired"
	AuditFileExported         AuditAction = "file_exported"
	AuditUserExported         AuditAction = "user_exported"
	AuditUserErased           AuditAction = "user_erased"
	// Of canned replies that are shared, or another agent's own.
	AuditCannedReplyAdded      AuditAction = "canned_reply_added"
	AuditCannedReplyChanged    AuditAction = "canned_reply_changed"
	AuditCannedReplyRemoved    AuditAction = "canned_reply_removed"
	AuditCannedRepliesImported AuditAction = "canned_replies_imported"

	AuditWallboardKeyAdded   AuditAction = "wallboard_key_added"
	AuditWallboardKeyRevoked AuditAction = "wallboard_key_revoked"

	AuditAssistantUsed AuditAction = "assistant_used" // counts of what was sent, no texts

	AuditBotAdded      AuditAction = "bot_added"
	AuditBotChanged    AuditAction = "bot_changed"
	AuditBotHandedOver AuditAction = "bot_chat_handed_over" // by Parley, without an actor

	AuditAPIKeyAdded   AuditAction = "api_key_added"
	AuditAPIKeyRevoked AuditAction = "api_key_revoked"

	AuditWebhookAdded         AuditAction = "webhook_added"
	AuditWebhookChanged       AuditAction = "webhook_changed"
	AuditWebhookSecretRotated AuditAction = "webhook_secret_rotated"
	AuditWebhookPaused        AuditAction = "webhook_paused"
	AuditWebhookResumed       AuditAction = "webhook_resumed"
	AuditWebhookSwitchedOff   AuditAction = "webhook_switched_off" // by Parley, without an actor
	AuditWebhookRemoved       AuditAction = "webhook_removed"
	AuditWebhookTested        AuditAction = "webhook_tested"
	AuditWebhookReplayed      AuditAction = "webhook_replayed"
	// Of capacities for a limited time. Parley takes them back itself, without an actor, unless an agent does earlier.
	AuditCapacityApplied   AuditAction = "capacity_applied"
	AuditCapacityExtended  AuditAction = "capacity_extended"
	AuditCapacityTakenBack AuditAction = "capacity_taken_back"

	AuditWrapUpOptionAdded    AuditAction = "wrap_up_option_added"
	AuditWrapUpOptionRenamed  AuditAction = "wrap_up_option_renamed"
	AuditWrapUpOptionRetired  AuditAction = "wrap_up_option_retired"
	AuditWrapUpOptionRestored AuditAction = "wrap_up_option_restored"
	AuditAlertRuleAdded       AuditAction = "alert_rule_added"
	AuditAlertRuleChanged     AuditAction = "alert_rule_changed"
	AuditAlertRuleRemoved     AuditAction = "alert_rule_removed"
	AuditAlertAcknowledged    AuditAction = "alert_acknowledged"
	AuditAlertSnoozed         AuditAction = "alert_snoozed"
	// AuditWrapUpChanged is a change of outcome or tags that a chat had, or by an agent who did not serve the chat.
	AuditWrapUpChanged AuditAction = "chat_wrap_up_changed"
	// Of saved reports that are shared with every supervisor.
	AuditReportShared  AuditAction = "report_shared"
	AuditReportRemoved AuditAction = "report_removed"
)

// AuditActions are all actions, in the order in which the filter of the audit log lists them.
var AuditActions = []AuditAction{
	AuditSignedIn,
	AuditSignInFailed,
	AuditSignedOut,
	AuditSSOLinked,
	AuditBreakGlassUsed,
	AuditAgentAdded,
	AuditAgentRenamed,
	AuditRoleChanged,
	AuditCapacityChanged,
	AuditDepartmentsChanged,
	AuditCapacityApplied,
	AuditCapacityExtended,
	AuditCapacityTakenBack,
	AuditAgentDisabled,
	AuditAgentEnabled,
	AuditPasswordSet,
	AuditSessionsEnded,
	AuditPushDeviceRemoved,
	AuditSecondFactorOn,
	AuditSecondFactorOff,
	AuditSecondFactorReset,
	AuditRecoveryCodesRenewed,
	AuditDepartmentAdded,
	AuditDepartmentRenamed,
	AuditDepartmentRemoved,
	AuditHoursChanged,
	AuditHoursRemoved,
	AuditBreakReasonAdded,
	AuditBreakReasonChanged,
	AuditBreakReasonMoved,
	AuditBreakReasonRetired,
	AuditBreakReasonRestored,
	AuditRatingReasonAdded,
	AuditRatingReasonChanged,
	AuditRatingReasonMoved,
	AuditRatingReasonRetired,
	AuditRatingReasonRestored,
	AuditQuestionAdded,
	AuditQuestionChanged,
	AuditQuestionMoved,
	AuditQuestionRetired,
	AuditQuestionRestored,
	AuditLookChanged,
	AuditLookRemoved,
	AuditTextChanged,
	AuditTextRemoved,
	AuditSettingChanged,
	AuditSettingReset,
	AuditSiteAdded,
	AuditSiteRemoved,
	AuditCannedReplyAdded,
	AuditCannedReplyChanged,
	AuditCannedReplyRemoved,
	AuditCannedRepliesImported,
	AuditWrapUpOptionAdded,
	AuditWrapUpOptionRenamed,
	AuditWrapUpOptionRetired,
	AuditWrapUpOptionRestored,
	AuditWallboardKeyAdded,
	AuditWallboardKeyRevoked,
	AuditBotAdded,
	AuditBotChanged,
	AuditBotHandedOver,
	AuditAPIKeyAdded,
	AuditAPIKeyRevoked,
	AuditWebhookAdded,
	AuditWebhookChanged,
	AuditWebhookSecretRotated,
	AuditWebhookPaused,
	AuditWebhookResumed,
	AuditWebhookSwitchedOff,
	AuditWebhookRemoved,
	AuditWebhookTested,
	AuditWebhookReplayed,
	AuditChatWatched,
	AuditChatsSearched,
	AuditChatWatchEnded,
	AuditChatWhispered,
	AuditChatJoined,
	AuditChatLeft,
	AuditHandRaised,
	AuditHandLowered,
	AuditFlagDismissed,
	AuditTranscriptSent,
	AuditContinueLinksRevoked,
	AuditMailRetried,
	AuditReplyAddressRevoked,
	AuditChatTakenOver,
	AuditChatAssigned,
	AuditChatTransferred,
	AuditChatEnded,
	AuditPriorityChanged,
	AuditMessageEdited,
	AuditMessageWithdrawn,
	AuditWrapUpChanged,
	AuditUserTagAdded,
	AuditUserTagRemoved,
	AuditUserNoteAdded,
	AuditUserNoteEdited,
	AuditUserNoteRemoved,
	AuditReportShared,
	AuditReportRemoved,
	AuditAlertRuleAdded,
	AuditAlertRuleChanged,
	AuditAlertRuleRemoved,
	AuditAlertAcknowledged,
	AuditAlertSnoozed,
	AuditHealthRepaired,
	AuditFileExported,
	AuditUserExported,
	AuditAssistantUsed,
	AuditUserErased,
}

// SubjectKind is what kind of thing an action was done to.
type SubjectKind string

// The kinds of subjects.
const (
	SubjectAgent       SubjectKind = "agent"
	SubjectDepartment  SubjectKind = "department"
	SubjectBreakReason SubjectKind = "break_reason"
	SubjectSetting     SubjectKind = "setting"
	SubjectSite        SubjectKind = "site"
	SubjectChat        SubjectKind = "chat"
	SubjectUser        SubjectKind = "user"
	SubjectRule        SubjectKind = "rule" // of the health page
	SubjectFile        SubjectKind = "file" // that was downloaded

	SubjectHours SubjectKind = "opening_hours" // of a department, or of all others

	SubjectCannedReply SubjectKind = "canned_reply"

	SubjectWrapUpOption SubjectKind = "wrap_up_option"

	SubjectWallboardKey SubjectKind = "wallboard_key"

	SubjectAPIKey SubjectKind = "api_key"

	SubjectWebhook SubjectKind = "webhook"

	SubjectRatingReason SubjectKind = "rating_reason"

	SubjectQuestion SubjectKind = "question" // before a chat

	SubjectLook SubjectKind = "look" // of the widget on a site, or on all

	SubjectText SubjectKind = "text" // for users, as the company has written it

	SubjectReport SubjectKind = "report" // a saved one

	SubjectSearch            SubjectKind = "search" // in the messages of chats, of one user or of all
	SubjectTemporaryCapacity SubjectKind = "temporary_capacity"
	SubjectAlertRule         SubjectKind = "alert_rule"
	SubjectAlert             SubjectKind = "alert"
)

// Subject is what an action was done to, with its name at that time. Users and their chats have no name here: rows
// cannot be changed, so erasing a user could not remove it.
type Subject struct {
	Kind     SubjectKind
	ID, Name string
	UserID   string // the user concerned, for chats and users
}

func aboutAgent(a *Agent) Subject { return Subject{Kind: SubjectAgent, ID: a.ID, Name: a.Name} }

// aboutSelf is the subject of an action on the actor's own account; audit fills in the name.
func aboutSelf(a Actor) Subject { return Subject{Kind: SubjectAgent, ID: a.ID} }

func aboutChat(c *Chat) Subject   { return Subject{Kind: SubjectChat, ID: c.ID, UserID: c.UserID} }
func aboutUser(id string) Subject { return Subject{Kind: SubjectUser, ID: id, UserID: id} }

// details are the values of an action, such as what changed. They never hold a message, a password or a token.
type details map[string]any

// step is a value before and after a change.
type step struct {
	From any `json:"from"`
	To   any `json:"to"`
}

type originKey struct{}

type origin struct{ address, requestID string }

// From returns a context whose actions are recorded with a network address and a request id. An address that cannot be
// parsed is left out.
func From(ctx context.Context, address, requestID string) context.Context {
	at, err := netip.ParseAddr(address)
	o := origin{requestID: requestID}
	if err == nil {
		o.address = at.Unmap().WithZone("").String()
	}
	return context.WithValue(ctx, originKey{}, o)
}

// audit adds a row to the log in the transaction of the action itself, so that neither is ever stored without the other.
func (t *tx) audit(ctx context.Context, actor Actor, action AuditAction, about Subject, more details) error {
	if more == nil {
		more = details{}
	}
	told, err := json.Marshal(more)
	if err != nil {
		return err
	}
	o, _ := ctx.Value(originKey{}).(origin)
	_, err = t.NewRaw(`INSERT INTO audit_log (actor_id, actor_name, actor_role, action, subject_kind,
		subject_id, subject_name, user_id, details, address, request_id)
		VALUES (?0, coalesce((SELECT name FROM agents WHERE id = ?0), (SELECT 'API key ' || name FROM api_keys WHERE 'key-' || id = ?0), ?0), ?1, ?2, ?3, ?4,
			coalesce(nullif(?5, ''), (SELECT name FROM agents WHERE ?3 = 'agent' AND id = ?4), ''),
			nullif(?6, ''), ?7, nullif(?8, '')::inet, nullif(?9, ''))`,
		actor.ID, actor.Role, action, about.Kind, about.ID, about.Name, about.UserID, string(told), o.address, o.requestID).Exec(ctx)
	return err
}

// auditOnly adds a row for an action that changes nothing else.
func (d *Desk) auditOnly(ctx context.Context, actor Actor, action AuditAction, about Subject, more details) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error { return t.audit(ctx, actor, action, about, more) })
}

// auditReadInterval is for how long a chat that an agent reads without being part of it counts as opened. Reading on
// within it adds no row.
const auditReadInterval = 10 * time.Minute

// auditReading records that the actor reads what was written in a chat, unless the actor is part of it.
func (d *Desk) auditReading(ctx context.Context, actor Actor, c *Chat) error {
	if actor.isParticipant(c) {
		return nil
	}
	return d.auditChatRead(ctx, actor, c)
}

// auditChatRead records that an agent opened a chat without being part of it. An advisory lock per agent and chat keeps
// two requests at once from recording it twice.
func (d *Desk) auditChatRead(ctx context.Context, actor Actor, c *Chat) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`SELECT pg_advisory_xact_lock(hashtextextended(?, ?))`, actor.ID+" "+c.ID, chatReadLock).Exec(ctx)
		if err != nil {
			return err
		}
		var open bool
		err = t.NewRaw(`SELECT EXISTS (SELECT FROM audit_log WHERE subject_id = ? AND action = ? AND actor_id = ?
			AND at > statement_timestamp() - make_interval(secs => ?))`,
			c.ID, AuditChatWatched, actor.ID, auditReadInterval.Seconds()).Scan(ctx, &open)
		if err != nil || open {
			return err
		}
		return t.audit(ctx, actor, AuditChatWatched, aboutChat(c), details{"status": c.Status})
	})
}

// AuditExport records that an agent downloads a file of that many rows. The caller sends the file only if this succeeds.
func (d *Desk) AuditExport(ctx context.Context, actor Actor, file string, rows int) error {
	return d.auditOnly(ctx, actor, AuditFileExported, Subject{Kind: SubjectFile, ID: file, Name: file}, details{"rows": rows})
}
