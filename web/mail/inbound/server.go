package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
)

const (
	maxConnections = 100
	maxRecipients  = 100
	maxLine        = 64 << 10        // bytes; some programs send a paragraph as one line
	readTimeout    = 5 * time.Minute // for a command or a whole mail
	writeTimeout   = time.Minute
	checkTimeout   = 10 * time.Second // to look up a recipient
)

// Listen opens the address of MAIL_LISTEN: smtp://host:port, lmtp://host:port, or unix:///path for LMTP over a socket. isLMTP reports
// which protocol it asks for. The error of an address of another form names the setting.
func Listen(ctx context.Context, address string) (listener net.Listener, isLMTP bool, err error) {
	u, err := url.Parse(address)
	if err != nil || !isListenAddress(u) {
		return nil, false, fmt.Errorf(
			"MAIL_LISTEN: %q is not an address such as smtp://:2525, lmtp://127.0.0.1:2424 or unix:///run/parley/lmtp.sock",
			address,
		)
	}
	var config net.ListenConfig
	if u.Scheme == "unix" {
		listener, err = listenUnix(ctx, u.Path)
		return listener, true, err
	}
	listener, err = config.Listen(ctx, "tcp", u.Host)
	return listener, u.Scheme == "lmtp", err
}

func isListenAddress(u *url.URL) bool {
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "unix" {
		return u.Host == "" && len(u.Path) > 1
	}
	return (u.Scheme == "smtp" || u.Scheme == "lmtp") && u.Port() != "" && strings.Trim(u.Path, "/") == ""
}

// listenUnix opens a socket, in place of one that a process left behind. The mail server reaches it through its group.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("MAIL_LISTEN: another process listens on %s", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(path, 0o660) //nolint:gosec // the mail server's group writes to it
}

// CertificateOf returns the configuration of STARTTLS with the files of MAIL_TLS_CERT and MAIL_TLS_KEY, nil if they are "". The files are
// read again for each connection, because certificates are renewed.
func CertificateOf(cert, key string) (*tls.Config, error) {
	if cert == "" {
		return nil, nil //nolint:nilnil // without a certificate there is no STARTTLS
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return nil, fmt.Errorf("MAIL_TLS_CERT and MAIL_TLS_KEY: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		return &pair, err
	}}, nil
}

// Server receives mails over SMTP or LMTP. It takes no mail for other domains than that of the reply addresses.
type Server struct {
	receiver *Receiver
	smtp     *smtp.Server

	mu       sync.Mutex
	sessions map[*session]bool // with whether a mail is being received
	stopping bool
}

// ServerOptions of a [Server].
type ServerOptions struct {
	Domain  string // the name with which it greets
	IsLMTP  bool
	TLS     *tls.Config // offers STARTTLS; nil for none
	MaxSize int64
	Log     *slog.Logger
}

// NewServer returns a server that gives its mails to a receiver.
func NewServer(r *Receiver, o ServerOptions) *Server {
	s := &Server{receiver: r, sessions: map[*session]bool{}}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain, s.smtp.LMTP, s.smtp.TLSConfig = o.Domain, o.IsLMTP, o.TLS
	s.smtp.MaxMessageBytes, s.smtp.MaxRecipients, s.smtp.MaxLineLength = o.MaxSize, maxRecipients, maxLine
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = readTimeout, writeTimeout
	s.smtp.EnableSMTPUTF8, s.smtp.EnableBINARYMIME = true, true
	s.smtp.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)
	return s
}

// Serve takes connections until Stop, then it returns nil.
func (s *Server) Serve(listener net.Listener) error {
	err := s.smtp.Serve(netutil.LimitListener(listener, maxConnections))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil
	}
	return err
}

// Stop takes no more mails and waits for those that are being received, at most until ctx ends. Senders of the others try again.
func (s *Server) Stop(ctx context.Context) {
	s.mu.Lock()
	s.stopping = true
	for session, busy := range s.sessions {
		if !busy {
			_ = session.conn.Conn().Close()
		}
	}
	s.mu.Unlock()
	if s.smtp.Shutdown(ctx) != nil {
		_ = s.smtp.Close()
	}
}

var errStopping = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "stopping, try again later"}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, errStopping
	}
	n := &session{server: s, conn: c}
	s.sessions[n] = false
	return n, nil
}

// session is a connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	sender string
	to     []string
}

// setBusy notes that a mail is being received, and reports false when the server is stopping.
func (n *session) setBusy(busy bool) bool {
	s := n.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.sessions[n]; !known || busy && s.stopping {
		return false
	}
	s.sessions[n] = busy
	return true
}

// Reset implements smtp.Session. It is called after a mail was answered; a server that stops takes no other one.
func (n *session) Reset() {
	n.sender, n.to = "", nil
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	if n.server.stopping {
		_ = n.conn.Conn().Close()
	}
}

// Logout implements smtp.Session.
func (n *session) Logout() error {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	delete(n.server.sessions, n)
	return nil
}

// Mail implements smtp.Session.
func (n *session) Mail(from string, _ *smtp.MailOptions) error {
	n.sender = from
	return nil
}

// Rcpt implements smtp.Session. It refuses every address that leads into no chat.
func (n *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	if err := n.server.receiver.Check(ctx, to); err != nil {
		return smtpError(err)
	}
	n.to = append(n.to, to)
	return nil
}

// Data implements smtp.Session. The mail is taken once it is stored for every recipient; if one of them is to try again, all are, and the
// mail is stored for none twice.
func (n *session) Data(content io.Reader) error {
	errs, err := n.deliver(content)
	if err != nil {
		return err
	}
	var final error
	for _, err := range errs {
		var refusal *Refusal
		if errors.As(err, &refusal) && (final == nil || refusal.IsTemporary()) {
			final = smtpError(err)
		}
	}
	return final
}

// LMTPData implements smtp.LMTPSession: it answers for each recipient.
func (n *session) LMTPData(content io.Reader, status smtp.StatusCollector) error {
	errs, err := n.deliver(content)
	if err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			err = smtpError(err)
		}
		status.SetStatus(n.to[i], err)
	}
	return nil
}

func (n *session) deliver(content io.Reader) ([]error, error) {
	if !n.setBusy(true) {
		return nil, errStopping
	}
	defer n.setBusy(false)
	return n.server.receiver.Deliver(context.Background(), n.sender, n.to, content), nil
}

// codes has the SMTP codes of refusals.
var codes = map[Result]struct {
	code     int
	enhanced smtp.EnhancedCode
}{
	UnknownAddress: {550, smtp.EnhancedCode{5, 1, 1}},
	Relay:          {550, smtp.EnhancedCode{5, 7, 1}},
	TooLarge:       {552, smtp.EnhancedCode{5, 3, 4}},
	NotReadable:    {554, smtp.EnhancedCode{5, 6, 0}},
	TooManyHops:    {554, smtp.EnhancedCode{5, 4, 6}},
	RateLimited:    {450, smtp.EnhancedCode{4, 7, 1}},
	Unavailable:    {451, smtp.EnhancedCode{4, 3, 0}},
}

func smtpError(err error) error {
	refusal := refusalOf(err)
	code := codes[refusal.Result]
	return &smtp.SMTPError{Code: code.code, EnhancedCode: code.enhanced, Message: refusal.Text}
}
