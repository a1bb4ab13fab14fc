package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// The bounds of what is kept of a mail, in characters. Longer texts are cut.
const (
	MaxMailText    = 500_000
	MaxMailSubject = 1000
	maxMailAddress = 320
	maxMailName    = 200
)

// ReceivedKind is what a received mail is.
type ReceivedKind string

// The kinds of received mails.
const (
	ReceivedReply     ReceivedKind = "reply"     // a person wrote it
	ReceivedAutomatic ReceivedKind = "automatic" // a program wrote it, such as an absence note
	ReceivedBounce    ReceivedKind = "bounce"    // a mail server could not deliver a mail of ours
)

// ViaEmail is the [Message.Via] of what came by e-mail.
const ViaEmail = "email"

// ReceivedMail is a mail that came to a reply address.
type ReceivedMail struct {
	bun.BaseModel `bun:"table:received_mails" json:"-"`

	ID             int64        `bun:"id"               json:"-"`
	ChatID         string       `bun:"chat_id"          json:"-"`
	Token          string       `bun:"token"            json:"-"`
	Key            []byte       `bun:"key"              json:"-"`
	Kind           ReceivedKind `bun:"kind"             json:"kind"`
	FirstMessageID *int64       `bun:"first_message_id" json:"first_message_id"` // nil for automatic mail to an ended chat
	LastMessageID  *int64       `bun:"last_message_id"  json:"last_message_id"`
	FromEmail      string       `bun:"from_email"       json:"from_email"` // as the mail claims; the reply address decides who it is
	FromName       string       `bun:"from_name"        json:"from_name"`
	Subject        string       `bun:"subject"          json:"subject"`
	Content        string       `bun:"content"          json:"content"` // the whole text, with what it quotes
	Size           int64        `bun:"size"             json:"size"`    // bytes, with attachments
	ReceivedAt     time.Time    `bun:"received_at"      json:"received_at"`
	MessageID      *string      `bun:"message_id"       json:"message_id"` // nil for none that a mail could refer to

	// Expected is the e-mail address to which the reply address was sent, "" once it is revoked or its chat deleted.
	Expected string `bun:"expected,scanonly" json:"-"`
}

// IsFromOther reports whether the mail claims to be from another address than the one that the reply address was sent to.
func (m *ReceivedMail) IsFromOther() bool {
	return m.Expected != "" && !strings.EqualFold(m.Expected, m.FromEmail)
}

// IncomingMail is a mail to be stored. Texts that are too long are cut, and bytes that cannot be stored are replaced.
type IncomingMail struct {
	Address             string            // the reply address to which it was sent
	Key                 [sha256.Size]byte // of its Message-ID, or without one of its content
	MessageID           string            // without brackets; "" for none
	FromEmail, FromName string
	Subject             string
	Content             string // the whole text
	Written             string // the part that its sender wrote for this mail, without quotes and signature
	Size                int64
	Files               []NewFile     // in the store already, as for [Desk.SendFile]; their keys are not used
	Refused             []RefusedFile // that were attached and are not kept
}

// RefusedFile is an attachment that is not kept. Reason is one of those of uploads, or too_many.
type RefusedFile struct{ Name, Reason string }

// clean returns the mail with texts that can be stored.
func (d *Desk) cleanMail(in IncomingMail) IncomingMail {
	mask := func(text string) string {
		if d.Settings().MaskCards {
			return MaskCards(text)
		}
		return text
	}
	in.FromEmail = truncate(oneLine(storable(in.FromEmail)), maxMailAddress)
	in.FromName = truncate(oneLine(storable(in.FromName)), maxMailName)
	in.Subject = truncate(mask(oneLine(storable(in.Subject))), MaxMailSubject)
	in.Content = truncate(mask(storable(in.Content)), MaxMailText)
	in.Written = mask(storable(in.Written))
	return in
}

// maxThreadID keeps a header with a dozen of them short enough for all mail servers.
const maxThreadID = 250

