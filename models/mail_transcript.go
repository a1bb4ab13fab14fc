package models

import (
	"context"
	"time"
)

// The limits of transcripts that users ask for. They can name any address, so these keep Parley from being used to send mail to others.
const (
	maxTranscriptsPerChat      = 3 // in 24 hours
	maxTranscriptsPerUser      = 5 // in 24 hours
	maxTranscriptsPerRecipient = 5 // in 24 hours, from all chats
)

// TranscriptRequest is a transcript to be sent by mail.
type TranscriptRequest struct {
	Email    string         // the recipient; "" for the address that is known: of the message that the user left, or from the host site
	Locale   string         // the language of the mail, such as zh-CN
	TimeZone *time.Location // of the times in it; nil for UTC
}

// SendTranscript puts a mail with all messages of a chat up to now into the outbox, and returns the recipient. The
// chat's user may, its agent and supervisors. What an agent sends is recorded in the audit log, without the address.
//
// Without mail it is 409 mail_not_configured. An address that is not valid, or none where none is known, is validation_failed; a
// chat without messages 409 nothing_to_send; more than a few transcripts a day for a user or a recipient 429
// too_many_transcripts. To all others the chat is 404 chat_not_found.
func (d *Desk) SendTranscript(ctx context.Context, actor Actor, chatID string, r TranscriptRequest) (recipient string, err error) {
	if r.Email != "" {
		if r.Email, err = checkEmail(r.Email); err != nil {
			return "", err
		}
	}
	if _, err := validateText("locale", r.Locale, 0, 35); err != nil {
		return "", err
	}
	zone := time.UTC
	if r.TimeZone != nil {
		zone = r.TimeZone
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkCanRead(c); err != nil {
			return err
		}
		if !d.CanMail() {
			return ErrMailNotConfigured
		}
		if c.TotalMessages == 0 {
			return conflict("nothing_to_send", "This chat has no messages yet, so there is no transcript.")
		}
		if recipient = r.Email; recipient == "" {
			if recipient, err = t.knownAddress(ctx, c); err != nil {
				return err
			}
		}
		var requestedBy *string
		if actor.IsUser() {
			err = t.checkTranscripts(ctx, c, recipient)
		} else {
			requestedBy = &actor.ID
			err = t.audit(ctx, actor, AuditTranscriptSent, aboutChat(c), nil)
		}
		if err != nil {
			return err
		}
		_, err = t.NewRaw(`INSERT INTO outgoing_mails (chat_id, kind, recipient, locale, time_zone, requested_by, first_seq, last_seq)
			VALUES (?, ?, ?, nullif(?, ''), ?, ?, 1, ?)`,
			c.ID, MailTranscript, recipient, r.Locale, zone.String(), requestedBy, c.LastSeq).Exec(ctx)
		return err
	})
	return recipient, err
}

// knownAddress returns the address of the user of a chat: the one of the message, or one that a host site has signed.
func (t *tx) knownAddress(ctx context.Context, c *Chat) (string, error) {
	if c.ContactEmail != nil {
		return *c.ContactEmail, nil
	}
	var email string
	err := t.NewRaw(`SELECT coalesce((SELECT email FROM users WHERE id = ? AND is_verified), '')`, c.UserID).Scan(ctx, &email)
	if err == nil && email == "" {
		return "", invalid("email", fieldRequired, "No e-mail address of this user is known. Enter one.")
	}
	return email, err
}

// checkTranscripts refuses with too_many_transcripts one more transcript for a user.
func (t *tx) checkTranscripts(ctx context.Context, c *Chat, recipient string) error {
	var chat, user, to int
	err := t.NewRaw(`SELECT count(*) FILTER (WHERE m.chat_id = ?0) AS chat, count(*) FILTER (WHERE c.user_id = ?1) AS user,
			count(*) FILTER (WHERE lower(m.recipient) = lower(?2)) AS recipient
		FROM outgoing_mails m JOIN chats c ON c.id = m.chat_id
		WHERE m.kind = 'transcript' AND m.requested_by IS NULL AND m.created_at > statement_timestamp() - interval '24 hours'
			AND (c.user_id = ?1 OR lower(m.recipient) = lower(?2))`, c.ID, c.UserID, recipient).Scan(ctx, &chat, &user, &to)
	if err == nil && (chat >= maxTranscriptsPerChat || user >= maxTranscriptsPerUser || to >= maxTranscriptsPerRecipient) {
		return &Error{
			Kind: TooMany, Code: "too_many_transcripts",
			Detail: "Too many transcripts were sent today. Download the transcript instead, or try again tomorrow.",
		}
	}
	return err
}
