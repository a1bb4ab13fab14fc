package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Mailbox is a mail server on this machine that keeps what it gets in memory, for trying Parley without an account at a mail provider.
type Mailbox struct {
	listener net.Listener
	server   *smtp.Server

	mu    sync.Mutex
	mails []ReceivedMail // the oldest first
	last  int
}

// ReceivedMail is a mail that the mailbox got.
type ReceivedMail struct {
	ID         int // counts from 1
	ReceivedAt time.Time
	From, To   string // as the headers say
	Sender     string // of the envelope: bounces go there
	Recipient  string // the address that it was sent to
	Subject    string
	Headers    []MailHeader // the other headers, in order of their names
	Text, HTML string
	Raw        []byte
}

// MailHeader is a header of a mail, decoded.
type MailHeader struct{ Name, Value string }

const (
	// maxMailboxMails is how many mails the mailbox keeps.
	maxMailboxMails = 100
	// maxMailSize is how large a mail may be, in bytes.
	maxMailSize = 10 << 20
)

// OpenMailbox starts a mailbox on a free port of the loopback interface. Close it after use.
func OpenMailbox() (*Mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a loopback port is taken at once
	if err != nil {
		return nil, fmt.Errorf("open the mailbox: %w", err)
	}
	b := &Mailbox{listener: listener}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{mailbox: b}, nil }))
	b.server.Domain, b.server.MaxMessageBytes, b.server.EnableSMTPUTF8 = "localhost", maxMailSize, true
	b.server.ReadTimeout, b.server.WriteTimeout = time.Minute, time.Minute
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

// URL returns the SMTP_URL of the mailbox.
func (b *Mailbox) URL() string { return "smtp://" + b.listener.Addr().String() + "?tls=off" }

// Close stops the mailbox.
func (b *Mailbox) Close() error { return b.server.Close() }

// Mails returns the mails, the newest first.
func (b *Mailbox) Mails() []ReceivedMail {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails := slices.Clone(b.mails)
	slices.Reverse(mails)
	return mails
}

// Mail returns the mail with an id, and false if there is none or it is not kept any more.
func (b *Mailbox) Mail(id int) (ReceivedMail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		if m.ID == id {
			return m, true
		}
	}
	return ReceivedMail{}, false
}

func (b *Mailbox) add(m ReceivedMail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.ID = b.last
	b.mails = append(b.mails, m)
	b.mails = b.mails[max(0, len(b.mails)-maxMailboxMails):]
}

// delivery receives mails over one connection.
type delivery struct {
	mailbox           *Mailbox
	sender, recipient string
}

func (d *delivery) Reset()        { d.sender, d.recipient = "", "" }
func (d *delivery) Logout() error { return nil }

func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	d.sender = from
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.recipient = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := readMail(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "This is not an e-mail"}
	}
	m.Sender, m.Recipient = d.sender, d.recipient
	d.mailbox.add(m)
	return nil
}

// readMail reads a mail with its plain text and its HTML.
func readMail(raw []byte) (ReceivedMail, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ReceivedMail{}, err
	}
	m := ReceivedMail{ReceivedAt: time.Now(), Raw: raw}
	var decoder mime.WordDecoder
	decoded := func(value string) string {
		if plain, err := decoder.DecodeHeader(value); err == nil {
			return plain
		}
		return value
	}
	m.From, m.To, m.Subject = decoded(parsed.Header.Get("From")), decoded(parsed.Header.Get("To")), decoded(parsed.Header.Get("Subject"))
	for name, values := range parsed.Header {
		for _, value := range values {
			m.Headers = append(m.Headers, MailHeader{name, decoded(value)})
		}
	}
	slices.SortFunc(m.Headers, func(a, b MailHeader) int { return strings.Compare(a.Name, b.Name) })
	return m, m.readPart(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
}

// readPart reads a part of a mail and those within it.
func (m *ReceivedMail) readPart(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.readPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch kind {
	case "text/plain":
		m.Text += string(content)
	case "text/html":
		m.HTML += string(content)
	}
	return nil
}
