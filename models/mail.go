package models

import (
	"context"
	"fmt"
	"time"
)

// MailKind is what a mail is about.
type MailKind string

// The kinds of mails.
const (
	MailReceived   MailKind = "received"   // confirms a message that a user left
	MailAnswer     MailKind = "answer"     // has the answers of agents to a message
	MailTranscript MailKind = "transcript" // has a whole chat
)

// MailState is how far a mail has come: pending → sending → sent, skipped or failed, and from failed back to sending.
type MailState string

// The states of a mail.
const (
	MailPending MailState = "pending" // waits for its first attempt; further answers join it
	MailSending MailState = "sending" // is being sent, or waits for another attempt
	MailSent    MailState = "sent"    // the mail server has taken it
	MailSkipped MailState = "skipped" // the user had read everything in it
	MailFailed  MailState = "failed"  // no further attempt is made
)

// MailErrorReason is why an attempt to send a mail failed. Its values are stored, and the catalogues have a text for each.
type MailErrorReason string

// The reasons.
const (
	MailUnreachable      MailErrorReason = "unreachable"       // no connection to the mail server
	MailTLSFailed        MailErrorReason = "tls_failed"        // no encrypted connection, or the certificate is not valid
	MailAuthFailed       MailErrorReason = "auth_failed"       // the mail server does not accept user and password
	MailSenderRefused    MailErrorReason = "sender_refused"    // the mail server does not accept MAIL_FROM
	MailRecipientRefused MailErrorReason = "recipient_refused" // the recipient does not exist
	MailRefused          MailErrorReason = "refused"           // the mail server does not accept this mail
	MailDeferred         MailErrorReason = "deferred"          // the mail server asks to try again later, as in greylisting
	MailTimeout          MailErrorReason = "timeout"           // the mail server did not answer in time
	MailInterrupted      MailErrorReason = "interrupted"       // the connection broke; the mail may have been taken
	MailInternal         MailErrorReason = "internal"          // the mail could not be made
)

// MailErrorReasons are all reasons.
var MailErrorReasons = []MailErrorReason{
	MailUnreachable, MailTLSFailed, MailAuthFailed, MailSenderRefused, MailRecipientRefused, MailRefused, MailDeferred, MailTimeout,
	MailInterrupted, MailInternal,
}

// isOfServer reports whether the reason is about the mail server or its settings and not about one mail.
func (r MailErrorReason) isOfServer() bool {
	switch r {
	case MailRecipientRefused, MailRefused, MailDeferred, MailInternal:
		return false
	}
	return true
}

// MailError is why a [Mailer] could not send a mail.
type MailError struct {
	Reason    MailErrorReason
	Permanent bool   // another attempt would fail as well
	Reply     string // what the mail server said, "" for nothing
	Cause     error  // for the log; it has no address of a recipient
}

func (e *MailError) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Cause) }

func (e *MailError) Unwrap() error { return e.Cause }

// Mailer sends mails.
type Mailer interface {
	// Send sends a mail and returns once the mail server has taken it. The error is a *[MailError].
	Send(ctx context.Context, m *Mail) error
}

// Mail is a mail to be sent, with everything that it is made of.
type Mail struct {
	ID   string
	Kind MailKind

	From, FromName string // MAIL_FROM and MAIL_NAME, which may be ""
	Color          string // MAIL_COLOR
	To, ToName     string // ToName is "" where no name is known
	ReplyTo        string // "" for From
	Locale         string // such as zh-CN; "" where it is not known
	Zone           *time.Location
	Texts          []TextOverride // that the company has written for the site of the chat

	MessageID  string   // without brackets, as are the following
	InReplyTo  string   // "" for the first mail of a thread
	References []string // the mails of the thread before this one, the oldest first

	Chat     Chat
	Messages []MailMessage // what it is about, in order
	Quoted   []MailMessage // of an answer: what the user wrote before it
	Token    string        // of the link that continues the chat, see [Desk.ChatByContinueToken]; "" for none
	Until    time.Time     // when the link ends

	attempt int
}

// MailMessage is a message in a mail.
type MailMessage struct {
	Message    `bun:",extend"`
	SenderName string `bun:"sender_name"` // of an agent
}

// SetMailer sets who sends mails, and so turns mail on. It is called at most once, before the desk is used.
func (d *Desk) SetMailer(m Mailer) { d.mailer = m }

// CanMail reports whether mail is configured: the program was started with a mail server, and MAIL_FROM is set. Without it no
// mail is written to the outbox.
func (d *Desk) CanMail() bool { return d.mailer != nil && d.Settings().MailFrom != "" }
