package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"parley/migrations"
)

// planWidth is the width of the lines that a plan prints, in characters.
const planWidth = 110

// printPlan prints a plan.
func printPlan(plan migrations.Plan, asJSON bool, out io.Writer) error {
	if asJSON {
		if plan.Steps == nil {
			plan.Steps = []migrations.PlannedStep{} // [] in JSON, not null
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(plan)
	}
	if len(plan.Steps) == 0 {
		_, err := fmt.Fprintln(out, "the schema is up to date")
		return err
	}
	for _, s := range plan.Steps {
		if err := printStep(out, s); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, summary(plan))
	return err
}

func printStep(out io.Writer, s migrations.PlannedStep) error {
	how := "one transaction"
	if !s.InTransaction {
		how = "outside of a transaction"
	}
	fmt.Fprintf(out, "%s (%s)\n", s.Name, how)
	for i, statement := range s.Statements {
		fmt.Fprintf(out, "%4d  %s\n", i+1, shortened(statement))
	}
	if len(s.Tables) == 0 {
		_, err := fmt.Fprint(out, "      locks no table that is in use\n\n")
		return err
	}
	err := table(out, "      TABLE\tLOCK\tBLOCKS\tROWS\tSIZE\tHELD", func(row func(string, ...any)) {
		for _, t := range s.Tables {
			row("      %s\t%s\t%s\t%d\t%s\t%s", t.Table, t.Lock, t.Blocks, t.Rows, size(t.Bytes), held(t))
		}
	})
	fmt.Fprintln(out)
	return err
}

// shortened returns a statement on one line that is no longer than planWidth.
func shortened(statement string) string {
	line := []rune(oneLine(statement))
	if most := planWidth - 6; len(line) > most {
		line = append(line[:most-1], '…')
	}
	return string(line)
}

// held says how long a lock is held.
func held(t migrations.PlannedTable) string {
	var work []string
	if t.ScannedBytes > 0 {
		work = append(work, size(t.ScannedBytes)+" are read")
	}
	if t.RewrittenBytes > 0 {
		work = append(work, size(t.RewrittenBytes)+" are written")
	}
	if len(work) == 0 {
		return "a moment"
	}
	return "while " + strings.Join(work, " and ")
}

// summary says what clients will notice: the locks that block them while data is read or written.
func summary(plan migrations.Plan) string {
	var slow []string
	for _, s := range plan.Steps {
		for _, t := range s.Tables {
			if t.Blocks != migrations.BlocksNothing && t.ScannedBytes+t.RewrittenBytes > 0 {
				slow = append(slow, fmt.Sprintf("%s: %s of %s, %s", s.Name, t.Blocks, t.Table, held(t)))
			}
		}
	}
	slices.Sort(slow)
	text := fmt.Sprintf("%d pending; nothing was changed.", len(plan.Steps))
	if len(slow) == 0 {
		return text + " No read or write waits for more than a moment."
	}
	return text + " These wait for more than a moment:\n  " + strings.Join(slow, "\n  ")
}

// size returns bytes in the unit that fits.
func size(bytes int64) string {
	const unit = 1000
	switch {
	case bytes < unit:
		return fmt.Sprintf("%d B", bytes)
	case bytes < unit*unit:
		return fmt.Sprintf("%d kB", bytes/unit)
	case bytes < unit*unit*unit:
		return fmt.Sprintf("%d MB", bytes/unit/unit)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/unit/unit/unit)
}
