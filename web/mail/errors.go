package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"parley/models"
)

// tlsError is a failed handshake.
type tlsError struct{ error }

func (e tlsError) Unwrap() error { return e.error }

// connectError returns why no mail could be sent over a connection. None of the reasons is permanent: an operator can
// set the server right, and the mail is sent then.
func connectError(ctx context.Context, err error) *models.MailError {
	e := &models.MailError{Reason: models.MailUnreachable, Cause: err}
	var said *textproto.Error
	var handshake tlsError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	switch {
	case isTimeout(ctx, err):
		e.Reason = models.MailTimeout
	case errors.As(err, &handshake),
		errors.As(err, &certificate),
		errors.As(err, &record),
		errors.As(err, &alert),
		errors.As(err, &authority),
		strings.Contains(err.Error(), "STARTTLS"):
		e.Reason = models.MailTLSFailed
	case strings.Contains(err.Error(), "AUTH"), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered),
		errors.Is(err, gomail.ErrPlainAuthNotSupported), errors.Is(err, gomail.ErrLoginAuthNotSupported):
		e.Reason = models.MailAuthFailed
	case errors.As(err, &said) && said.Code < 500:
		e.Reason = models.MailDeferred
	}
	if errors.As(err, &said) {
		e.Reply, e.Cause = said.Error(), answered(said.Code)
	}
	return e
}

// sendError returns why a server did not take a mail over a connection that worked.
func sendError(ctx context.Context, err error) *models.MailError {
	e := &models.MailError{Reason: models.MailInterrupted, Cause: err}
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return e
	}
	e.Cause = causeOf(failed)
	code := failed.ErrorCode()
	if code >= 400 {
		e.Reply = replyOf(failed)
	}
	switch {
	case code >= 400 && code < 500:
		e.Reason = models.MailDeferred
	case code >= 500 && failed.Reason == gomail.ErrSMTPMailFrom:
		e.Reason = models.MailSenderRefused
	case code >= 500 && failed.Reason == gomail.ErrSMTPRcptTo:
		e.Reason, e.Permanent = models.MailRecipientRefused, true
	case code >= 500:
		e.Reason, e.Permanent = models.MailRefused, true
	case failed.Reason == gomail.ErrGetSender, failed.Reason == gomail.ErrGetRcpts, failed.Reason == gomail.ErrNoUnencoded:
		e.Reason, e.Permanent = models.MailInternal, true
	case isTimeout(ctx, err):
		e.Reason = models.MailTimeout
	}
	return e
}

// isTimeout reports whether the time was up. The library turns some errors of the connection into text.
func isTimeout(ctx context.Context, err error) bool {
	var network net.Error
	return ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout() ||
		strings.Contains(err.Error(), "i/o timeout")
}

// causeOf returns an error for the log, without the address of the recipient and the id of the mail, which the library adds.
func causeOf(failed *gomail.SendError) error {
	switch code := failed.ErrorCode(); {
	case code >= 400:
		return answered(code)
	case failed.Reason == gomail.ErrGetSender, failed.Reason == gomail.ErrGetRcpts, failed.Reason == gomail.ErrNoUnencoded:
		return errors.New(failed.Reason.String())
	}
	return errors.New(textOf(failed))
}

// answered is the error for the log of a server that refused something. What it said may quote an address.
func answered(code int) error { return fmt.Errorf("the server answered %d", code) }

// textOf returns what went wrong, without what the library puts around it.
func textOf(failed *gomail.SendError) string {
	text := strings.TrimPrefix(failed.Error(), failed.Reason.String()+": ")
	for _, more := range []string{", affected recipient(s): ", ", affected message ID: "} {
		text, _, _ = strings.Cut(text, more)
	}
	return text
}

// replyOf returns what the server said.
func replyOf(failed *gomail.SendError) string {
	reply := textOf(failed)
	// The library quotes the text after the code.
	code, said, _ := strings.Cut(reply, " ")
	if plain, err := strconv.Unquote(said); err == nil {
		return code + " " + plain
	}
	return reply
}
