// Package mailtest has a mail server on a socket for tests of e-mail. Only tests may import it.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Server is an SMTP server on a socket. Its hooks return what the server answers; nil accepts.
type Server struct {
	Address string         // host and port, the same after Restart
	Roots   *x509.CertPool // of its certificate; nil without TLS
	Hooks

	t      testing.TB
	mode   TLSMode
	config *tls.Config

	mu     sync.Mutex // also guards Hooks once the server runs
	smtp   *smtp.Server
	mails  []Mail
	signed []string
}

// Hooks are what the server does with mails. A running server is changed by [Server.Change].
type Hooks struct {
	OnMail, OnRcpt, OnData func() error
	DropAfterData          bool          // the mail is taken, and the connection breaks before the answer
	Silent                 chan struct{} // a mail is taken, and answered, once it is closed
	User, Password         string        // "" for no sign-in
}

// Mail is a mail that the server has taken.
type Mail struct {
	Sender, Recipient string // of the envelope
	Raw               string
}

// TLSMode is when a connection is encrypted.
type TLSMode int

// The modes.
const (
	NoTLS TLSMode = iota
	StartTLS
	ImplicitTLS
)

// Start starts a server, which runs until the test ends; change sets its hooks before.
func Start(t testing.TB, mode TLSMode, change ...func(*Hooks)) *Server {
	t.Helper()
	// Not 127.0.0.1, to which passwords may be sent in the clear, and on which a client may take the port of a server that is stopped.
	s := &Server{t: t, mode: mode, Address: "127.0.0.2:0"}
	for _, f := range change {
		f(&s.Hooks)
	}
	if mode != NoTLS {
		s.config, s.Roots = certificate(t)
	}
	s.Restart()
	t.Cleanup(s.Stop)
	return s
}

// Restart starts a server that was stopped, on the same address and with the mails that it has.
func (s *Server) Restart() {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.Address) //nolint:noctx // a loopback port is taken at once
	if err != nil {
		s.t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = "mail.test", true, discard{}
	s.Address = listener.Addr().String()
	switch s.mode {
	case StartTLS:
		server.TLSConfig = s.config
	case ImplicitTLS:
		listener = tls.NewListener(listener, s.config)
	}
	s.mu.Lock()
	s.smtp = server
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

// Stop ends the server and all its connections.
func (s *Server) Stop() {
	s.mu.Lock()
	server := s.smtp
	s.mu.Unlock()
	_ = server.Close()
}

// Change changes the hooks of a running server.
func (s *Server) Change(f func(*Hooks)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.Hooks)
}

// Mails returns the mails that the server has taken, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Got returns the content of these mails.
func (s *Server) Got() []string {
	got := []string{}
	for _, m := range s.Mails() {
		got = append(got, m.Raw)
	}
	return got
}

// Signed returns the mechanisms with which clients have signed in.
func (s *Server) Signed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.signed)
}

// hooks returns the hooks as they are now.
func (s *Server) hooks() Hooks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Hooks
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// certificate returns a certificate for 127.0.0.2 and localhost.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 2)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, roots
}

// session is a connection.
type session struct {
	server            *Server
	conn              *smtp.Conn
	signed            bool
	sender, recipient string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.hooks().User == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if h := s.server.hooks(); user != h.User || password != h.Password {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.signed = append(s.server.signed, mechanism)
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is the server of LOGIN, which go-sasl lacks.
type loginServer struct {
	check func(user, password string) error
	user  *string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

func call(hook func() error) error {
	if hook == nil {
		return nil
	}
	return hook()
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	h := s.server.hooks()
	if h.User != "" && !s.signed {
		return smtp.ErrAuthRequired
	}
	s.sender = from
	return call(h.OnMail)
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipient = to
	return call(s.server.hooks().OnRcpt)
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	h := s.server.hooks()
	if err := call(h.OnData); err != nil {
		return err
	}
	if h.Silent != nil {
		<-h.Silent
	}
	s.server.mu.Lock()
	s.server.mails = append(s.server.mails, Mail{Sender: s.sender, Recipient: s.recipient, Raw: string(raw)})
	drop := s.server.DropAfterData
	s.server.mu.Unlock()
	if drop {
		_ = s.conn.Conn().Close()
		return errors.New("the connection is gone")
	}
	return nil
}

// Refusal returns an answer for a hook.
func Refusal(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}
