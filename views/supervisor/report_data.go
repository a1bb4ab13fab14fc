package supervisor

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// ReportFields are the parameters of the page of a report.
var ReportFields = []string{"range", "from", "to", "time_zone", "by", "only", "show"}

// ReportParams are the parameters of a report as its form shows them.
type ReportParams struct {
	Range, From, To string
	Zone            string
	By, Only, Show  string
	HasZone         bool // the query names the time zone
}

// SetDefaults fills in what the query does not name.
func (p *ReportParams) SetDefaults(zone string) {
	for _, field := range []struct {
		value *string
		usual string
	}{{&p.Range, "7d"}, {&p.Zone, zone}, {&p.By, "day"}, {&p.Zone, "UTC"}} {
		if *field.value == "" {
			*field.value = field.usual
		}
	}
}

// Query returns the parameters with some replaced, as pairs of a name and a value.
func (p *ReportParams) Query(replaced ...string) string {
	values := url.Values{"range": {p.Range}, "by": {p.By}, "show": {p.Show}, "time_zone": {p.Zone}}
	if p.Range == "custom" {
		values.Set("from", p.From)
		values.Set("to", p.To)
	}
	if p.Only != "" {
		values.Set("only", p.Only)
	}
	for i := 0; i+1 < len(replaced); i += 2 {
		values.Set(replaced[i], replaced[i+1])
	}
	return values.Encode()
}

// Report is the page of a report. Without Result it was refused, with the errors of the fields.
type Report struct {
	Frame    staff.Frame
	Params   ReportParams
	Errors   map[string]string // by field; "view" for the name of a report to save
	Ranges   []string
	Groups   []string
	Only     []ReportChoices
	Zones    []string
	Result   *ReportResult
	Views    []SavedReport
	ViewName string // that was refused
}

// ReportChoices are the chats that a report may be limited to, of one kind.
type ReportChoices struct {
	Kind    string
	Choices []ReportChoice
}

// ReportChoice is one of them.
type ReportChoice struct{ Value, Label string }

// ReportResult is what a report shows.
type ReportResult struct {
	Period, Compared string
	OnlyLabel        string // what the report is limited to, "" for all chats
	Cards            []ReportCard
	Columns          []Figure
	Total            []string
	Rows             []ReportLine
	Chart            *ReportChart
	Comments         []ReportRemark
	Due              int
	IsEmpty          bool
}

// ReportCard is a figure of the whole period beside that of the period before.
type ReportCard struct {
	Figure Figure
	Value  string
	Before string // with the change
}

// ReportLine is a row of the table.
type ReportLine struct {
	Label, Href string
	Values      []string
	Share       int // of the chats of the row with most, in percent
}

// ReportRemark is a comment with a rating.
type ReportRemark struct {
	ChatID, Agent, Comment, Rating string
	At                             time.Time
}

// SavedReport is a saved report with its address.
type SavedReport struct {
	ID, Name, Query, By string // By is who shares it, "" for the reader's own
	IsShared, CanRemove bool
	IsOpen              bool // the page shows it
}

// ReportChart are the chats of each row as bars: answered ones below, the others on top.
type ReportChart struct {
	Bars        []ReportBar
	Most        int64
	First, Last string
	Summary     string
}

// ReportBar is one bar.
type ReportBar struct {
	Label          string
	Answered, Left int64
}

const chartHeight = 160

func (c *ReportChart) viewBox() string {
	return "0 0 " + strconv.Itoa(len(c.Bars)*10) + " " + strconv.Itoa(chartHeight)
}

// height returns how high n chats are drawn.
func (c *ReportChart) height(n int64) int { return int(n * chartHeight / max(1, c.Most)) }

func (c *ReportChart) y(n int64) string { return strconv.Itoa(chartHeight - c.height(n)) }

func (c *ReportChart) h(n int64) string { return strconv.Itoa(c.height(n)) }

func (b *ReportBar) title(ctx context.Context) string {
	return b.Label + ": " + text.T(
		ctx,
		"report.chart_answered",
	) + " " + grouped(
		b.Answered,
	) + ", " + text.T(
		ctx,
		"report.chart_left",
	) + " " + grouped(
		b.Left,
	)
}
