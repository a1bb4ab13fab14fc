package supervisor

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/kit"
)

// reportRanges are the periods that a report can have. "custom" takes its days from the query.
var reportRanges = []string{"today", "yesterday", "7d", "30d", "month", "last_month", "year", "custom"}

// reportQuery reads a report from the query: the parameters range, from, to, time_zone, by and only. A day in from or to is one of the
// time zone, and both are included. Without a parameter it is the last 7 days by day. What cannot be read is refused with
// validation_failed; the view data has the parameters as far as they were read.
func reportQuery(c echo.Context, now time.Time, zone string) (models.ReportQuery, view.ReportParams, error) {
	p := view.ReportParams{
		Range: c.QueryParam("range"), From: c.QueryParam("from"), To: c.QueryParam("to"), Zone: c.QueryParam("time_zone"),
		By: c.QueryParam("by"), Only: c.QueryParam("only"), Show: c.QueryParam("show"), HasZone: c.QueryParam("time_zone") != "",
	}
	p.SetDefaults(zone)
	if !slices.Contains(view.ReportSets, p.Show) {
		p.Show = view.ReportSets[0]
	}
	var q models.ReportQuery
	for _, value := range []*string{&p.Range, &p.From, &p.To, &p.By, &p.Only} {
		if !kit.Storable(*value) {
			*value = ""
			return q, p, kit.InvalidField("only", "invalid", "The query must be UTF-8 text without NUL characters.")
		}
	}
	where, err := kit.TimeZone(p.Zone)
	if err != nil {
		p.Zone = "UTC"
		return q, p, err
	}
	q = models.ReportQuery{Zone: where, By: models.ReportGroup(p.By)}
	if q.From, q.To, err = reportPeriod(&p, now.In(where)); err != nil {
		return q, p, err
	}
	if p.Only != "" {
		kind, name, found := strings.Cut(p.Only, ":")
		if q.With, q.Name = models.ReportGroup(kind), name; !found || kind == "" {
			return q, p, kit.InvalidField(
				"only",
				"unknown",
				"only must be such as agent:ID, department:SLUG, site:ORIGIN, outcome:NAME or tag:NAME.",
			)
		}
	}
	return q, p, q.Check()
}

// reportPeriod returns when the period of the parameters begins and ends, and sets the days in them. It ends with the present quarter of an
// hour at the latest, so that a day that is not over is compared with the same hours before.
func reportPeriod(p *view.ReportParams, now time.Time) (from, to time.Time, err error) {
	y, m, d := now.Date()
	day := func(y int, m time.Month, d int) time.Time { return models.DayStart(y, m, d, now.Location()) }
	first, last := day(y, m, d), day(y, m, d)
	switch p.Range {
	case "today":
	case "yesterday":
		first, last = day(y, m, d-1), day(y, m, d-1)
	case "7d":
		first = day(y, m, d-6)
	case "30d":
		first = day(y, m, d-29)
	case "month":
		first = day(y, m, 1)
	case "last_month":
		first, last = day(y, m-1, 1), day(y, m, 0)
	case "year":
		first = day(y, m, d-364)
	case "custom":
		for name, field := range map[string]struct {
			text string
			into *time.Time
		}{"from": {p.From, &first}, "to": {p.To, &last}} {
			asked, err := time.Parse(time.DateOnly, field.text)
			if err != nil {
				return from, to, kit.InvalidField(name, "invalid", name+" must be a day such as 2026-01-31.")
			}
			*field.into = day(asked.Date())
		}
	default:
		return from, to, kit.InvalidField("range", "unknown", "range must be "+strings.Join(reportRanges, ", ")+".")
	}
	p.From, p.To = first.Format(time.DateOnly), last.Format(time.DateOnly)
	y, m, d = last.Date()
	from, to = first, day(y, m, d+1)
	const quarter = 15 * time.Minute
	if end := now.Add(quarter - 1).Truncate(quarter); from.Before(end) && end.Before(to) {
		to = end
	}
	return from.UTC(), to.UTC(), nil
}

// cleanReportQuery returns the query of a page of a report with nothing but what reportQuery reads.
func cleanReportQuery(raw string) (string, error) {
	given, err := url.ParseQuery(strings.TrimPrefix(raw, "?"))
	if err != nil || !kit.Storable(raw) {
		return "", kit.InvalidField("query", "invalid", "query must be that of a report, such as range=7d&by=day.")
	}
	kept := url.Values{}
	for _, name := range view.ReportFields {
		if v := given.Get(name); v != "" && kit.Storable(v) {
			kept.Set(name, v)
		}
	}
	return kept.Encode(), nil
}
