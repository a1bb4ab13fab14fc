package supervisor

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"parley/views/staff"
	"parley/views/text"
)

// WhatIf is the page on which agents, capacity and arrivals are changed in thought.
type WhatIf struct {
	Frame   staff.Frame
	CSRF    string
	Filter  Filter
	Amounts []Amount
	Minutes string // how long a change is applied, as typed
	Result  WhatIfResult
	Running RunningCapacities
}

// Amount is one input of the page: a number that a range sets.
type Amount struct {
	Name           string // "agents", "capacity" or "arrivals"
	Value          int
	Min, Max, Step int
}

func (a Amount) id() string { return "what-if-" + a.Name }

// suffix and signed are how the number is written: "+2", "150 %".
func (a Amount) suffix() string {
	if a.Name == "arrivals" {
		return " %"
	}
	return ""
}

func (a Amount) signed() bool { return a.Name != "arrivals" }

func (a Amount) text() string {
	if a.signed() && a.Value != 0 {
		return strings.Replace(signedNumber(a.Value), "-", "−", 1) + a.suffix()
	}
	return strconv.Itoa(a.Value) + a.suffix()
}

func (a Amount) label(ctx context.Context) string {
	switch a.Name {
	case "agents":
		return text.T(ctx, "supervisor.what_if.agents")
	case "capacity":
		return text.T(ctx, "supervisor.what_if.capacity")
	}
	return text.T(ctx, "supervisor.what_if.arrivals")
}

func (a Amount) unit(ctx context.Context) string {
	switch a.Name {
	case "agents":
		return text.T(ctx, "supervisor.what_if.agents_unit")
	case "capacity":
		return text.T(ctx, "supervisor.what_if.capacity_unit")
	}
	return text.T(ctx, "supervisor.what_if.arrivals_unit")
}

// WhatIfResult is the state of a queue now, and after the change.
type WhatIfResult struct {
	Rows  []WhatIfRow
	Basis string // the figures from which it was computed, in a sentence
}

// WhatIfRow is one figure.
type WhatIfRow struct {
	Label     string
	Now, Then WhatIfValue
	Trend     string // "better", "worse" or "" for the same
}

// WhatIfValue is a figure and what is added to it in small print.
type WhatIfValue struct{ Text, Note string }

// RunningCapacities are the temporary capacities that are on.
type RunningCapacities struct {
	CSRF  string
	Items []RunningCapacity
}

// RunningCapacity is one of them.
type RunningCapacity struct {
	ID     int64
	Change int
	Scope  string // the name of the department, or that it is for all agents
	By     string
	EndsAt time.Time
	Agents []string // "Anna 5 → 6"
}

// Shown identifies what the list shows, so that it is not drawn again while nothing has changed.
func (r RunningCapacities) Shown() string {
	var all strings.Builder
	for _, i := range r.Items {
		fmt.Fprintf(&all, "%d.%d.%d ", i.ID, i.EndsAt.Unix(), len(i.Agents))
	}
	return strings.TrimSpace(all.String())
}

func (r RunningCapacity) changeText(ctx context.Context) string {
	return text.T(ctx, "supervisor.what_if.per_agent", "Change", strings.Replace(signedNumber(r.Change), "-", "−", 1))
}

func temporaryURL(id int64, action string) templ.SafeURL {
	return templ.SafeURL("/supervisor/temporary-capacities/" + strconv.FormatInt(id, 10) + "/" + action)
}

// whatIfURL is the address of the page, for a department.
func whatIfURL(slug string) templ.SafeURL {
	if slug == "" {
		return "/supervisor/what-if"
	}
	return templ.SafeURL("/supervisor/what-if?department=" + url.QueryEscape(slug))
}
