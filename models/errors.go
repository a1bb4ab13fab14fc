package models

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of an [Error]; each has one HTTP status in web/kit.
type Kind int

// The kinds of errors.
const (
	Internal Kind = iota
	Malformed
	Unauthorized
	Forbidden
	NotFound
	Conflict
	Invalid
	TooMany
	Unavailable
)

// Error is a refusal of the desk. Its code and its detail may be shown to the caller, its cause may not.
type Error struct {
	Kind   Kind
	Code   string            // stable, snake_case
	Detail string            // one English sentence for the reader, with what to do
	Fields map[string]string // validation: field name -> code
	// RetryAfter is how long to wait before the same request can succeed; zero when unknown.
	RetryAfter time.Duration
	Newer      *Message  // of newer_message: the message that the caller has not seen
	Note       *UserNote // of user_note_changed: the note as it is

	cause error // for the log only
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code
}

func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an [*Error] with the same code, so that errors.Is(err, ErrChatNotFound) holds for every
// refusal with the code chat_not_found, regardless of detail and cause.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// WithDetail returns a copy with another sentence for the caller.
func (e *Error) WithDetail(detail string) *Error {
	other := *e
	other.Detail = detail
	return &other
}

// WithCause returns a copy that carries the error behind it, for the log.
func (e *Error) WithCause(cause error) *Error {
	other := *e
	other.cause = cause
	return &other
}

// CodeOf returns the stable code of an error of the desk, and "" for any other. To find out which refusal an error is, use errors.Is.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The codes of field errors.
const (
	fieldRequired    = "required"
	fieldTooLong     = "too_long"
	fieldTooMany     = "too_many"
	fieldTooShort    = "too_short"
	fieldOutOfBounds = "out_of_bounds"
	fieldUnknown     = "unknown"
	fieldInvalid     = "invalid"
	fieldTaken       = "taken"
	fieldWrong       = "wrong"
)

