package supervisor

import (
	"context"
	"strconv"
	"strings"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// Replay is the page of one past day, with the same weekday of earlier weeks beside it.
type Replay struct {
	Frame    staff.Frame
	Filter   Filter
	Zone     string // the name of the time zone of the day
	Asked    string // the time zone that the address names, "" for none
	Date     string // the day, as a date field has it
	Today    string
	Previous string // addresses of the days around it
	Next     string // "" for today
	CSV      string // the address of the day as a file

	Start   time.Time
	Minutes int // of the day: 1,380, 1,440 or 1,500; of today those that are over
	At      int // the minute of the cursor, from 0
	Day     Day // the chart
	// Figures are the figures of each minute, of the day and of the earlier weeks, for the script; see replayFigures.
	Figures  []string
	Weeks    []time.Time // the beginning of the same weekday in earlier weeks
	State    []StateRow
	Compared []Comparison
	Kept     time.Duration // how long minutes are kept
}

// StateRow is one figure at the cursor: of the day, then of the earlier weeks.
type StateRow struct {
	Label   string
	IsClock bool
	Values  []string
}

// Comparison draws one figure of the day and of the earlier weeks.
type Comparison struct {
	Label, Note string
	Days        [][]float64 // the day first; a negative value is missing
	Highest     float64
}

// cursor is the time of the cursor.
func (r Replay) cursor() time.Time { return r.Start.Add(time.Duration(r.At) * time.Minute) }

// path draws the values of a day in a box of as many units as there are values, and 100 high.
func (c Comparison) path(day int) string {
	var path strings.Builder
	move := "M"
	for i, v := range c.Days[day] {
		if v < 0 {
			move = "M"
			continue
		}
		path.WriteString(move + strconv.Itoa(i) + " " + strconv.FormatFloat(98-96*v/max(c.Highest, 1), 'f', 1, 64))
		move = "L"
	}
	return path.String()
}

func (c Comparison) viewBox() string { return "0 0 " + strconv.Itoa(max(1, len(c.Days[0])-1)) + " 100" }

// Forecast is the page of the hours that come.
type Forecast struct {
	Frame       staff.Frame
	Filter      Filter
	Zone, Asked string // as of Replay
	CSV         string
	Says        []string // what to do, in sentences; the first is the main one
	IsShort     bool     // more agents are needed than are online
	Next        []ForecastRow
	Week        []ForecastDay
	Assumptions []Total
	Method      []string
}

// ForecastRow is one of the next hours.
type ForecastRow struct {
	At                       string
	Arrivals, Agents, Served string // "–" where it is not known
	IsShort                  bool
}

// ForecastDay is a day of the week that comes, hour by hour.
type ForecastDay struct {
	At    time.Time
	Cells [24]ForecastCell
}

// ForecastCell is an hour of a day: how many agents it needs.
type ForecastCell struct {
	Agents string // "" for an hour that is over, "–" where it is not known
	Level  int    // how full the cell is drawn, from 0 to 5
	Title  string
}

func keptDays(kept time.Duration) string { return strconv.Itoa(int(kept.Hours() / 24)) }

// weekday is a day of the week with its date.
func weekday(ctx context.Context, at time.Time) string {
	return text.T(ctx, "account.reminders."+strings.ToLower(at.Weekday().String())) + " " + at.Format("01-02")
}
