package admin

import (
	"context"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// Mail lists the mails that were not sent.
type Mail struct {
	Frame        staff.Frame
	IsConfigured bool
	Trouble      string // why the mail server takes no mail at present, "" if it does
	Waiting      int
	Failed       []MailRow
	Delayed      []MailRow
}

// MailRow is one mail.
type MailRow struct {
	ID, Kind, To, ChatID string
	Reason, Reply        string // Reply is what the mail server said, "" for nothing
	Attempts             int
	At                   time.Time  // of the latest attempt
	NextAt               *time.Time // nil if there is none
	IsSending            bool       // right now
}

// kind is what the mail is about, in the language of ctx.
func (r MailRow) kind(ctx context.Context) string {
	switch r.Kind {
	case "received":
		return text.T(ctx, "admin.mail.kind.received")
	case "transcript":
		return text.T(ctx, "admin.mail.kind.transcript")
	}
	return text.T(ctx, "admin.mail.kind.answer")
}
