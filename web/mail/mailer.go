package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parley/models"
)

// Options of a Mailer.
type Options struct {
	URL       string // SMTP_URL
	PublicURL string // PUBLIC_URL, to which links lead
	// TLS is the configuration of encrypted connections, nil for the usual one.
	TLS *tls.Config
}

// Mailer sends mail over SMTP, each mail over a connection of its own.
type Mailer struct {
	server    server
	publicURL string
	tls       *tls.Config
}

// New returns a mailer. It connects to nothing. An SMTP_URL that is no address of a mail server is an error, and so is
// mail without PUBLIC_URL: links in mails would lead nowhere. The error does not quote the address.
func New(o Options) (*Mailer, error) {
	s, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Hostname() == "" {
		return nil, fmt.Errorf("SMTP_URL needs PUBLIC_URL, such as https://chat.example.com, because e-mail has links to Parley")
	}
	if s.helo == "" && net.ParseIP(public.Hostname()) == nil {
		s.helo = public.Hostname()
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	config.ServerName = s.host
	return &Mailer{server: s, publicURL: strings.TrimSuffix(o.PublicURL, "/"), tls: config}, nil
}

// commandTimeout is for how long the server may be silent while the connection is made, and again while the mail is
// sent. The context of Send bounds everything together.
const commandTimeout = 30 * time.Second

// Send implements [models.Mailer].
func (m *Mailer) Send(ctx context.Context, mail *models.Mail) error {
	message, err := m.compose(ctx, mail)
	if err != nil {
		return &models.MailError{Reason: models.MailInternal, Permanent: true, Cause: err}
	}
	client, err := m.client(ctx)
	if err != nil {
		return &models.MailError{Reason: models.MailInternal, Cause: err}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return connectError(ctx, err)
	}
	err = client.SendWithSMTPClient(connection, message)
	if message.IsDelivered() {
		// The server has taken the mail. What fails afterwards, such as a connection that breaks, changes nothing of that.
		_ = client.CloseWithSMTPClient(connection)
		return nil
	}
	_ = connection.Close()
	return sendError(ctx, err)
}

// Check connects to the mail server and signs in, and sends nothing. The error is a [models.MailError]; its text has what the server
// said, for the operator who asks.
func (m *Mailer) Check(ctx context.Context) error {
	client, err := m.client(ctx)
	if err != nil {
		return &models.MailError{Reason: models.MailInternal, Cause: err}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		e := connectError(ctx, err)
		if e.Reply != "" {
			e.Cause = errors.New(e.Reply)
		}
		return e
	}
	return client.CloseWithSMTPClient(connection)
}

func (m *Mailer) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(
			m.server.port,
		),
		gomail.WithTimeout(commandTimeout),
		gomail.WithTLSConfig(m.tls),
		gomail.WithTLSPolicy(m.server.policy),
		gomail.WithDialContextFunc(m.dial(ctx)),
		gomail.WithoutNoop(),
	}
	if m.server.implicitTLS {
		options = append(options, gomail.WithSSL())
	}
	if m.server.helo != "" {
		options = append(options, gomail.WithHELO(m.server.helo))
	}
	if len(m.server.auth) > 0 {
		options = append(options, gomail.WithUsername(m.server.user), gomail.WithPassword(m.server.password))
		if len(m.server.auth) == 1 {
			options = append(options, gomail.WithSMTPAuth(m.server.auth[0]))
		} else {
			options = append(options, gomail.WithOpportunisticSMTPAuth(m.server.auth...))
		}
	}
	return gomail.NewClient(m.server.host, options...)
}

// dial returns the function that connects. The library looks at a context only while it connects, so the connection
// itself ends with the context of the attempt.
func (m *Mailer) dial(attempt context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		raw, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := net.Conn(&boundConn{Conn: raw, release: context.AfterFunc(attempt, func() { _ = raw.Close() })})
		if !m.server.implicitTLS {
			return conn, nil
		}
		encrypted := tls.Client(conn, m.tls)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, tlsError{err}
		}
		return encrypted, nil
	}
}

// boundConn is a connection that a context closes.
type boundConn struct {
	net.Conn
	release func() bool
}

func (c *boundConn) Close() error {
	c.release()
	return c.Conn.Close()
}
