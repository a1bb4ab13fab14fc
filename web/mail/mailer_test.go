package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web/mail"
	"parley/web/mail/mailtest"
)

// newMailer returns a mailer for a server. A prefix is the scheme with user and password, a suffix the options.
func newMailer(t *testing.T, s *mailtest.Server, prefix, suffix string) *mail.Mailer {
	t.Helper()
	m, err := mail.New(mail.Options{
		URL: prefix + s.Address + suffix, PublicURL: "https://chat.example.com/base",
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// question is the answer to a message.
func question() *models.Mail {
	return &models.Mail{
		ID:        "0190",
		Kind:      models.MailAnswer,
		From:      "support@kestrel.example",
		FromName:  "Kestrel Bank",
		Color:     "#ffcc00",
		To:        "maria@example.com",
		ToName:    "Maria",
		Locale:    "en",
		Zone:      time.UTC,
		MessageID: "0190@kestrel.example",
		Chat:      models.Chat{ID: "chat"},
		Token:     "token",
		Until:     time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC),
		Messages: []models.MailMessage{
			{
				Message: models.Message{
					SenderType: models.FromAgent,
					Type:       models.Text,
					Content:    "Your card is on its way.\n\n<b>Kind</b> regards",
				},
				SenderName: "Anna Berg",
			},
		},
		Quoted: []models.MailMessage{
			{Message: models.Message{SenderType: models.FromUser, Type: models.Text, Content: "Where is my card?"}},
		},
	}
}

func sent(t *testing.T, m *mail.Mailer, what *models.Mail) *models.MailError {
	t.Helper()
	err := m.Send(t.Context(), what)
	if err == nil {
		return nil
	}
	var e *models.MailError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, which is no MailError", err)
	}
	return e
}

func TestAMailHasTextHTMLAndHeaders(t *testing.T) {
	t.Parallel()
	box, err := mail.OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	m, err := mail.New(mail.Options{URL: box.URL(), PublicURL: "https://chat.example.com/base/"})
	if err != nil {
		t.Fatal(err)
	}
	what := question()
	what.ReplyTo = "support+abc@kestrel.example"
	what.InReplyTo, what.References = "two@kestrel.example", []string{"one@kestrel.example", "two@kestrel.example"}
	if e := sent(t, m, what); e != nil {
		t.Fatal(e)
	}
	mails := box.Mails()
	if len(mails) != 1 {
		t.Fatalf("there are %d mails", len(mails))
	}
	got := mails[0]
	if got.Sender != what.ReplyTo {
		t.Errorf("bounces go to %q", got.Sender)
	}
	headers := map[string]string{}
	for _, h := range got.Headers {
		headers[h.Name] = h.Value
	}
	for name, want := range map[string]string{
		"From": `"Kestrel Bank" <support@kestrel.example>`, "To": `"Maria" <maria@example.com>`,
		"Reply-To": `"Kestrel Bank" <support+abc@kestrel.example>`, "Subject": "Re: Your question to Kestrel Bank",
		"Message-Id": "<0190@kestrel.example>", "In-Reply-To": "<two@kestrel.example>",
		"References": "<one@kestrel.example> <two@kestrel.example>", "Auto-Submitted": "auto-generated", "Content-Language": "en",
	} {
		if headers[name] != want {
			t.Errorf("%s is %q, want %q", name, headers[name], want)
		}
	}
	const text = "Anna has answered you\r\n\r\nHello Maria,\r\n\r\nAnna\r\nYour card is on its way.\r\n\r\n<b>Kind</b> regards\r\n\r\n" +
		"To write back, reply to this e-mail.\r\n\r\nAnswer in the browser:\r\nhttps://chat.example.com/base/continue/token\r\n\r\n" +
		"The link works until 2026-12-24. Keep it to yourself: anyone who has it can read this conversation and write in it.\r\n\r\n" +
		"You wrote:\r\n> Where is my card?\r\n\r\nYou get this e-mail because you left Kestrel Bank a message.\r\n"
	if strings.TrimSpace(got.Text) != strings.TrimSpace(text) {
		t.Errorf("the text is\n%q\nwant\n%q", got.Text, text)
	}
	for _, part := range []string{
		"Your card is on its way.<br> <br> &lt;b&gt;Kind&lt;/b&gt; regards", `href="https://chat.example.com/base/continue/token"`, "background:#ffcc00;color:#05262d", ">Kestrel Bank<",
	} {
		if !strings.Contains(got.HTML, part) {
			t.Errorf("the HTML lacks %q:\n%s", part, got.HTML)
		}
	}
}

func TestAMailInChinese(t *testing.T) {
	t.Parallel()
	box, err := mail.OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	m, err := mail.New(mail.Options{URL: box.URL(), PublicURL: "https://chat.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	what := question()
	what.Kind, what.Locale, what.FromName, what.ToName = models.MailReceived, "zh-Hans-CN", "红隼银行", "李\r\nBcc: x@example.com"
	what.Messages, what.Quoted = what.Quoted, nil
	what.Messages[0].Content = "我的卡在哪里？😀\u202e"
	if e := sent(t, m, what); e != nil {
		t.Fatal(e)
	}
	got := box.Mails()[0]
	if got.Subject != "您向红隼银行提出的问题" || got.Recipient != "maria@example.com" || got.To != "李 Bcc: x@example.com <maria@example.com>" {
		t.Errorf("the mail has the subject %q and goes to %s, %q", got.Subject, got.Recipient, got.To)
	}
	for _, line := range []string{"我们已收到您的问题", "> 我的卡在哪里？😀\r\n", "红隼银行留言"} {
		if !strings.Contains(got.Text, line) {
			t.Errorf("the text lacks %q: %s", line, got.Text)
		}
	}
	if !strings.Contains(got.HTML, `<html lang="zh-CN">`) || !strings.Contains(string(got.Raw), "Auto-Submitted: auto-replied") {
		t.Errorf("the mail is %s", got.Raw)
	}
	for _, b := range got.Raw {
		if b >= 0x80 {
			t.Fatal("the mail has bytes that not every server takes")
		}
	}
}

func TestWhyAServerTakesNoMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change    func(*mailtest.Hooks)
		reason    models.MailErrorReason
		permanent bool
		reply     string
	}{
		"greylisting": {func(h *mailtest.Hooks) {
			h.OnRcpt = func() error { return mailtest.Refusal(451, "Greylisted, come back later") }
		}, models.MailDeferred, false, "451 4.1.1 Greylisted, come back later"},
		"unknown recipient":  {func(h *mailtest.Hooks) { h.OnRcpt = func() error { return mailtest.Refusal(550, "No such mailbox") } }, models.MailRecipientRefused, true, "550 5.1.1 No such mailbox"},
		"unknown sender":     {func(h *mailtest.Hooks) { h.OnMail = func() error { return mailtest.Refusal(553, "Not your address") } }, models.MailSenderRefused, false, "553 5.1.1 Not your address"},
		"content":            {func(h *mailtest.Hooks) { h.OnData = func() error { return mailtest.Refusal(554, "Spam") } }, models.MailRefused, true, "554 5.1.1 Spam"},
		"full":               {func(h *mailtest.Hooks) { h.OnData = func() error { return mailtest.Refusal(452, "Disk full") } }, models.MailDeferred, false, "452 4.1.1 Disk full"},
		"dropped after DATA": {func(h *mailtest.Hooks) { h.DropAfterData = true }, models.MailInterrupted, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.NoTLS, c.change)
			e := sent(t, newMailer(t, s, "smtp://", "?tls=off"), question())
			if e == nil || e.Reason != c.reason || e.Permanent != c.permanent || e.Reply != c.reply {
				t.Fatalf("got %+v", e)
			}
			// The error is logged. Mail servers quote addresses in their answers.
			if strings.Contains(e.Error(), "@") || c.reply != "" && strings.Contains(e.Error(), c.reply) {
				t.Errorf("the log has an address, or what the server says: %v", e)
			}
		})
	}
}

