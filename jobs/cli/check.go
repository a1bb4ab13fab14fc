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
}

// BrokenError is how many invariants are violated.
type BrokenError int

func (e BrokenError) Error() string { return fmt.Sprintf("%d invariants are violated", int(e)) }

// Run prints each invariant with its violations, after repairing what can be repaired if --repair is set. If any
// violation is left, the error is a BrokenError.
func (c *Check) Run(ctx context.Context, desk *models.Desk, out io.Writer) error {
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
	}
	if broken > 0 {
		return BrokenError(broken)
	}
	return nil
}
