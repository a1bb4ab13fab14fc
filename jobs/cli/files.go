package cli

import (
	"context"
	"fmt"

	"parley/models"
)

// Files is `parley files …`.
type Files struct {
	Copy FilesCopy `cmd:"" help:"Copy the files of all messages to another place, for a backup or a move."`
}

// FilesCopy is `parley files copy`.
type FilesCopy struct {
	To string `help:"A folder, or a bucket as in FILES_URL, with the same credentials." placeholder:"PLACE" required:""`
}

// Help says when the command can be run.
func (FilesCopy) Help() string {
	return "It can run while Parley does, and again: what is there already in the same size is left alone, and nothing is deleted."
}

// CopyFiles copies the files with those names to a folder or to a bucket. It returns how many it copied, and how many are missing.
type CopyFiles func(ctx context.Context, to string, names []string) (copied, missing int, err error)

// Run copies the files and prints how many. Missing ones are no error, since `parley check` names them.
func (f *FilesCopy) Run(ctx context.Context, p *Program, desk *models.Desk, copyFiles CopyFiles) error {
	names, err := desk.FileNames(ctx)
	if err != nil {
		return err
	}
	copied, missing, err := copyFiles(ctx, f.To, names)
	fmt.Fprintf(p.Stdout, "%d of %d files copied\n", copied, len(names))
	if err != nil {
		return fmt.Errorf("%w. Run this again to copy the rest", err)
	}
	if missing > 0 {
		fmt.Fprintf(p.Stdout, "%d files are missing in the store; `parley check` names them\n", missing)
	}
	return nil
}
