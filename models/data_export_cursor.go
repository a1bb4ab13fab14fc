package models

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// exportSnapshot is what a PostgreSQL says of its transactions.
type exportSnapshot struct {
	System   string    `bun:"system"`   // of which the numbers of transactions are
	Timeline int64     `bun:"timeline"` // a failover and a restore to a point in time begin another one
	UpTo     uint64    `bun:"up_to"`    // every transaction with a lower number is over, so its rows are visible
	Next     uint64    `bun:"next"`     // the number of the next transaction, or a lower one
	At       time.Time `bun:"at"`
}

const selectExportSnapshot = `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
	CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
		ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END AS timeline,
	pg_snapshot_xmin(s)::text::numeric AS up_to, pg_snapshot_xmax(s)::text::numeric AS next, clock_timestamp() AS at
	FROM pg_current_snapshot() s`

// The steps of an export, in their order.
const (
	exportErasures = "erasures"
	exportEnded    = "ended"
	exportOpen     = "open"
	exportPresence = "presence"
)

// exportCursor is where an export stands, and all that is needed to go on: within it, or after it.
type exportCursor struct {
	Version  int       `json:"v"`
	System   string    `json:"s"`
	Timeline int64     `json:"l"`
	UpTo     uint64    `json:"u"` // the export has everything of the transactions below
	At       time.Time `json:"t"` // when the export began

	// The export has what changed in the transaction Since and later, at From and later; 0 and zero for everything.
	Since uint64    `json:"x,omitzero"`
	From  time.Time `json:"f,omitzero"`
	// IsNext is whether there was an export before it, whose receiver has to hear of erased users.
	IsNext bool `json:"n,omitzero"`

	// What comes next: the step, "" if the export is complete, and the last row before.
	Step string    `json:"p,omitzero"`
	Tx   uint64    `json:"i,omitzero"`
	ID   string    `json:"k,omitzero"`
	Time time.Time `json:"w,omitzero"`
	Row  int64     `json:"r,omitzero"`
}

// begin returns the position at which an export begins: at the start, or where the given cursor points.
func (s *exportSnapshot) begin(since time.Time, given *exportCursor) exportCursor {
	next := exportCursor{Version: 1, System: s.System, Timeline: s.Timeline, UpTo: s.UpTo, At: s.At, From: since, Step: exportErasures}
	if given == nil {
		return next
	}
	next.IsNext = true
	isSame := given.System == s.System && given.Timeline == s.Timeline && given.UpTo <= s.Next
	switch {
	case isSame && given.Step != "":
		return *given
	case isSame:
		next.Since, next.From = given.UpTo, given.At.Add(-exportLateness)
	case given.Step != "": // the numbers of an incomplete export mean nothing here, so it begins again
		next.From, next.IsNext = given.From, given.IsNext
		if given.Since != 0 {
			next.From = given.From.Add(-exportRestoredLateness)
		}
	default:
		next.From = given.At.Add(-exportRestoredLateness)
	}
	return next
}

// enter moves to the beginning of a step.
func (c *exportCursor) enter(step string) {
	c.Step, c.Tx, c.ID, c.Time, c.Row = step, 0, "", time.Time{}, 0
}

// complete marks the export as complete, with what the next one needs.
func (c *exportCursor) complete() {
	*c = exportCursor{Version: c.Version, System: c.System, Timeline: c.Timeline, UpTo: c.UpTo, At: c.At}
}

// String returns the cursor as clients keep it.
func (c *exportCursor) String() string {
	raw, _ := json.Marshal(c) // of numbers, texts and times, which cannot fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// maxExportCursor is the greatest length of a cursor.
const maxExportCursor = 1000

// parseExportCursor reads what String wrote. Anything else is validation_failed.
func parseExportCursor(text string) (*exportCursor, error) {
	refused := invalid("after", fieldInvalid, "after must be the cursor of a record of another export.")
	if len(text) > maxExportCursor {
		return nil, refused
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, refused
	}
	c := new(exportCursor)
	if json.Unmarshal(raw, c) != nil || c.Version != 1 || len(c.ID) > 256 || strings.ContainsRune(c.ID, 0) {
		return nil, refused
	}
	if !slices.Contains([]string{"", exportErasures, exportEnded, exportOpen, exportPresence}, c.Step) {
		return nil, refused
	}
	for _, at := range []time.Time{c.At, c.From, c.Time} {
		if !at.IsZero() && (at.Year() < 1970 || at.Year() > 9999) {
			return nil, refused
		}
	}
	return c, nil
}
