package inbound

import (
	"context"
	"errors"
	"io"
)

// The exit codes of a command in the pipe of a mail server, from sysexits.h.
const (
	ExitDataError = 65 // the mail is refused
	ExitNoUser    = 67 // no chat has the address
	ExitTryAgain  = 75
)

// ExitCode returns how a mail server is told why a mail was not stored. What is not known to be final is tried again.
func ExitCode(err error) int {
	var refusal *Refusal
	switch {
	case !errors.As(err, &refusal) || refusal.IsTemporary():
		return ExitTryAgain
	case refusal.Result == UnknownAddress || refusal.Result == Relay:
		return ExitNoUser
	}
	return ExitDataError
}

// DeliverOrFail stores a mail for all recipients, as [Receiver.Deliver] does, and returns one error for all of them. Nothing is read while
// one of the recipients is refused. If one of them is to try again, all are, and the mail is stored for none twice.
func (r *Receiver) DeliverOrFail(ctx context.Context, sender string, recipients []string, content io.Reader) error {
	for _, recipient := range recipients {
		if err := r.Check(ctx, recipient); err != nil {
			return err
		}
	}
	var failed error
	for _, err := range r.Deliver(ctx, sender, recipients, content) {
		if err != nil && (failed == nil || ExitCode(err) == ExitTryAgain) {
			failed = err
		}
	}
	return failed
}
