package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"parley/models"
)

// User is `parley user …`.
type User struct {
	Export struct {
		User string `required:"" help:"The user's id."`
		Out  string `type:"path" help:"Write to this file instead of standard output. Only you can read it."`
	} `cmd:"" help:"Print all data stored about a user as one JSON document."`
	Erase struct {
		User string `required:"" help:"The user's id."`
		Yes  bool   `help:"Confirm. This cannot be undone."`
	} `cmd:"" help:"Delete all data stored about a user."`
}

// Run runs the subcommand, such as "export".
func (u *User) Run(ctx context.Context, command string, desk *models.Desk, out io.Writer) error {
	if command == "erase" {
		return u.erase(ctx, desk, out)
	}
	e, err := desk.ExportUser(ctx, operator, u.Export.User)
	if err != nil {
		return err
	}
	if u.Export.Out == "" {
		return writeJSON(out, e)
	}
	file, err := os.OpenFile(u.Export.Out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), writeJSON(file, e), file.Close())
}

// writeJSON writes a document indented, without escaping < and > as for HTML.
func writeJSON(out io.Writer, document any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// erase deletes a user. Without --yes it deletes nothing and returns an error that lists what would be deleted.
func (u *User) erase(ctx context.Context, desk *models.Desk, out io.Writer) error {
	if !u.Erase.Yes {
		holds, err := desk.UserHoldings(ctx, operator, u.Erase.User)
		if err != nil {
			return err
		}
		return fmt.Errorf("this permanently deletes the user %s with %d chats, %d messages and %d sessions. Add --yes to confirm",
			holds.User.ID, holds.Chats, holds.Messages+holds.Notes, holds.Sessions)
	}
	done, err := desk.EraseUser(ctx, operator, u.Erase.User)
	if err != nil {
		return err
	}
	if !done.Found {
		_, err = fmt.Fprintf(out, "No data is stored about the user %s.\n", u.Erase.User)
		return err
	}
	_, err = fmt.Fprintf(out, "Erased the user %s with %d chats, %d messages and %d sessions.\n",
		u.Erase.User, done.Chats, done.Messages, done.Sessions)
	return err
}
