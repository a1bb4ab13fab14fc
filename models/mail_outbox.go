package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// When mails are sent.
const (
	// mailLease is for how long a worker has a mail. It is longer than an attempt may take with everything around it.
	mailLease = 3 * time.Minute
	// mailTimeout bounds an attempt. Servers that look into mails take their time.
	mailTimeout = 90 * time.Second
	// mailPeriod is for how long attempts are made, first and after a retry by hand.
	mailPeriod = 72 * time.Hour

	mailBatch       = 50
	mailConcurrency = 4
)

// mailPause returns how long to wait after that many failed attempts, at least 1: it doubles from a minute to 6 hours.
func mailPause(attempts int) time.Duration {
	return min(time.Minute<<min(max(attempts-1, 0), 10), 6*time.Hour)
}

// queueAnswer is a part of the statements that store messages, which have the chat's row in c: an agent's answer to a message is put
// into the outbox by the same statement. A mail that is not being sent yet takes it along. The worker that begins to send a mail has
// locked the chat, so an answer is either part of that mail or finds that it needs another one.
const queueAnswer = `, mail AS (INSERT INTO outgoing_mails (chat_id, kind, recipient, due_at)
	SELECT c.id, 'answer', c.contact_email, clock_timestamp() + interval '1 minute' FROM c
	WHERE c.channel = 'message' AND c.contact_email IS NOT NULL AND c.last_said_by = 'customer_service'
	ON CONFLICT (chat_id) WHERE kind = 'answer' AND state = 'pending' DO NOTHING)`

// maxConfirmations is how many confirmations an address gets in 24 hours: anyone may enter any address.
const maxConfirmations = 5

// confirmMessage puts the confirmation of a message that the change has made of a chat into the outbox, unless MAIL_CONFIRM is off or mail
// is not configured. A changed address is confirmed too.
func (d *Desk) confirmMessage(ctx context.Context, t *tx, change *chatChange) error {
	isLeft := slices.ContainsFunc(change.Messages, func(m Message) bool { return deref(m.SystemKind) == SystemMessageLeft })
	if !isLeft || !d.CanMail() || !d.Settings().MailConfirm {
		return nil
	}
	to := deref(change.Chat.ContactEmail)
	_, err := t.NewRaw(`INSERT INTO outgoing_mails (chat_id, kind, recipient) SELECT ?0, ?1, ?2 WHERE (SELECT count(*) FROM outgoing_mails
		WHERE kind = ?1 AND lower(recipient) = lower(?2) AND created_at > statement_timestamp() - interval '24 hours') < ?3`,
		change.Chat.ID, MailReceived, to, maxConfirmations).Exec(ctx)
	return err
}

// SendMails sends the mails that are due and returns how many were sent. Each is sent once by one of any number of workers: a
// worker that stops in the middle of an attempt leaves it to another, which sends it again under the same Message-ID.
func (d *Desk) SendMails(ctx context.Context) (int, error) {
	if !d.CanMail() {
		return 0, nil
	}
	var due []struct {
		ID     string `bun:"id"`
		ChatID string `bun:"chat_id"`
	}
	err := d.db.NewRaw(`SELECT id, chat_id FROM outgoing_mails WHERE state IN ('pending', 'sending') AND due_at <= statement_timestamp()
		ORDER BY due_at LIMIT ?`, mailBatch).Scan(ctx, &due)
	if err != nil {
		return 0, translate(err)
	}
	before := d.mailCounts.sent.Load()
	var group errgroup.Group
	group.SetLimit(mailConcurrency)
	for _, mail := range due {
		if ends, limited := ctx.Deadline(); limited && time.Until(ends) < mailTimeout {
			break // the next run sends the rest
		}
		group.Go(func() error { return d.sendMail(ctx, mail.ID, mail.ChatID) })
	}
	err = group.Wait()
	return int(d.mailCounts.sent.Load() - before), err
}

// sendMail makes an attempt to send a mail, unless another worker has it.
func (d *Desk) sendMail(ctx context.Context, id, chatID string) error {
	m, err := d.beginMail(ctx, id, chatID)
	if err != nil || m == nil {
		return err
	}
	attempt, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return d.finishMail(ctx, m, d.mailer.Send(attempt, m))
}