// The refusals whose code and sentence are always the same, to compare with errors.Is. They are shared, so nothing may
// change them; take a copy by WithDetail or WithCause.
var (
	// ErrUnauthorized is 401: the session has ended, or the credential opens nothing.
	ErrUnauthorized = unauthorizedAs("unauthorized", "You are not signed in, or your session has ended. Sign in again.")
	// ErrRoleRequired is 403: the actor's role is too low.
	ErrRoleRequired = forbidden("role_required", "Your role does not allow this. Ask an administrator.")

	// ErrMailNotConfigured is 409: there is no mail server or no sender's address.
	ErrMailNotConfigured = conflict("mail_not_configured", "E-mail is not set up here. Ask an administrator.")

	// ErrWrongCredentials is 401: address and password do not belong to an account that may sign in.
	ErrWrongCredentials = unauthorizedAs("wrong_credentials", "The e-mail address or password is wrong.")
	// ErrSecondFactorRequired is 401: the password is right and the account needs a code too.
	ErrSecondFactorRequired = unauthorizedAs("second_factor_required",
		"This account uses two-factor authentication. Send a code from the authenticator app, or a recovery code, as code.")
	// ErrWrongCode is 401: a code of the second factor is wrong or was used before.
	ErrWrongCode = unauthorizedAs("wrong_code",
		"The code is wrong or was already used. Wait for the next one in the app, or use a recovery code.")
	// ErrSignInExpired is 401: the step between password and code is too old, or was used.
	ErrSignInExpired = unauthorizedAs("sign_in_expired", "This sign-in has expired or was already completed. Sign in again.")

	// ErrSSORequired is 403: agents sign in at the provider, not with a password.
	ErrSSORequired = forbidden("sso_required", "Passwords are not accepted here. Use single sign-on.")
	// ErrSSONoAccess is 403: the account at the provider has no group that may use Parley.
	ErrSSONoAccess = forbidden("sso_no_access", "Your account has no access to Parley. Ask an administrator for a group that has.")
	// ErrSSODisabled is 403: an administrator disabled the agent.
	ErrSSODisabled = forbidden("sso_disabled", "Your agent is disabled in Parley. Ask an administrator.")
	// ErrSSOEmailUnverified is 403: the provider has not verified the address by which an agent is found.
	ErrSSOEmailUnverified = forbidden("sso_email_unverified",
		"The sign-in service has not verified your e-mail address, or it belongs to another account. Ask an administrator.")
	// ErrSSOUnavailable is 503: the provider does not answer.
	ErrSSOUnavailable = &Error{
		Kind: Unavailable, Code: "sso_unavailable", Detail: "The sign-in service cannot be reached right now. Try again in a moment.",
		RetryAfter: 5 * time.Second,
	}
	// ErrLogoutRepeated is 409: the logout token was used before.
	ErrLogoutRepeated = conflict("logout_repeated", "This logout was received before.")
	// ErrSecondFactorOn is 409: the account has a second factor already.
	ErrSecondFactorOn = conflict("second_factor_on", "Two-factor authentication is already on. Turn it off before you set it up again.")
	// ErrSecondFactorOff is 409: the account has no second factor.
	ErrSecondFactorOff = conflict("second_factor_off", "Two-factor authentication is off.")
	// ErrSecondFactorNotBegun is 409: no set-up was begun, or it took longer than 15 minutes.
	ErrSecondFactorNotBegun = conflict("second_factor_not_begun",
		"The setup was not started or has expired. Start again.")
	// ErrOwnSecondFactor is 409: administrators cannot reset their own second factor.
	ErrOwnSecondFactor = conflict("own_second_factor",
		"Turn off your own two-factor authentication on your account page, with your password and a code.")

	// ErrAgentNotFound is 404.
	ErrAgentNotFound = notFound("agent_not_found", "This agent does not exist.")
	// ErrBotNotFound is 404.
	ErrBotNotFound = notFound("bot_not_found", "This bot does not exist.")
	// ErrBotNameTaken is 409: another bot has the name.
	ErrBotNameTaken = conflict("bot_name_taken", "Another bot has this name. Use a different one.")
	// ErrChatNotWithBot is 409: there is nothing to hand over.
	ErrChatNotWithBot = conflict("chat_not_with_bot", "No bot has this chat.")
	// ErrNotForBots is 403: bots write texts in their chats and hand them over, and no more.
	ErrNotForBots = forbidden("not_for_bots", "Bots cannot do this. Hand the chat over to a person instead.")
	// ErrEmailTaken is 409: another agent has the e-mail address.
	ErrEmailTaken = conflict("email_taken", "Another agent has this e-mail address. Use a different one.")
	// ErrLastAdmin is 409: the change would leave no administrator.
	ErrLastAdmin = conflict("last_admin", "This is the last administrator. Make another agent an administrator first.")
	// ErrSessionNotFound is 404: the session is another agent's, or has ended.
	ErrSessionNotFound = notFound("session_not_found", "This session does not exist or has ended.")
	// ErrPushDeviceNotFound is 404: the device is another agent's, or was removed.
	ErrPushDeviceNotFound = notFound("push_device_not_found", "This device does not get notifications, or was removed.")
	// ErrTooManyPushDevices is 409.
	ErrTooManyPushDevices = conflict("too_many_push_devices", "20 of your devices get notifications. Remove one first.")
	// ErrPushDeviceTaken is 409: two agents add one browser at the same time.
	ErrPushDeviceTaken = conflict("push_device_taken", "Another agent uses this browser at the same time. Try again.")
	// ErrPushFailed is 409: the push service of the device refused the notification or did not answer.
	ErrPushFailed = conflict(
		"push_failed",
		"The push service of this device did not accept the notification. Turn it off and on again on the device.",
	)
	// ErrUserNotFound is 404.
	ErrUserNotFound = notFound("user_not_found", "This user does not exist.")
	// ErrIdentityVerified is 409: a host site has signed who the user is.
	ErrIdentityVerified = conflict("identity_verified", "The site has verified your identity. Unsigned data cannot change it.")

	// ErrCapacityUnchanged is 422.
	ErrCapacityUnchanged = &Error{
		Kind: Invalid, Code: "capacity_unchanged", Detail: "Choose by how many chats the capacity per agent changes first.",
		Fields: map[string]string{"capacity": fieldOutOfBounds},
	}
	// ErrTemporaryCapacityNotFound is 404.
	ErrTemporaryCapacityNotFound = notFound("temporary_capacity_not_found", "This temporary capacity does not exist.")
	// ErrDepartmentNotFound is 404.
	ErrDepartmentNotFound = notFound("department_not_found", "This department does not exist.")
	// ErrDepartmentTaken is 409: another department has the short name.
	ErrDepartmentTaken = conflict("department_taken", "Another department has this short name. Choose a different one.")
	// ErrDepartmentInUse is 409: stored chats asked for the department.
	ErrDepartmentInUse = conflict("department_in_use", "This department has stored chats. Rename it instead.")
	// ErrHoursNotFound is 404: no hours are stored for the department, or for all.
	ErrHoursNotFound = notFound("hours_not_found", "No opening hours are stored here.")
	// ErrCannedReplyNotFound is 404: the reply does not exist, or is another agent's own.
	ErrCannedReplyNotFound = notFound("canned_reply_not_found", "This canned reply does not exist or was removed.")
	// ErrCannedReplyTaken is 409: another reply of the same scope and language has the shortcut.
	ErrCannedReplyTaken = conflict("canned_reply_taken",
		"Another canned reply in the same scope and language has this shortcut. Choose a different one.")
	// ErrDraftOutdated is 409: the draft was changed after the version that the save continues.
	ErrDraftOutdated = conflict("draft_outdated", "This draft was changed in the meantime. Read it again before you save.")
	// ErrUserNoteNotFound is 404: the note does not exist, or is not about this user.
	ErrUserNoteNotFound = notFound("user_note_not_found", "This note does not exist or was removed.")
	// ErrUserNoteChanged is 409: the note was edited after the version that the request continues. The refusal carries it as Note.
	ErrUserNoteChanged = conflict("user_note_changed", "Another agent changed this note in the meantime. Read it, then save yours again.")
	// ErrTooManyUserNotes is 409.
	ErrTooManyUserNotes = conflict("too_many_user_notes", "This user has 200 notes. Remove one first.")
	// ErrTooManyUserTags is 409.
	ErrTooManyUserTags = conflict("too_many_user_tags", "This user has 20 tags. Remove one first.")
	// ErrWrapUpOptionNotFound is 404.
	ErrWrapUpOptionNotFound = notFound("wrap_up_option_not_found", "This outcome or tag does not exist.")
	// ErrWrapUpOptionTaken is 409: another option of the same list, perhaps a retired one, has the name.
	ErrWrapUpOptionTaken = conflict("wrap_up_option_taken",
		"This list already has this name. If it is retired, restore it; else choose a different one.")
	// ErrBreakReasonNotFound is 404: the reason does not exist, or is retired where only one in use can be meant.
	ErrBreakReasonNotFound = notFound("break_reason_not_found", "This reason for a break does not exist or is retired.")
	// ErrTooManyBreakReasons is 409: as many reasons as allowed are in use.
	ErrTooManyBreakReasons = conflict("too_many_break_reasons", "30 reasons for breaks are in use. Retire one first.")
	// ErrRatingReasonNotFound is 404: the reason does not exist, or is retired where only one in use can be meant.
	ErrRatingReasonNotFound = notFound("rating_reason_not_found", "This reason for a rating does not exist or is retired.")
	// ErrTooManyRatingReasons is 409: as many reasons as allowed are in use.
	ErrTooManyRatingReasons = conflict("too_many_rating_reasons", "30 reasons for ratings are in use. Retire one first.")
	// ErrQuestionNotFound is 404: the question does not exist, or is retired where only one in use can be meant.
	ErrQuestionNotFound = notFound("question_not_found", "This question does not exist or is retired.")
	// ErrTooManyQuestions is 409: as many questions as allowed are in use.
	ErrTooManyQuestions = conflict("too_many_questions", "100 questions are in use. Retire one first.")
	// ErrLookNotFound is 404: no look is stored for the site, or no look has the picture.
	ErrLookNotFound = notFound("look_not_found", "No look is stored here.")
	// ErrTextOverrideNotFound is 404: the company has written no such text.
	ErrTextOverrideNotFound = notFound("text_override_not_found", "No own text is stored here.")
	// ErrTooManyTextOverrides is 409: as many texts as allowed are stored.
	ErrTooManyTextOverrides = conflict("too_many_text_overrides", "20,000 own texts are stored. Reset some first.")
	// ErrTooManyLooks is 409: as many looks as allowed are stored.
	ErrTooManyLooks = conflict("too_many_looks", "100 sites have a look of their own. Remove one first.")
	// ErrWallboardKeyNotFound is 404.
	ErrWallboardKeyNotFound = notFound("wallboard_key_not_found", "This wallboard key does not exist.")
	// ErrTooManyWallboardKeys is 409: as many keys as allowed are in use.
	ErrTooManyWallboardKeys = conflict("too_many_wallboard_keys", "50 wallboard keys are in use. Revoke one first.")
	// ErrWallboardNotFound is 404: the key opens no wallboard.
	ErrWallboardNotFound = notFound("wallboard_not_found", "This address opens no wallboard. Ask a supervisor for a new one.")
	// ErrWallboardRevoked is 403: the key was revoked.
	ErrWallboardRevoked = forbidden("wallboard_revoked", "The key of this wallboard was revoked. Ask a supervisor for a new one.")
	// ErrAPIKeyNotFound is 404.
	ErrAPIKeyNotFound = notFound("api_key_not_found", "This API key does not exist.")
	// ErrExportsBusy is 503: as many exports as allowed are being sent.
	ErrExportsBusy = &Error{
		Kind: Unavailable, Code: "exports_busy", RetryAfter: 10 * time.Second,
		Detail: "Two exports are running already. Try again when one of them is finished.",
	}
	// ErrExportBehind is 409: the database is older than the cursor of an export.
	ErrExportBehind = conflict("export_database_older",
		"The database is older than this cursor: it was restored from a backup. "+
			"Export again with since, from a day before the time of the backup.")
	// ErrTooManyAPIKeys is 409: as many keys as allowed are in use.
	ErrTooManyAPIKeys = conflict("too_many_api_keys", "100 API keys are in use. Revoke one first.")
	// ErrWebhookNotFound is 404.
	ErrWebhookNotFound = notFound("webhook_not_found", "This webhook does not exist or was removed.")
	// ErrTooManyWebhooks is 409: there are as many webhooks as allowed.
	ErrTooManyWebhooks = conflict("too_many_webhooks", "There are 50 webhooks. Remove one first.")
	// ErrWebhookDeliveryNotFound is 404.
	ErrWebhookDeliveryNotFound = notFound("webhook_delivery_not_found", "This delivery does not exist or is not kept any more.")
	// ErrAPIKeyRefused is 403: the endpoint is for people.
	ErrAPIKeyRefused = forbidden("api_key_refused", "This endpoint does not accept API keys. The API document names those that do.")
	// ErrScopeRequired is 403: the key lacks the scope of the endpoint.
	ErrScopeRequired = forbidden("scope_required", "This API key does not have the scope that this endpoint requires.")
	// ErrNetworkNotAllowed is 403: the key is only accepted from other networks.
	ErrNetworkNotAllowed = forbidden("network_not_allowed", "This API key may not be used from this address.")
	// ErrAPIKeyAgentDisabled is 403: the agent whose chats the key works in is disabled.
	ErrAPIKeyAgentDisabled = forbidden("api_key_agent_disabled", "The agent of this API key is disabled. Make a key for another agent.")
	// ErrAlertRuleNotFound is 404.
	ErrAlertRuleNotFound = notFound("alert_rule_not_found", "This alert rule does not exist or was removed.")
	// ErrTooManyAlertRules is 409.
	ErrTooManyAlertRules = conflict("too_many_alert_rules", "There are 100 alert rules. Remove one first.")
	// ErrAlertNotFound is 404.
	ErrAlertNotFound = notFound("alert_not_found", "This alert does not exist.")
	// ErrAlertCleared is 409.
	ErrAlertCleared = conflict("alert_cleared", "This alert was cleared. There is nothing left to do.")
	// ErrSettingNotFound is 404.
	ErrSettingNotFound = notFound("setting_not_found", "This setting does not exist.")
	// ErrSiteNotFound is 404: no administrator added the site.
	ErrSiteNotFound = notFound("site_not_found", "This site is not in the list.")
	// ErrSiteFixed is 409: the environment names the site.
	ErrSiteFixed = conflict("site_fixed", "This site is set in ALLOWED_ORIGINS. Remove it there and restart Parley.")
	// ErrReportViewNotFound is 404: the saved report does not exist or belongs to another agent.
	ErrReportViewNotFound = notFound("report_view_not_found", "This saved report does not exist or is not yours.")
	// ErrRepairNotFound is 404: no invariant has a repair of that name.
	ErrRepairNotFound = notFound("repair_not_found", "This repair does not exist.")

	// ErrChatNotFound is 404: the chat does not exist, or the actor may not know of it.
	ErrChatNotFound = notFound("chat_not_found", "This chat does not exist or is not yours.")
	// ErrChatEnded is 409.
	ErrChatEnded = conflict("chat_ended", "This chat has ended. Start a new one.")
	// ErrAlreadyAssigned is 409: a chat is to go to the agent who has it.
	ErrAlreadyAssigned = conflict("already_assigned", "This agent already has the chat.")
	// ErrMailNotFound is 404: the message did not come by e-mail.
	ErrMailNotFound = notFound("mail_not_found", "This message did not come by e-mail.")
	// ErrMessageNotFound is 404: the chat does not have the message, or the actor may not know of it.
	ErrMessageNotFound = notFound("message_not_found", "This message does not exist in this chat.")
	// ErrNotYourMessage is 403: the other side, another agent or Parley itself sent the message.
	ErrNotYourMessage = forbidden("not_your_message", "Only the sender of a message can change it.")
	// ErrMessageHasFile is 409.
	ErrMessageHasFile = conflict("message_has_file", "A file cannot be edited. Withdraw it and send another one.")
	// ErrMessageWithdrawn is 409.
	ErrMessageWithdrawn = conflict("message_withdrawn", "This message was withdrawn. Send a new one.")
	// ErrEditPeriodOver is 409: the message is older than EDIT_PERIOD.
	ErrEditPeriodOver = conflict("edit_period_over", "It is too late to change this message. Send a new one.")
	// ErrEditingOff is 409: EDIT_PERIOD is 0.
	ErrEditingOff = conflict("editing_off", "Messages cannot be changed here. Send a new one.")
	// ErrNewerMessage is 409: the other side sent a message that the sender has not seen. The refusal carries it as Newer.
	ErrNewerMessage = conflict("newer_message", "A newer message has arrived. Read it, then send yours again with its id as last_seen_id.")
	// ErrDraftOfOtherChat is 409.
	ErrDraftOfOtherChat = conflict("draft_of_other_chat",
		"This text was begun in another chat. Check it, then send it again with the id of this chat as draft_chat_id.")
	// ErrOfferExists is 409: the chat is offered to an agent already.
	ErrOfferExists = conflict("offer_exists", "This chat is offered to an agent already. Withdraw that offer first.")
	// ErrOfferNotFound is 404: the chat is not offered.
	ErrOfferNotFound = notFound("offer_not_found", "This chat is not offered to an agent, or no longer.")
	// ErrOfferExpired is 409: the time to answer the offer is over.
	ErrOfferExpired = conflict("offer_expired", "The time to answer this offer is over. The chat was not moved.")
	// ErrOfferClosed is 409: the offer was answered or withdrawn, or the chat has ended or moved.
	ErrOfferClosed = conflict("offer_closed", "This offer is no longer open. The chat was not moved.")
	// ErrChatNotEnded is 409.
	ErrChatNotEnded = conflict("chat_not_ended", "This chat is still open. End it first.")
	// ErrNotInChat is 403: the actor may read the chat but is not part of it.
	ErrNotInChat = forbidden("not_in_chat", "You can read this chat, but only its participants can write in it.")
	// ErrFilesUnavailable is 503: the store of files does not answer.
	ErrFilesUnavailable = &Error{
		Kind: Unavailable, Code: "files_unavailable", RetryAfter: 5 * time.Second,
		Detail: "Files are unavailable right now. Try again in a moment.",
	}
)

func unauthorizedAs(code, detail string) *Error {
	return &Error{Kind: Unauthorized, Code: code, Detail: detail}
}

func notFound(code, detail string) *Error { return &Error{Kind: NotFound, Code: code, Detail: detail} }

func conflict(code, detail string) *Error { return &Error{Kind: Conflict, Code: code, Detail: detail} }

func forbidden(code, detail string) *Error {
	return &Error{Kind: Forbidden, Code: code, Detail: detail}
}

// InvalidField returns 422 validation_failed with the code of one field. Detail is one English sentence that describes the accepted values.
func InvalidField(field, code, detail string) *Error {
	return &Error{Kind: Invalid, Code: "validation_failed", Detail: detail, Fields: map[string]string{field: code}}
}

func invalid(field, code, detail string) *Error { return InvalidField(field, code, detail) }

// wrongProof returns the refusal of a wrong password or code in a form. Unlike a bad credential, it ends no session.
func wrongProof(field string) *Error {
	return InvalidField(field, fieldWrong, "This is not correct. Check it and try again.")
}
