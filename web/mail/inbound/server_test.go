package inbound_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"parley/models"
	"parley/models/testdb"
	"parley/web/files"
	"parley/web/incoming"
	"parley/web/mail/inbound"
)

// post is a mail server with a desk behind it.
type post struct {
	*models.Desk
	t        *testing.T
	address  string // to dial
	network  string
	receiver *inbound.Receiver
	server   *inbound.Server
	log      *bytes.Buffer
}

// open starts a server on MAIL_LISTEN for the database at url.
func open(t *testing.T, url, listen string, change ...func(*inbound.ServerOptions)) *post {
	t.Helper()
	settings := models.DefaultSettings()
	settings.RateMail = 1000
	var err error
	if settings.ReplyAddress, err = models.ParseReplyAddressForm("reply+{token}@example.com"); err != nil {
		t.Fatal(err)
	}
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	p := &post{t: t, log: &bytes.Buffer{}}
	logger := slog.New(slog.NewTextHandler(&synced{w: p.log}, nil))
	p.Desk = models.NewDesk(db, settings, logger)
	t.Cleanup(func() { p.Close(); _ = db.Close() })
	store, err := files.Open(files.Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	const maxSize = 25 << 20
	p.receiver = inbound.New(inbound.Options{
		Desk: p.Desk, Files: incoming.Files{Desk: p.Desk, Store: store, Log: logger}, TempDir: t.TempDir(), MaxSize: maxSize, Log: logger,
	})
	listener, isLMTP, err := inbound.Listen(t.Context(), listen)
	if err != nil {
		t.Fatal(err)
	}
	p.network, p.address = listener.Addr().Network(), listener.Addr().String()
	options := inbound.ServerOptions{Domain: "chat.example.com", IsLMTP: isLMTP, MaxSize: maxSize, Log: logger}
	for _, f := range change {
		f(&options)
	}
	p.server = inbound.NewServer(p.receiver, options)
	served := make(chan error, 1)
	go func() { served <- p.server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.server.Stop(ctx)
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return p
}

type synced struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (s *synced) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func (p *post) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// chat starts a chat of a user and returns it with its reply address.
func (p *post) chat(user string) (id, address string) {
	p.t.Helper()
	ctx := p.t.Context()
	_, err := p.EnsureUser(ctx, models.Identity{ID: user, Verified: true})
	p.must(err)
	got, err := p.Assign(ctx, user, models.AssignRequest{})
	p.must(err)
	address, err = p.ReplyAddress(ctx, got.Chat.ID, user+"@example.org")
	p.must(err)
	return got.Chat.ID, address
}

var admin = models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}

// said returns what the user wrote in a chat.
func (p *post) said(chat string) []string {
	p.t.Helper()
	messages, err := p.Messages(p.t.Context(), admin, chat, 0, 200)
	p.must(err)
	said := []string{}
	for _, m := range messages {
		if m.SenderType == models.FromUser {
			said = append(said, string(m.Type)+" "+m.Content)
		}
	}
	return said
}

func (p *post) dial() *smtp.Client {
	p.t.Helper()
	conn, err := net.Dial(p.network, p.address)
	p.must(err)
	c := smtp.NewClient(conn)
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// send sends a mail whose lines end with \n here. The error is that of the server.
func (p *post) send(from, mail string, to ...string) error {
	p.t.Helper()
	return p.dial().SendMail(from, to, strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")))
}

func (p *post) refused(err error, code int, enhanced smtp.EnhancedCode) {
	p.t.Helper()
	var refused *smtp.SMTPError
	if !errors.As(err, &refused) || refused.Code != code || refused.EnhancedCode != enhanced {
		p.t.Errorf("the answer is %v, want %d %v", err, code, enhanced)
	}
}

// counted returns how many mails had a result.
func (p *post) counted(result inbound.Result) int {
	return int(testutil.ToFloat64(p.receiver.Counter(result)))
}

func mail(id, text string) string {
	return "From: Maria <maria@example.org>\nSubject: Re: hello\nMessage-ID: <" + id + "@example.org>\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n"
}

func TestAReplyComesIntoTheChat(t *testing.T) {
	t.Parallel()
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	other, elsewhere := p.chat("other")
	p.must(p.send("maria@example.org", mail("1", "谢谢！\n\n> 您好"), address))
	p.must(p.send("boss@example.com", strings.ReplaceAll(mail("2", "forged"), "maria@", "boss@"), strings.ToUpper(address)))
	p.must(p.send("maria@example.org", mail("3", "to two"), address, elsewhere))
	p.must(p.send("maria@example.org", mail("3", "to two"), address)) // the sender did not hear the answer
	if said := p.said(chat); !slices.Equal(said, []string{"text 谢谢！", "text forged", "text to two"}) {
		t.Errorf("the chat has %q", said)
	}
	if said := p.said(other); !slices.Equal(said, []string{"text to two"}) {
		t.Errorf("the other chat has %q", said)
	}
	messages, err := p.Messages(t.Context(), admin, chat, 0, 200)
	p.must(err)
	whole, err := p.MailOf(t.Context(), admin, chat, messages[0].ID)
	p.must(err)
	if whole.Content != "谢谢！\n\n> 您好" || whole.FromName != "Maria" || whole.Subject != "Re: hello" {
		t.Errorf("the mail is %+v", whole)
	}
	if p.counted(inbound.Stored) != 4 || p.counted(inbound.Repeated) != 1 {
		t.Errorf("%d were stored, %d repeated", p.counted(inbound.Stored), p.counted(inbound.Repeated))
	}
}

func TestOnlyReplyAddressesTakeMail(t *testing.T) {
	t.Parallel()
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	unknown := "reply+" + strings.Repeat("a", 26) + "@example.com"
	for to, want := range map[string]smtp.EnhancedCode{
		"anyone@example.org": {5, 7, 1}, "reply@example.com": {5, 1, 1}, "reply+@example.com": {5, 1, 1}, unknown: {5, 1, 1},
		"maria@example.com": {5, 1, 1}, strings.Replace(address, "@", "@x.", 1): {5, 7, 1},
		strings.Replace(address, "@", "%example.org@", 1): {5, 1, 1},
	} {
		p.refused(p.send("maria@example.org", mail("1", "text"), to), 550, want)
	}
	c := p.dial()
	p.must(c.Hello("localhost"))
	p.must(c.Mail("maria@example.org", nil))
	p.refused(c.Rcpt(unknown, nil), 550, smtp.EnhancedCode{5, 1, 1})
	p.must(c.Rcpt(address, nil)) // the others are not hurt
	w, err := c.Data()
	p.must(err)
	_, err = w.Write([]byte(strings.ReplaceAll(mail("2", "right"), "\n", "\r\n")))
	p.must(err)
	p.must(w.Close())
	if said := p.said(chat); !slices.Equal(said, []string{"text right"}) {
		t.Errorf("the chat has %q", said)
	}
	p.must(p.RevokeReplyAddress(t.Context(), admin, address))
	p.refused(p.send("maria@example.org", mail("3", "text"), address), 550, smtp.EnhancedCode{5, 1, 1})
	if p.counted(inbound.Relay) != 2 || p.counted(inbound.UnknownAddress) != 7 {
		t.Errorf("%d relays and %d unknown addresses were counted", p.counted(inbound.Relay), p.counted(inbound.UnknownAddress))
	}
}

// A mail that comes to two instances at once, over several connections, is stored once.
func TestAMailIsStoredOnceByTwoInstances(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	a, b := open(t, url, "smtp://127.0.0.1:0"), open(t, url, "lmtp://127.0.0.1:0")
	chat, address := a.chat("maria")
	_, err := a.End(t.Context(), models.UserActor("maria"), chat, "")
	a.must(err)
	var all sync.WaitGroup
	source := withFile(mail("same", "once"), "note.txt", []byte("a file"))
	for range 4 {
		all.Go(func() {
			if err := a.send("maria@example.org", source, address); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := b.lmtp(source, address)[0]; err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	open, err := a.OpenChats(t.Context(), models.UserActor("maria"))
	a.must(err)
	if len(open) != 1 {
		t.Fatalf("%d chats are open", len(open))
	}
	if said := a.said(open[0].ID); !slices.Equal(said, []string{"text once", "file note.txt"}) {
		t.Errorf("the chat has %q", said)
	}
	var kept int
	a.must(a.DB().NewRaw(`SELECT count(*) FROM stored_files WHERE due_at IS NULL OR due_at > now()`).Scan(t.Context(), &kept))
	if kept != 1 {
		t.Errorf("%d files are kept", kept)
	}
	if n := a.counted(inbound.Stored) + b.counted(inbound.Stored); n != 1 {
		t.Errorf("it was stored %d times", n)
	}
}

// lmtp sends a mail over LMTP and returns the answer for each recipient.
func (p *post) lmtp(source string, to ...string) []error {
	p.t.Helper()
	conn, err := net.Dial(p.network, p.address)
	p.must(err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	p.must(c.Mail("maria@example.org", nil))
	answers := make([]error, len(to))
	accepted := map[string]int{}
	for i, address := range to {
		if answers[i] = c.Rcpt(address, nil); answers[i] == nil {
			accepted[address] = i
		}
	}
	if len(accepted) == 0 {
		return answers
	}
	w, err := c.Data()
	p.must(err)
	_, err = w.Write([]byte(strings.ReplaceAll(source, "\n", "\r\n")))
	p.must(err)
	var refused smtp.LMTPDataError
	if _, err = w.CloseWithLMTPResponse(); errors.As(err, &refused) {
		for address, answer := range refused {
			answers[accepted[address]] = answer
		}
	} else {
		p.must(err)
	}
	return answers
}

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "lmtp.sock")
	p := open(t, testdb.Postgres(t), "unix://"+socket)
	chat, address := p.chat("maria")
	_, limited := p.chat("limited")
	_, err := p.DB().
		NewRaw(`INSERT INTO received_mails (chat_id, token, key, kind, from_email, from_name, subject, content, size, received_at)
		SELECT r.chat_id, r.token, sha256(n::text::bytea), 'reply', '', '', '', '', 1, now()
		FROM reply_addresses r, generate_series(1, 999) n WHERE r.email = 'limited@example.org'`).
		Exec(t.Context())
	p.must(err)
	answers := p.lmtp(mail("1", "one"), address, limited)
	if answers[0] != nil || answers[1] != nil {
		t.Errorf("the answers are %v", answers)
	}
	answers = p.lmtp(mail("2", "two"), address, limited)
	if answers[0] != nil {
		t.Errorf("the answers are %v", answers)
	}
	p.refused(answers[1], 450, smtp.EnhancedCode{4, 7, 1})
	if said := p.said(chat); len(said) != 2 {
		t.Errorf("the chat has %q", said)
	}
	if _, _, err := inbound.Listen(t.Context(), "unix://"+socket); err == nil {
		t.Error("two processes listen on one socket")
	}
}

func TestFilesOfAMailAreCheckedAsUploadsAre(t *testing.T) {
	t.Parallel()
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	large := bytes.Repeat([]byte("0123456789abcde\n"), 15<<20/16) // 20 MB in base64
	source := mail("1", "see the files")
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"发票.txt", []byte("paid")},
		{"winmail.dat", []byte("\x78\x9f\x3e\x22tnef")},
		{"setup.exe", []byte("MZ\x90\x00\x03\x00\x00\x00")},
		{"large.txt", large},
		{"empty.txt", nil},
		{"bomb.zip", append([]byte("PK\x03\x04"), make([]byte, 1000)...)},
	} {
		source = withFile(source, f.name, f.content)
	}
	p.must(p.send("maria@example.org", source, address))
	if said := p.said(chat); !slices.Equal(said, []string{"text see the files", "file 发票.txt"}) {
		t.Errorf("the chat has %q", said)
	}
	messages, err := p.Messages(t.Context(), admin, chat, 0, 200)
	p.must(err)
	lines := map[string]string{}
	for _, m := range messages {
		if m.SystemKind != nil {
			lines[m.SystemArgs["reason"]] = m.SystemArgs["names"]
		}
	}
	if lines["document_too_large"] != "large.txt" || lines["empty"] != "empty.txt" || lines["unknown_type"] != "setup.exe" ||
		lines["not_utf8"] != "winmail.dat" || lines["broken"] != "bomb.zip" {
		t.Errorf("the lines are %q", lines)
	}
	p.refused(
		p.send("maria@example.org", withFile(mail("2", "too large"), "x", bytes.Repeat(large, 2)), address),
		552,
		smtp.EnhancedCode{5, 3, 4},
	)
	bomb := "Subject: x\nMessage-ID: <3@example.org>\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat(
		"--b\n\nx\n",
		10_000,
	) + "--b--\n"
	p.refused(p.send("maria@example.org", bomb, address), 554, smtp.EnhancedCode{5, 6, 0})
	if said := p.said(chat); len(said) != 2 {
		t.Errorf("the chat has %q", said)
	}
}

// withFile makes a mail with an attachment of one without, or adds another.
func withFile(source, name string, content []byte) string {
	part := "--limit\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''" + escape(name) +
		"\nContent-Transfer-Encoding: base64\n\n"
	var lines strings.Builder
	for encoded := base64.StdEncoding.EncodeToString(content); encoded != ""; {
		n := min(76, len(encoded))
		lines.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	part += lines.String() + "--limit--\n"
	if whole, ends := strings.CutSuffix(source, "--limit--\n"); ends {
		return whole + part
	}
	header, body, _ := strings.Cut(source, "\n\n")
	header, kind, _ := strings.Cut(header, "\nContent-Type: ")
	return header + "\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=limit\n\n--limit\nContent-Type: " + kind + "\n\n" + body + part
}

func escape(name string) string {
	escaped := ""
	for _, b := range []byte(name) {
		escaped += fmt.Sprintf("%%%02X", b)
	}
	return escaped
}

func TestAutomaticMailIsNeverAMessage(t *testing.T) {
	t.Parallel()
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	with := func(id, header string) string { return header + "\n" + mail(id, "I am away") }
	p.must(p.send("maria@example.org", with("1", "Auto-Submitted: auto-replied"), address))
	p.must(p.send("", mail("2", "I am away"), address)) // without a return path
	p.must(p.send("maria@example.org", with("3", "Precedence: bulk"), address))
	_, err := p.DB().NewRaw(`INSERT INTO outgoing_mails (chat_id, kind, recipient, state, message_id, finished_at)
		VALUES (?, 'answer', 'maria@example.org', 'sent', 'ours@example.com', now())`, chat).Exec(t.Context())
	p.must(err)
	p.must(p.send("maria@example.org", strings.Replace(mail("x", "our own words"), "x@example.org", "ours@example.com", 1), address))
	report := "From: MAILER-DAEMON@example.org\nSubject: Undelivered\nMessage-ID: <4@example.org>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; maria@example.org\nAction: failed\nStatus: 5.1.1\n\n" +
		"--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@example.com>\n\nHello\n--b--\n"
	p.must(p.send("", report, address))
	p.refused(
		p.send("maria@example.org", strings.Repeat("Received: from a by b\n", 101)+mail("5", "round"), address),
		554,
		smtp.EnhancedCode{5, 4, 6},
	)
	if said := p.said(chat); len(said) != 0 {
		t.Errorf("the chat has %q", said)
	}
	var state string
	p.must(p.DB().NewRaw(`SELECT state FROM outgoing_mails`).Scan(t.Context(), &state))
	if state != "failed" || p.counted(inbound.Automatic) != 3 || p.counted(inbound.Bounced) != 1 || p.counted(inbound.Loop) != 1 ||
		p.counted(inbound.TooManyHops) != 1 {
		t.Errorf(
			"the mail is %s, counted %d, %d, %d, %d",
			state,
			p.counted(inbound.Automatic),
			p.counted(inbound.Bounced),
			p.counted(inbound.Loop),
			p.counted(inbound.TooManyHops),
		)
	}
	var outgoing int
	p.must(p.DB().NewRaw(`SELECT count(*) FROM outgoing_mails`).Scan(t.Context(), &outgoing))
	if outgoing != 1 {
		t.Errorf("%d mails go out", outgoing)
	}
}

// While PostgreSQL is away the sender is told to try again, and then nothing is lost or stored twice.
func TestWithoutPostgreSQLTheSenderTriesAgain(t *testing.T) {
	t.Parallel()
	server := testdb.PostgresServer(t)
	p := open(t, server.URL, "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	c := p.dial()
	p.must(c.Hello("localhost"))
	p.must(c.Mail("maria@example.org", nil))
	p.must(c.Rcpt(address, nil))
	p.must(server.Stop())
	w, err := c.Data()
	p.must(err)
	_, err = w.Write([]byte(strings.ReplaceAll(mail("1", "patient"), "\n", "\r\n")))
	p.must(err)
	p.refused(w.Close(), 451, smtp.EnhancedCode{4, 3, 0})
	p.refused(p.send("maria@example.org", mail("1", "patient"), address), 451, smtp.EnhancedCode{4, 3, 0})
	p.must(server.Start(t.Context()))
	p.must(p.send("maria@example.org", mail("1", "patient"), address))
	p.must(p.send("maria@example.org", mail("1", "patient"), address))
	if said := p.said(chat); !slices.Equal(said, []string{"text patient"}) {
		t.Errorf("the chat has %q", said)
	}
	if p.counted(inbound.Unavailable) != 2 || strings.Contains(p.log.String(), address) {
		t.Errorf("%d were deferred; the log is\n%s", p.counted(inbound.Unavailable), p.log)
	}
}

func TestALostCommitIsNotRepeated(t *testing.T) {
	t.Parallel()
	link := testdb.NewLink(t, testdb.Postgres(t))
	p := open(t, link.URL, "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	loss := link.LoseAnswer(`received_mails`)
	go func() { <-loss.Lost(); loss.Deliver() }()
	p.refused(p.send("maria@example.org", mail("1", "once"), address), 451, smtp.EnhancedCode{4, 3, 0})
	p.must(p.send("maria@example.org", mail("1", "once"), address))
	if said := p.said(chat); !slices.Equal(said, []string{"text once"}) || p.counted(inbound.Repeated) != 1 {
		t.Errorf("the chat has %q", said)
	}
}

func TestConnectionsAreEncryptedIfTheSenderWants(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"chat.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0", func(o *inbound.ServerOptions) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	})
	chat, address := p.chat("maria")
	roots := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	p.must(err)
	roots.AddCert(parsed)
	conn, err := net.Dial("tcp", p.address)
	p.must(err)
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{RootCAs: roots, ServerName: "chat.example.com"})
	p.must(err)
	p.must(c.SendMail("maria@example.org", []string{address}, strings.NewReader(strings.ReplaceAll(mail("1", "secret"), "\n", "\r\n"))))
	p.must(p.send("maria@example.org", mail("2", "open"), address))
	if said := p.said(chat); len(said) != 2 {
		t.Errorf("the chat has %q", said)
	}
	for _, capability := range []string{"AUTH", "STARTTLS"} {
		plain := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0").dial()
		p.must(plain.Hello("localhost"))
		if offered, _ := plain.Extension(capability); offered {
			t.Errorf("%s is offered", capability)
		}
	}
}

// A server that stops ends idle connections at once and answers mails that are on their way.
func TestAServerStopsBetweenMails(t *testing.T) {
	t.Parallel()
	p := open(t, testdb.Postgres(t), "smtp://127.0.0.1:0")
	chat, address := p.chat("maria")
	idle, busy := p.dial(), p.dial()
	p.must(idle.Hello("localhost"))
	p.must(busy.Hello("localhost"))
	p.must(busy.Mail("maria@example.org", nil))
	p.must(busy.Rcpt(address, nil))
	w, err := busy.Data()
	p.must(err)
	_, err = w.Write([]byte(strings.ReplaceAll(mail("1", "on its way"), "\n", "\r\n")))
	p.must(err)
	p.must(waitUntil(t, p.server.IsReceiving))
	stopped := make(chan struct{})
	go func() { p.server.Stop(t.Context()); close(stopped) }()
	if err := idle.Noop(); err == nil {
		p.must(waitUntil(t, func() bool { return idle.Noop() != nil }))
	}
	p.must(w.Close())
	<-stopped
	if said := p.said(chat); !slices.Equal(said, []string{"text on its way"}) {
		t.Errorf("the chat has %q", said)
	}
	if _, err := net.Dial("tcp", p.address); err == nil {
		t.Error("it still takes connections")
	}
}

func waitUntil(t *testing.T, condition func() bool) error {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-again.C:
		case <-late:
			return errors.New("it takes too long")
		}
	}
	return nil
}

func TestWrongAddressesToListenOn(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{
		"", "2525", ":2525", "smtp://", "smtp://host", "http://:2525", "smtp://a:b@:2525", "unix://", "unix://host/path", "smtp://:2525/path", "lmtp://:x",
	} {
		if l, _, err := inbound.Listen(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "MAIL_LISTEN") {
			t.Errorf("%q is answered with %v", wrong, err)
			if l != nil {
				_ = l.Close()
			}
		}
	}
}
