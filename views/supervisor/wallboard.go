package supervisor

import (
	"strconv"
	"time"

	"parley/views/staff"
	"parley/views/ui"
)

// WallScreen is the page of a wallboard, which has no controls.
type WallScreen struct {
	ui.Page
	Name string // of the key
	Wall Wall
}

// Wall is what the stream of a wallboard refreshes.
type Wall struct {
	Build      string // of the server; the page loads itself again when it changes
	Department string // name; "" for all
	Tiles      []Tile
}

// Wallboards is the page with the keys of the wallboards.
type Wallboards struct {
	Frame         staff.Frame
	Rows          []WallboardRow
	Departments   []Choice
	NewName       string // what was typed, with Errors
	NewDepartment string
	Errors        map[string]string
	AddedName     string // of the key that was just made, "" for none
	AddedURL      string
}

// WallboardRow is one key.
type WallboardRow struct {
	ID         int64
	Name       string
	Department string // name; "" for all
	By         string // who made it; "" when that agent is gone
	At         time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

func (r WallboardRow) id() string { return strconv.FormatInt(r.ID, 10) }

// isLong reports whether the number has more characters than fit in the largest size.
func (t Tile) isLong() bool {
	return !t.Word && (len(t.Number) > 4 || !t.Since.IsZero() && time.Since(t.Since) >= time.Hour)
}
