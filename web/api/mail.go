package api

import (
	"context"

	"parley/models"
	"parley/views/text"
)

// MailState is the state of the outbox with the mails that were not sent.
type MailState struct {
	IsConfigured IntBool        `json:"is_configured"`
	IsFailing    IntBool        `json:"is_failing"`
	Waiting      int            `json:"waiting"`
	Failed       []OutgoingMail `json:"failed"`
	Delayed      []OutgoingMail `json:"delayed"`
}

// OutgoingMail is a mail that was not sent.
type OutgoingMail struct {
	ID            string  `json:"id"`
	ChatID        string  `json:"chat_id"`
	Kind          string  `json:"kind"`
	Recipient     string  `json:"recipient"`
	Error         string  `json:"error"`
	ErrorText     string  `json:"error_text"`
	Reply         *string `json:"reply"`
	Attempts      int     `json:"attempts"`
	AttemptedAt   *Time   `json:"attempted_at"`
	NextAttemptAt *Time   `json:"next_attempt_at"`
	CreatedAt     Time    `json:"created_at"`
}

// MailedTranscript is the answer to a transcript that is sent by e-mail.
type MailedTranscript struct {
	Message string `json:"message"`
	Email   string `json:"email"` // the recipient
}

// MailStateOf returns the body of the outbox.
func MailStateOf(ctx context.Context, isConfigured bool, f models.MailFigures, failed, delayed []models.OutgoingMail) MailState {
	of := func(m *models.OutgoingMail) OutgoingMail { return outgoingMailOf(ctx, m) }
	return MailState{IntBool(isConfigured), IntBool(f.IsFailing), f.Waiting, Map(failed, of), Map(delayed, of)}
}

func outgoingMailOf(ctx context.Context, m *models.OutgoingMail) OutgoingMail {
	out := OutgoingMail{
		ID: m.ID, ChatID: m.ChatID, Kind: string(m.Kind), Recipient: m.Recipient, Reply: m.Reply, Attempts: m.Attempts,
		AttemptedAt: OptionalTime(m.AttemptedAt), CreatedAt: Time(m.CreatedAt), ErrorText: MailReason(ctx, m.Error),
	}
	if m.Error != nil {
		out.Error = string(*m.Error)
	}
	if m.State != models.MailFailed {
		out.NextAttemptAt = OptionalTime(&m.DueAt)
	}
	return out
}

// MailStateWord is the state of e-mail: off, ok or failing.
func MailStateWord(isConfigured, isFailing bool) string {
	switch {
	case !isConfigured:
		return "off"
	case isFailing:
		return "failing"
	}
	return "ok"
}

// MailReason returns why an attempt to send a mail failed in the language of ctx, "" for nil.
func MailReason(ctx context.Context, reason *models.MailErrorReason) string {
	if reason == nil {
		return ""
	}
	return text.T(ctx, "mail.reason."+string(*reason))
}