func TestASlowServerIsGivenUp(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.NoTLS, func(h *mailtest.Hooks) { h.Silent = make(chan struct{}) })
	t.Cleanup(func() { close(s.Silent) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := newMailer(t, s, "smtp://", "?tls=off").Send(ctx, question())
	var e *models.MailError
	if !errors.As(err, &e) || e.Reason != models.MailTimeout || e.Permanent || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
}

func TestNoServerIsThere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	if e := sent(
		t,
		newMailer(t, &mailtest.Server{Address: address}, "smtp://", "?tls=off"),
		question(),
	); e == nil || e.Reason != models.MailUnreachable ||
		e.Permanent {
		t.Errorf("got %+v", e)
	}
}

func TestTLSAndSignIn(t *testing.T) {
	t.Parallel()
	signIn := func(h *mailtest.Hooks) { h.User, h.Password = "parley", "p@ss/word" }
	const user = "parley:p%40ss%2Fword@"
	for name, c := range map[string]struct {
		mode           mailtest.TLSMode
		scheme, suffix string
		untrusted      bool
		reason         models.MailErrorReason // "" for sent
		used           string
	}{
		"starttls":                      {mode: mailtest.StartTLS, scheme: "smtp://" + user, used: "PLAIN"},
		"starttls, login":               {mode: mailtest.StartTLS, scheme: "smtp://" + user, suffix: "?auth=login", used: "LOGIN"},
		"smtps":                         {mode: mailtest.ImplicitTLS, scheme: "smtps://" + user, used: "PLAIN"},
		"smtps without TLS":             {mode: mailtest.NoTLS, scheme: "smtps://" + user, reason: models.MailTLSFailed},
		"smtps, unknown certificate":    {mode: mailtest.ImplicitTLS, scheme: "smtps://" + user, untrusted: true, reason: models.MailTLSFailed},
		"starttls, unknown certificate": {mode: mailtest.StartTLS, scheme: "smtp://" + user, untrusted: true, reason: models.MailTLSFailed},
		"required, not offered":         {mode: mailtest.NoTLS, scheme: "smtp://" + user, reason: models.MailTLSFailed},
		"optional, offered":             {mode: mailtest.StartTLS, scheme: "smtp://" + user, suffix: "?tls=optional", used: "PLAIN"},
		"optional, not offered":         {mode: mailtest.NoTLS, scheme: "smtp://" + user, suffix: "?tls=optional", reason: models.MailAuthFailed},
		"off, chosen on purpose":        {mode: mailtest.NoTLS, scheme: "smtp://" + user, suffix: "?tls=off&auth=plain", used: "PLAIN"},
		"wrong password":                {mode: mailtest.StartTLS, scheme: "smtp://parley:wrong@", reason: models.MailAuthFailed},
		"no password":                   {mode: mailtest.StartTLS, scheme: "smtp://", reason: models.MailSenderRefused},
		"a mechanism that is not there": {mode: mailtest.StartTLS, scheme: "smtp://" + user, suffix: "?auth=scram-sha-256", reason: models.MailAuthFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, c.mode, signIn)
			if c.untrusted {
				s.Roots = nil
			}
			e := sent(t, newMailer(t, s, c.scheme, c.suffix), question())
			if c.reason == "" {
				if e != nil || len(s.Got()) != 1 || strings.Join(s.Signed(), " ") != c.used {
					t.Errorf("got %+v, %d mails, signed in by %v", e, len(s.Got()), s.Signed())
				}
				return
			}
			if e == nil || e.Reason != c.reason || e.Permanent || len(s.Got()) != 0 {
				t.Errorf("got %+v", e)
			}
			if e != nil && strings.Contains(e.Error(), "p@ss") {
				t.Errorf("the error has the password: %v", e)
			}
			if e != nil && e.Reason == models.MailAuthFailed && e.Reply != "" {
				checked := newMailer(t, s, c.scheme, c.suffix).Check(t.Context())
				if strings.Contains(e.Error(), e.Reply) || checked == nil || !strings.Contains(checked.Error(), e.Reply) {
					t.Errorf("the log has %v, and an operator who checks the server sees %v", e, checked)
				}
			}
		})
	}
}

func TestAWrongSMTPURLIsRefusedInWords(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"mail.example.com:587", "http://mail.example.com", "smtp://", "smtp://u:secret password@host", "smtp://u:secret@host:0", "smtp://u:secret@host:70000", "smtp://u:secret@host/path",
		"smtp://u:secret@host?tls=maybe", "smtps://u:secret@host?tls=off", "smtp://u:secret@host?auth=magic", "smtp://host?auth=plain", "smtp://u:secret@host?port=1", "smtp://u:secret@host#x",
		"smtp://u:sec%ret@host",
	} {
		_, err := mail.New(mail.Options{URL: url, PublicURL: "https://chat.example.com"})
		if err == nil || !strings.HasPrefix(err.Error(), "SMTP_URL") || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := mail.New(mail.Options{URL: "smtp://mail.example.com"}); err == nil || !strings.Contains(err.Error(), "PUBLIC_URL") {
		t.Errorf("without PUBLIC_URL: %v", err)
	}
}
