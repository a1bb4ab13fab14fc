package main

import (
	"context"
	"net"
	"net/url"
	"os"

	"go.opentelemetry.io/otel/trace"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/tracing"
	"parley/web/demo"
	"parley/web/files"
	"parley/web/incoming"
	"parley/web/mail"
	"parley/web/mail/inbound"
)

// This file makes the parts of e-mail from the settings: out is SMTP_URL, in is MAIL_LISTEN and `parley mail deliver`.

// commandDelivers is the command that the pipe of a mail server runs.
const commandDelivers = "mail deliver <recipient>"

// deliver stores the mail on standard input. Its exit code is [inbound.ExitCode] of the error.
func deliver(ctx context.Context, p *cli.Program, from string, recipients []string) error {
	desk, err := p.ReadyDesk(ctx)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, p)
	if err != nil {
		return err
	}
	return newReceiver(p, desk, store).DeliverOrFail(ctx, from, recipients, p.Stdin)
}

// newReceiver returns what stores mails.
func newReceiver(p *cli.Program, desk *models.Desk, store files.Store) *inbound.Receiver {
	return inbound.New(inbound.Options{
		Desk: desk, Files: incoming.Files{Desk: desk, Store: store, Log: p.Log}, TempDir: incomingDir(p),
		MaxSize: int64(p.Env.MailMaxSize) << 20, Log: p.Log,
	})
}

// listenForMail starts to receive mail at MAIL_LISTEN. The server is nil if it is not set.
func listenForMail(ctx context.Context, p *cli.Program, receiver *inbound.Receiver) (*inbound.Server, net.Listener, error) {
	if p.Env.MailListen == "" {
		return nil, nil, nil
	}
	certificate, err := inbound.CertificateOf(p.Env.MailTLSCert, p.Env.MailTLSKey)
	if err != nil {
		return nil, nil, err
	}
	listener, isLMTP, err := inbound.Listen(ctx, p.Env.MailListen)
	if err != nil {
		return nil, nil, err
	}
	return inbound.NewServer(receiver, inbound.ServerOptions{
		Domain: mailDomain(p), IsLMTP: isLMTP, TLS: certificate, MaxSize: int64(p.Env.MailMaxSize) << 20, Log: p.Log,
	}), listener, nil
}

// mailDomain is the name with which the receiver greets: that of PUBLIC_URL, or of the machine.
func mailDomain(p *cli.Program) string {
	if u, err := url.Parse(p.Env.PublicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// newMailer returns the mailer of SMTP_URL, nil without one. For trying, links lead to this machine.
func newMailer(p *cli.Program, trying bool, listener net.Listener) (*mail.Mailer, error) {
	if p.Env.SMTPURL == "" {
		return nil, nil //nolint:nilnil // no mail server is no error
	}
	publicURL := p.Env.PublicURL
	if trying {
		publicURL = p.Address(listener)
	}
	return mail.New(mail.Options{URL: p.Env.SMTPURL, PublicURL: publicURL})
}

func setMailer(p *cli.Program, desk *models.Desk, mailer *mail.Mailer, tracer trace.Tracer) {
	if mailer == nil {
		return
	}
	if tracer == nil {
		desk.SetMailer(mailer)
	} else {
		desk.SetMailer(tracing.Mailer(mailer, tracer))
	}
	if !desk.CanMail() {
		p.Log.Warn("SMTP_URL is set and MAIL_FROM is not, so no e-mail is sent until an administrator sets it")
	}
}

// openMailbox starts a mailbox for the mails of the sample company, unless a mail server is set: then it returns nil.
func openMailbox(p *cli.Program) (*mail.Mailbox, error) {
	if p.Env.SMTPURL != "" {
		return nil, nil //nolint:nilnil // the mail server takes its place
	}
	mailbox, err := mail.OpenMailbox()
	if err != nil {
		return nil, err
	}
	p.OnClose(func() { _ = mailbox.Close() })
	p.Env.SMTPURL = mailbox.URL()
	if p.Settings.MailFrom == "" {
		p.Settings.MailFrom, p.Settings.MailName = demo.MailFrom, demo.MailName
	}
	return mailbox, nil
}
