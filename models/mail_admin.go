package models

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// outgoingMail is a row of the outbox.
type outgoingMail struct {
	ID          string           `bun:"id"           json:"id"`
	ChatID      string           `bun:"chat_id"      json:"chat_id"`
	Kind        MailKind         `bun:"kind"         json:"kind"`
	Recipient   string           `bun:"recipient"    json:"recipient"`
	Locale      *string          `bun:"locale"       json:"locale"`
	TimeZone    *string          `bun:"time_zone"    json:"time_zone"`
	RequestedBy *string          `bun:"requested_by" json:"requested_by"` // of a transcript: the agent; nil for the user
	State       MailState        `bun:"state"        json:"state"`
	CreatedAt   time.Time        `bun:"created_at"   json:"created_at"`
	DueAt       time.Time        `bun:"due_at"       json:"due_at"`
	GiveUpAt    time.Time        `bun:"give_up_at"   json:"give_up_at"`
	FirstSeq    *int             `bun:"first_seq"    json:"first_seq"` // nil before the first attempt, as are the following
	LastSeq     *int             `bun:"last_seq"     json:"last_seq"`
	MessageID   *string          `bun:"message_id"   json:"message_id"`
	Attempts    int              `bun:"attempts"     json:"attempts"`
	AttemptedAt *time.Time       `bun:"attempted_at" json:"attempted_at"`
	Error       *MailErrorReason `bun:"error"        json:"error"` // of the latest attempt
	Reply       *string          `bun:"reply"        json:"reply"` // of the mail server
	FinishedAt  *time.Time       `bun:"finished_at"  json:"finished_at"`
}

// OutgoingMail is a mail of the outbox, without its content.
type OutgoingMail outgoingMail

// IsBeingSent reports whether a worker has the mail, or had it when it stopped: then its lease ends at DueAt. A mail that waits for
// another attempt is due at another time.
func (m *OutgoingMail) IsBeingSent() bool {
	return m.State == MailSending && m.AttemptedAt != nil && m.DueAt.Sub(*m.AttemptedAt) == mailLease
}

// maxListedMails is how many mails of each kind a list has.
const maxListedMails = 200

// UnsentMails returns the mails that failed for good and those whose latest attempt failed, at most 200 of each, the
// latest first. Admins only.
func (d *Desk) UnsentMails(ctx context.Context, actor Actor) (failed, delayed []OutgoingMail, err error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, nil, err
	}
	failed, delayed = []OutgoingMail{}, []OutgoingMail{}
	err = d.db.NewRaw(`SELECT * FROM outgoing_mails WHERE state = 'failed' ORDER BY finished_at DESC, id LIMIT ?`, maxListedMails).
		Scan(ctx, &failed)
	if err == nil {
		err = d.db.NewRaw(`SELECT * FROM outgoing_mails WHERE state IN ('pending', 'sending') AND error IS NOT NULL
			ORDER BY attempted_at DESC, id LIMIT ?`, maxListedMails).Scan(ctx, &delayed)
	}
	return failed, delayed, translate(err)
}

// RetryMail has a mail sent again at once, for another 3 days: one that failed, or one that waits for another attempt. Admins only. An
// unknown mail is 404 mail_not_found, one that was sent or that waits for nothing 409 mail_not_failed, and one that is being sent at this
// moment 409 mail_being_sent: a second attempt at the same time would send it twice.
func (d *Desk) RetryMail(ctx context.Context, actor Actor, id string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	if _, err := uuid.Parse(id); err != nil {
		return errMailNotFound
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var row OutgoingMail
		err := t.NewRaw(`SELECT * FROM outgoing_mails WHERE id = ? FOR UPDATE`, id).Scan(ctx, &row)
		if errors.Is(err, sql.ErrNoRows) {
			return errMailNotFound
		}
		if err != nil {
			return err
		}
		if row.State != MailFailed && (row.State != MailSending || row.Error == nil) {
			return conflict("mail_not_failed", "This e-mail has not failed, so there is nothing to send again.")
		}
		if row.IsBeingSent() && row.DueAt.After(t.now) {
			return conflict("mail_being_sent", "This e-mail is being sent right now. Look again in a moment.")
		}
		if _, err := t.NewRaw(`UPDATE outgoing_mails SET state = 'sending', finished_at = NULL, due_at = clock_timestamp(),
			give_up_at = clock_timestamp() + make_interval(secs => ?) WHERE id = ?`, mailPeriod.Seconds(), id).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditMailRetried, Subject{Kind: SubjectChat, ID: row.ChatID}, details{"mail_id": id, "kind": row.Kind})
	})
}

var errMailNotFound = notFound("mail_not_found", "This e-mail does not exist any more.")

// MailFigures are the state of the outbox.
type MailFigures struct {
	Waiting   int        `bun:"waiting"`    // for an attempt, also a further one
	Delayed   int        `bun:"delayed"`    // of these: the latest attempt failed
	Failed    int        `bun:"failed"`     // for good
	OverdueAt *time.Time `bun:"overdue_at"` // since when the oldest is due; nil for none
	// IsFailing is true while the mail server takes no mail: the latest attempt of the last day that says something about it failed.
	IsFailing bool             `bun:"is_failing"`
	Reason    *MailErrorReason `bun:"reason"` // of that attempt
}

// MailFigures returns the state of the outbox, of which IsFailing is false while mail is not configured.
func (d *Desk) MailFigures(ctx context.Context) (MailFigures, error) {
	var f MailFigures
	var ofServer []MailErrorReason
	for _, r := range MailErrorReasons {
		if r.isOfServer() {
			ofServer = append(ofServer, r)
		}
	}
	err := d.db.NewRaw(`SELECT w.*, f.failed, coalesce(l.error IS NOT NULL, false) AS is_failing, l.error AS reason
		FROM (SELECT count(*) AS waiting, count(*) FILTER (WHERE error IS NOT NULL) AS delayed,
				min(due_at) FILTER (WHERE due_at < statement_timestamp()) AS overdue_at
			FROM outgoing_mails WHERE state IN ('pending', 'sending')) w,
			(SELECT count(*) AS failed FROM outgoing_mails WHERE state = 'failed') f
		LEFT JOIN LATERAL (SELECT error FROM outgoing_mails WHERE attempted_at > statement_timestamp() - interval '1 day'
			AND (state = 'sent' OR error IN (?)) ORDER BY attempted_at DESC LIMIT 1) l ON true`, bunIn(ofServer)).Scan(ctx, &f)
	f.IsFailing = f.IsFailing && d.CanMail()
	return f, translate(err)
}

// mailCounts counts what this process did since it started.
type mailCounts struct{ sent, errors, failed atomic.Int64 }

// MailCounts returns how many mails this process has sent, how many attempts failed, and how many mails failed for good.
func (d *Desk) MailCounts() (sent, errors, failed int64) {
	return d.mailCounts.sent.Load(), d.mailCounts.errors.Load(), d.mailCounts.failed.Load()
}
