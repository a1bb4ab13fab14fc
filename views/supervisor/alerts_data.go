package supervisor

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"parley/views/staff"
	"parley/views/text"
)

// Alerts are the open alerts on the page of queue and load.
type Alerts struct {
	CSRF  string
	Cards []Alert
}

// Alert is one alert, open or in the history.
type Alert struct {
	ID         int64
	Kind       string // what the rule watches, in words
	Value      string // of the figure when it was raised
	Worst      string // since then
	Threshold  string // "over 5"
	Department string // or "All departments"
	RaisedAt   time.Time
	ClearedAt  *time.Time // nil while it is open
	Lasted     string     // once it is cleared
	Why        string     // why it was cleared
	Quiet      bool       // acknowledged or snoozed

	AcknowledgedBy string
	AcknowledgedAt *time.Time
	SnoozedBy      string
	SnoozedUntil   *time.Time
}

func (a Alert) rowID() string { return "alert-" + strconv.FormatInt(a.ID, 10) }

func (a Alert) url(action string) templ.SafeURL {
	return templ.SafeURL("/supervisor/alerts/" + strconv.FormatInt(a.ID, 10) + "/" + action)
}

// snoozes are the lengths that the page offers, in minutes.
var snoozes = []int{15, 30, 60, 240}

// AlertHistory is the page of past alerts.
type AlertHistory struct {
	Frame       staff.Frame
	Filter      AlertFilter
	Kinds       []Choice // Slug is the kind, "" for all
	Departments []Choice
	Rows        []Alert
	Older       string // address of older ones; "" for none
	File        string // address of the CSV file
}

// AlertFilter is the filter of the history as typed.
type AlertFilter struct {
	Kind, Department, State, From, To string
}

func (f AlertFilter) isChosen() bool { return f != AlertFilter{} }

// AlertRules is the page of the rules.
type AlertRules struct {
	Frame       staff.Frame
	Rules       []AlertRule
	New         AlertRule
	Kinds       []Choice
	Departments []Choice
}

// AlertRule is a rule as typed; ID is 0 in the form for a new one.
type AlertRule struct {
	ID          int64
	Name        string // what it watches, and of which department
	Kind        string
	Department  string
	Threshold   string
	HoldSeconds string
	Window      string // minutes
	IsEnabled   bool
	Errors      map[string]string // by field, "" for that of the whole form
}

func (r AlertRule) rowID() string { return "rule-" + strconv.FormatInt(r.ID, 10) }

// removeID is the form that the button for removing is outside of, because forms cannot be nested.
func (r AlertRule) removeID() string { return r.rowID() + "-remove" }

func (r AlertRule) url(action string) templ.SafeURL {
	if r.ID == 0 {
		return "/supervisor/alert-rules"
	}
	return templ.SafeURL("/supervisor/alert-rules/" + strconv.FormatInt(r.ID, 10) + action)
}

// WaitPage shows how good the estimated waits were.
type WaitPage struct {
	Frame        staff.Frame
	Days         int
	Periods      []int // in days, that can be chosen
	TimeZone     string
	All          WaitGroup
	ByDepartment []WaitGroup
	ByHour       []WaitGroup
	Target       string
	Definitions  []Definition
}

// WaitGroup is the result of one group of chats.
type WaitGroup struct {
	Name                                     string
	Joined, Served, Left, NotServed, Waiting int
	Unknown, Scored, Inside, Below, Above    int
	Share, Error, Bias                       string // in words; "–" for none
	Level                                    Level
	ThresholdText                            string // that the share is below
}

// Definition says how a figure is computed.
type Definition struct{ Name, Text string }

func (p WaitPage) url(days int) templ.SafeURL {
	return templ.SafeURL("/supervisor/wait?" + url.Values{"days": {strconv.Itoa(days)}}.Encode())
}

func (p WaitPage) file() string { return "/supervisor/wait.csv?days=" + strconv.Itoa(p.Days) }

func thresholdHint(ctx context.Context, r AlertRule) string {
	if r.ID == 0 {
		return text.T(ctx, "supervisor.alerts.unit.any")
	}
	return text.T(ctx, "supervisor.alerts.unit."+r.Kind)
}

func windowHint(ctx context.Context, r AlertRule) string {
	switch r.Kind {
	case "abandoned_count", "abandoned_share", "miscalibrated":
		return ""
	}
	return text.T(ctx, "supervisor.alerts.window_hint")
}
