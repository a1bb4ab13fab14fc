package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"parley/models"
)

// Export is `parley export`.
type Export struct {
	Since  string `help:"Only what changed since this day, time or so long ago (24h)." placeholder:"TIME"`
	After  string `help:"What changed since another export, by its cursor."            placeholder:"CURSOR"`
	Format string `help:"One JSON object per line (ndjson)."                                                default:"ndjson" enum:"ndjson"`

	Out string `help:"Write to this file, which only you can read." placeholder:"FILE" type:"path"`
}

// Help says how to export regularly.
func (Export) Help() string {
	return "An export is complete if its last line has the type \"end\". Give the cursor of that line as --after to the next export. " +
		"With DATABASE_REPLICA_URL it reads the replica. docs/export.md describes the records."
}

// Run writes the export. A file that exists is replaced once the export is complete; an incomplete one is beside it, with .part at the end
// of its name.
func (e *Export) Run(ctx context.Context, desk *models.Desk, out io.Writer) error {
	q := models.DataExportQuery{After: e.After}
	var err error
	if q.Since, err = parseSince(e.Since, time.Now()); err != nil {
		return err
	}
	export, err := desk.BeginDataExport(ctx, operator, q)
	if err != nil {
		return err
	}
	if e.Out == "" {
		return export.Write(ctx, out)
	}
	part := e.Out + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o600), explainExport(export.Write(ctx, file)), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("%w What was written is in %s: continue with the cursor of its last line of the type cursor", err, part)
	}
	return os.Rename(part, e.Out)
}

// explainExport returns the sentence of a refusal, so that more can be said after it.
func explainExport(err error) error {
	var refused *models.Error
	if errors.As(err, &refused) && refused.Detail != "" {
		return errors.New(refused.Detail)
	}
	return err
}

// parseSince reads a day, a time or a duration before now. "" is the zero time.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 && t.Year() <= 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("--since must be a day such as 2026-01-31, a time such as 2026-01-31T09:00:00Z, or a duration such as " +
		"24h")
}
