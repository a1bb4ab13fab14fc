package demo

import "time"

// Mailbox shows the e-mail that was sent while Parley is tried.
type Mailbox struct {
	Theme string // as of [Site]
	Mails []Mail // the newest first
	Open  Mail   // of the page of one mail
}

// Mail is one mail. Headers and Text are those of the open one.
type Mail struct {
	Path              string
	At                time.Time
	From, To, Subject string
	Headers           []MailHeader
	Text              string
}

// MailHeader is a header of a mail.
type MailHeader struct{ Name, Value string }