// beginMail takes a mail for an attempt and returns what it is made of: nil when it is not due any more, or when there is nothing to
// send.
func (d *Desk) beginMail(ctx context.Context, id, chatID string) (*Mail, error) {
	var m *Mail
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		m = nil
		c, err := lockChat(ctx, t, chatID)
		if errors.Is(err, ErrChatNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var row outgoingMail
		err = t.NewRaw(`SELECT * FROM outgoing_mails WHERE id = ? AND state IN ('pending', 'sending') AND due_at <= statement_timestamp()
			FOR UPDATE`, id).Scan(ctx, &row)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if row.LastSeq == nil {
			if err := t.chooseMessages(ctx, c, &row); err != nil {
				return err
			}
		}
		made, err := d.makeMail(ctx, t, c, &row)
		if err != nil {
			return err
		}
		if len(made.Messages) == 0 {
			_, err := t.NewRaw(`UPDATE outgoing_mails SET state = ?, first_seq = ?, last_seq = ?, finished_at = clock_timestamp() WHERE id = ?`,
				MailSkipped, row.FirstSeq, row.LastSeq, id).
				Exec(ctx)
			return err
		}
		m = made
		// The two times are exactly a lease apart, by which an attempt that is being made is known, see [OutgoingMail.IsBeingSent].
		_, err = t.NewRaw(`UPDATE outgoing_mails SET state = ?, first_seq = ?, last_seq = ?, message_id = ?, attempts = attempts + 1,
			attempted_at = statement_timestamp(), due_at = statement_timestamp() + make_interval(secs => ?) WHERE id = ?`,
			MailSending, row.FirstSeq, row.LastSeq, made.MessageID, mailLease.Seconds(), id).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// chooseMessages fixes which messages of a locked chat a mail is about: an answer has what no earlier one has.
func (t *tx) chooseMessages(ctx context.Context, c *Chat, row *outgoingMail) error {
	first, last := 1, c.LastSeq
	if row.Kind == MailAnswer {
		err := t.NewRaw(`SELECT coalesce(max(last_seq), 0) + 1 FROM outgoing_mails WHERE chat_id = ? AND kind = ?`, c.ID, MailAnswer).
			Scan(ctx, &first)
		if err != nil {
			return err
		}
	}
	row.FirstSeq, row.LastSeq = &first, &last
	return nil
}

// maxMailMessages is how many messages one mail has. A longer transcript begins later.
const maxMailMessages = 2000

// makeMail reads what a mail is made of. An answer has the messages of agents that the user has not read, without
// withdrawn ones; where none is left there are no messages.
func (d *Desk) makeMail(ctx context.Context, t *tx, c *Chat, row *outgoingMail) (*Mail, error) {
	s := d.Settings()
	m := &Mail{
		ID:        row.ID,
		Kind:      row.Kind,
		From:      s.MailFrom,
		FromName:  s.MailName,
		Color:     s.MailColor,
		To:        row.Recipient,
		Locale:    deref(row.Locale),
		Zone:      time.UTC,
		MessageID: deref(row.MessageID),
		Chat:      *c,
		attempt:   row.Attempts + 1,
	}
	if m.Locale == "" {
		m.Locale = deref(c.ContactLocale)
	}
	m.Texts = d.TextOverrides(originOf(deref(c.PageURL)))
	if zone, err := time.LoadLocation(deref(row.TimeZone)); err == nil {
		m.Zone = zone
	}
	if m.MessageID == "" {
		m.MessageID = row.ID + m.From[strings.LastIndexByte(m.From, '@'):]
	}
	which := `m.message_type IN ('text', 'image', 'file') AND m.withdrawn_at IS NULL `
	switch row.Kind {
	case MailAnswer:
		which += `AND m.sender_type = 'customer_service' AND m.status <> 'read'`
	case MailReceived:
		which += `AND m.sender_type = 'user'`
	case MailTranscript:
		which = `m.message_type <> 'note'`
	}
	var err error
	if m.Messages, err = t.mailMessages(
		ctx,
		c.ID,
		*row.FirstSeq,
		*row.LastSeq,
		maxMailMessages,
		which,
	); err != nil ||
		len(m.Messages) == 0 {
		return m, err
	}
	if row.Kind == MailTranscript {
		return m, nil
	}
	m.ToName = deref(c.ContactName)
	if m.ReplyTo, err = d.replyAddress(ctx, t, c.ID, m.To); err != nil {
		return nil, err
	}
	if row.Kind == MailAnswer {
		m.Quoted, err = t.mailMessages(ctx, c.ID, 1, *row.LastSeq, maxQuoted,
			`m.message_type IN ('text', 'image', 'file') AND m.withdrawn_at IS NULL AND m.sender_type = 'user'`)
		if err != nil {
			return nil, err
		}
	}
	if err := t.thread(ctx, m); err != nil {
		return nil, err
	}
	if c.IsOpen() {
		m.Token, m.Until, err = t.continueToken(ctx, c.ID, linkUntil(row.CreatedAt, t.now, s.ContinuePeriod))
	}
	return m, err
}

// linkUntil returns until when the link in a mail works. Another attempt sends the same link, unless the mail is so old by then that the
// link would work for less than half of the period.
func linkUntil(created, now time.Time, period time.Duration) time.Time {
	if until := created.Add(period); until.After(now.Add(period / 2)) {
		return until
	}
	return now.Add(period)
}

// maxQuoted is how many messages of the user an answer quotes.
const maxQuoted = 3

// mailMessages returns the latest messages of a part of a chat, in order.
func (t *tx) mailMessages(ctx context.Context, chatID string, first, last, limit int, which string) ([]MailMessage, error) {
	var messages []MailMessage
	err := t.NewRaw(`SELECT * FROM (SELECT m.*, to_jsonb(a) AS attachment, s.name AS sender_name FROM messages m
			LEFT JOIN attachments a ON a.chat_id = m.chat_id AND a.message_id = m.id
			LEFT JOIN agents s ON m.sender_type = 'customer_service' AND s.id = m.sender_id
		WHERE m.chat_id = ? AND m.seq BETWEEN ? AND ? AND `+which+` ORDER BY m.seq DESC LIMIT ?) latest ORDER BY seq`,
		chatID, first, last, limit).Scan(ctx, &messages)
	return messages, err
}

// maxReferences is how many mails of its thread a mail refers to. More would make the header too long for some servers.
const maxReferences = 12

// thread sets the headers that make mail programs show the mails of a chat together: those that were sent, and those that the
// user wrote.
func (t *tx) thread(ctx context.Context, m *Mail) error {
	err := t.NewRaw(`SELECT message_id FROM (SELECT message_id, at FROM (
			SELECT message_id, attempted_at AS at FROM outgoing_mails
			WHERE chat_id = ?0 AND kind <> ?1 AND state = ?2 AND id <> ?3 AND message_id IS NOT NULL
			UNION ALL
			SELECT message_id, received_at FROM received_mails WHERE chat_id = ?0 AND kind = ?4 AND message_id IS NOT NULL) thread
		ORDER BY at DESC LIMIT ?5) latest ORDER BY at`,
		m.Chat.ID, MailTranscript, MailSent, m.ID, ReceivedReply, maxReferences).
		Scan(ctx, &m.References)
	if n := len(m.References); n > 0 {
		m.InReplyTo = m.References[n-1]
	}
	return err
}

// maxMailReply is how much of the answer of a mail server is kept, in characters.
const maxMailReply = 300

// finishMail stores the result of an attempt. A worker that was so late that another one has taken the mail over stores nothing.
func (d *Desk) finishMail(ctx context.Context, m *Mail, failure error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if failure == nil {
		d.mailCounts.sent.Add(1)
		return d.inTx(ctx, func(ctx context.Context, t *tx) error {
			_, err := t.NewRaw(`UPDATE outgoing_mails SET state = ?, finished_at = clock_timestamp(), error = NULL, reply = NULL
				WHERE id = ? AND state = ? AND attempts = ?`, MailSent, m.ID, MailSending, m.attempt).Exec(ctx)
			return err
		})
	}
	var e *MailError
	if !errors.As(failure, &e) {
		e = &MailError{Reason: MailInternal, Cause: failure}
	}
	reply := truncate(strings.TrimSpace(oneLine(strings.ToValidUTF8(strings.ReplaceAll(e.Reply, "\x00", ""), "�"))), maxMailReply)
	var state MailState
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(`UPDATE outgoing_mails SET error = ?0, reply = nullif(?1, ''),
				state = CASE WHEN ?2 OR clock_timestamp() + make_interval(secs => ?3) > give_up_at THEN 'failed' ELSE state END,
				finished_at = CASE WHEN ?2 OR clock_timestamp() + make_interval(secs => ?3) > give_up_at THEN clock_timestamp() END,
				due_at = clock_timestamp() + make_interval(secs => ?3)
			WHERE id = ?4 AND state = ?5 AND attempts = ?6 RETURNING state`,
			e.Reason, reply, e.Permanent, mailPause(m.attempt).Seconds(), m.ID, MailSending, m.attempt).Scan(ctx, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	d.mailCounts.errors.Add(1)
	if state == MailFailed {
		d.mailCounts.failed.Add(1)
	}
	d.log.Warn(
		"mail not sent",
		"mail_id",
		m.ID,
		"reason",
		string(e.Reason),
		"final",
		state == MailFailed,
		"attempt",
		m.attempt,
		"error",
		e.Cause,
	)
	return nil
}
