package cli

import (
	"context"
	"fmt"
	"io"

	"parley/models"
)

// Check is `parley check`.
type Check struct {
	Repair bool `help:"Repair violations that a repeated action can fix."`
	Files  bool `help:"Compare the files with the database too."          default:"true" negatable:""`

	RemoveOrphanedFiles bool `help:"Delete files older than a day that the database does not know."`
	EvenMostFiles       bool `help:"Delete them even if they are more than the files that it knows."`
}

// BrokenError is how many invariants are violated.
type BrokenError int

func (e BrokenError) Error() string { return fmt.Sprintf("%d invariants are violated", int(e)) }

// Run prints each invariant with its violations, after repairing what can be repaired if --repair is set, and deleting orphaned files if
// that is set. If any violation is left, the error is a BrokenError. It refuses to delete more files than the database knows.
func (c *Check) Run(ctx context.Context, desk *models.Desk, openStore func() (models.FileStore, error), out io.Writer) error {
	checked, err := desk.Check(ctx)
	if err != nil {
		return err
	}
	if c.Repair {
		for _, i := range checked {
			if len(i.Findings) == 0 || i.Repair == "" {
				continue
			}
			fmt.Fprintf(out, "repairing %s (%d found)\n", i.Invariant, len(i.Findings))
			if err := desk.Repair(ctx, operator, i.Repair); err != nil {
				return err
			}
		}
		if checked, err = desk.Check(ctx); err != nil {
			return err
		}
	}
	if c.Files {
		ofFiles, err := c.files(ctx, desk, openStore, out)
		if err != nil {
			return fmt.Errorf("the files cannot be checked (--no-files leaves them out): %w", err)
		}
		checked = append(checked, ofFiles...)
	}
	broken := 0
	for _, i := range checked {
		if len(i.Findings) == 0 {
			fmt.Fprintf(out, "ok      %s: %s\n", i.Invariant, i.Meaning)
			continue
		}
		broken++
		fmt.Fprintf(out, "BROKEN  %s: %s\n", i.Invariant, i.Meaning)
		for _, f := range i.Findings {
			fmt.Fprintf(out, "        %s: %s\n", f.Subject, f.Detail)
		}
		if i.Repair != "" {
			fmt.Fprintln(out, "        parley check --repair fixes this")
		}
		if i.Invariant == models.FilesKnown {
			fmt.Fprintln(out, "        parley check --remove-orphaned-files deletes them")
		}
	}
	if broken > 0 {
		return BrokenError(broken)
	}
	return nil
}

// files compares the store with the database, and deletes orphaned files if that is set.
func (c *Check) files(
	ctx context.Context, desk *models.Desk, openStore func() (models.FileStore, error), out io.Writer,
) ([]models.Checked, error) {
	store, err := openStore()
	if err != nil {
		return nil, err
	}
	check, err := desk.CheckFiles(ctx, store)
	if err != nil {
		return nil, err
	}
	if !c.RemoveOrphanedFiles || len(check.Orphaned) == 0 {
		return check.Checked, nil
	}
	if len(check.Orphaned) > check.Known && !c.EvenMostFiles {
		return nil, fmt.Errorf("the database knows %d files of the store and does not know %d. If DATABASE_URL is that of another "+
			"installation, or the store is shared with one, they are needed there. If not, repeat this with --even-most-files",
			check.Known, len(check.Orphaned))
	}
	removed, err := desk.RemoveOrphanedFiles(ctx, operator, store, check)
	fmt.Fprintf(out, "deleted %d orphaned files\n", removed)
	if err != nil {
		return nil, err
	}
	if check, err = desk.CheckFiles(ctx, store); err != nil {
		return nil, err
	}
	return check.Checked, nil
}
