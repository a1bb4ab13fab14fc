package cli

import (
	"context"
	"fmt"

	"parley/models"
)

// Mail is `parley mail …`. The program itself runs deliver.
type Mail struct {
	Deliver struct {
		From      string   `default:"unknown" help:"Sender of the envelope, empty for the mails that have none, such as bounces."`
		Recipient []string `arg:"" help:"Recipient of the envelope: a reply address."`
	} `cmd:"" help:"Store the mail on standard input, for the pipe of a mail server. Exits 75 to be tried again."`
	Revoke struct {
		Address string `arg:"" help:"Reply address, such as one that was published."`
	} `cmd:"" help:"Refuse further mail to a reply address."`
}

// Help explains the exit codes.
func (Mail) Help() string {
	return "deliver exits 0 once the mail is stored, 75 (EX_TEMPFAIL) if it should be tried again, 67 (EX_NOUSER) for an " +
		"address that leads into no chat, and 65 (EX_DATAERR) for a mail that is refused."
}

// Run runs the subcommand "revoke".
func (m *Mail) Run(ctx context.Context, command string, desk *models.Desk) error {
	if command != "revoke <address>" {
		return fmt.Errorf("there is no command mail %s", command)
	}
	return desk.RevokeReplyAddress(ctx, operator, m.Revoke.Address)
}