// threadID returns the Message-ID if another mail can refer to it: it comes from outside and becomes part of a header.
func (in *IncomingMail) threadID() *string {
	id := in.MessageID
	isForbidden := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }
	if len(id) > maxThreadID || !strings.Contains(id, "@") || strings.ContainsFunc(id, isForbidden) {
		return nil
	}
	return &id
}

// CheckMail refuses mail to an address before it is received, as [Desk.ReceiveMail] does: 404 reply_address_not_found or 429
// rate_limited.
func (d *Desk) CheckMail(ctx context.Context, address string) error {
	a, err := d.ReplyAddressOf(ctx, address)
	if err != nil {
		return err
	}
	return translate(d.checkMailRate(ctx, d.db, a.Token))
}

// checkMailRate refuses more than RATE_MAIL mails to an address within a minute.
func (d *Desk) checkMailRate(ctx context.Context, q rawQuerier, token string) error {
	var n int
	err := q.NewRaw(`SELECT count(*) FROM received_mails WHERE token = ? AND received_at > statement_timestamp() - interval '1 minute'`, token).
		Scan(ctx, &n)
	if err == nil && n >= d.Settings().RateMail {
		err = &Error{
			Kind: TooMany, Code: "rate_limited", RetryAfter: time.Minute,
			Detail: "Too many e-mails came to this address within a minute. Send it again later.",
		}
	}
	return err
}

// WasReceived reports whether a mail to an address was stored before, so that its files need not be stored again. It refuses
// as [Desk.ReplyAddressOf] does.
func (d *Desk) WasReceived(ctx context.Context, address string, key [sha256.Size]byte) (bool, error) {
	a, err := d.ReplyAddressOf(ctx, address)
	if err != nil {
		return false, err
	}
	received, err := wasReceived(ctx, d.db, a.Token, key)
	if err == nil && received { // its sender is told that the mail is safe
		err = d.awaitDurable(ctx)
	}
	return received, translate(err)
}

func wasReceived(ctx context.Context, q rawQuerier, token string, key [sha256.Size]byte) (received bool, err error) {
	err = q.NewRaw(`SELECT EXISTS (SELECT FROM received_mails WHERE token = ? AND key = ?)`, token, key[:]).Scan(ctx, &received)
	return received, err
}

// MailOf returns the mail of which a message was made, to agents who may read its chat; for others, and to users, the chat is
// 404 chat_not_found. A message that did not come by e-mail is 404 mail_not_found, and so is one that was withdrawn, except for
// supervisors. Reading by a supervisor who is not part of the chat is recorded in the audit log.
func (d *Desk) MailOf(ctx context.Context, actor Actor, chatID string, messageID int64) (*ReceivedMail, error) {
	if !actor.IsAgent() {
		return nil, ErrChatNotFound
	}
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	m := new(ReceivedMail)
	err = d.db.NewRaw(`SELECT r.*, coalesce(a.email, '') AS expected FROM received_mails r
			JOIN messages m ON m.chat_id = r.chat_id AND m.id = ?1 AND m.id BETWEEN r.first_message_id AND r.last_message_id
			LEFT JOIN reply_addresses a ON a.token = r.token
		WHERE r.chat_id = ?0 AND (?2 OR m.withdrawn_at IS NULL)`, chatID, messageID, actor.AtLeast(RoleSupervisor)).Scan(ctx, m)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrMailNotFound
	}
	if err != nil {
		return nil, translate(err)
	}
	return m, d.auditReading(ctx, actor, c)
}

// mailMessageKey returns the client_message_id of the nth message that is made of a mail.
func mailMessageKey(key [sha256.Size]byte, n int) *string {
	return ptr("mail-" + hex.EncodeToString(key[:24]) + "-" + strconv.Itoa(n))
}

// IsOwnMail reports whether a mail with a Message-ID, without brackets, was sent by this installation. One that comes back must not be
// stored: it would be answered with mail again.
func (d *Desk) IsOwnMail(ctx context.Context, messageID string) (ours bool, err error) {
	if messageID == "" {
		return false, nil
	}
	err = d.db.NewRaw(`SELECT EXISTS (SELECT FROM outgoing_mails WHERE message_id = ?)`, messageID).Scan(ctx, &ours)
	return ours, translate(err)
}
