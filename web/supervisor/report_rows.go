package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
)

// rowKey returns what identifies a row: the day that it begins with, the hour, the day of the week from 1 for Monday, or the name.
func rowKey(r *models.Report, row *models.ReportRow) string {
	switch {
	case !row.From.IsZero():
		return row.From.In(r.Query.Zone).Format(time.DateOnly)
	case r.Query.By == models.ByHour:
		return strconv.Itoa(row.Key)
	case r.Query.By == models.ByWeekday:
		return row.WeekdayKey()
	}
	return row.Name
}

// rowLabel returns what a row is called.
func rowLabel(ctx context.Context, r *models.Report, row *models.ReportRow) string {
	key := rowKey(r, row)
	switch {
	case r.Query.By == models.ByMonth:
		return key[:len("2006-01")]
	case r.Query.By == models.ByHour:
		return fmt.Sprintf("%02d:00", row.Key)
	case r.Query.By == models.ByWeekday:
		return text.T(ctx, "report.weekday."+api.DayName(row.Key+1))
	case r.Query.By.IsTime():
		return key
	}
	return cmp.Or(row.Label, text.T(ctx, "report.without."+string(r.Query.By)))
}

// reportCards are the figures of the whole period in their order.
var reportCards = []string{
	"chats", "answered", "abandoned_share", "wait_median", "wait_p90", "first_response_median", "handle_median", "wrap_up_median",
	"transfers", "one_touch_share", "csat", "ratings", "load", "occupancy",
}

// reportView returns what the page shows of a report.
func reportView(ctx context.Context, r *models.Report, comments []models.ReportComment, p view.ReportParams) *view.ReportResult {
	total, before := api.ReportFiguresOf(&r.Total), api.ReportFiguresOf(&r.Before)
	day := func(t time.Time) string { return t.In(r.Query.Zone).Format(time.DateOnly) }
	out := &view.ReportResult{
		Period: text.T(ctx, "report.period", "From", p.From, "To", p.To, "Zone", p.Zone),
		Compared: text.T(
			ctx,
			"report.compared",
			"From",
			day(r.BeforeFrom),
			"To",
			day(r.BeforeTo.Add(-time.Second)),
		),
		Columns: view.ReportFigures(p.Show),
		Due:     r.Due,
		IsEmpty: r.Total.Chats == 0 && !hasTime(r),
	}
	if p.Only != "" {
		kind, name, _ := strings.Cut(p.Only, ":")
		out.OnlyLabel = text.T(ctx, "report.group."+kind) + ": " + cmp.Or(name, text.T(ctx, "report.without."+kind))
	}
	for _, key := range reportCards {
		f := view.FigureOf(key)
		now, then := total.Value(key), before.Value(key)
		out.Cards = append(out.Cards, view.ReportCard{Figure: f, Value: f.Show(ctx, now), Before: changeText(ctx, f, now, then)})
	}
	values := func(figures *api.ReportFigures) []string {
		cells := make([]string, len(out.Columns))
		for i, f := range out.Columns {
			cells[i] = f.Show(ctx, figures.Value(f.Key))
		}
		return cells
	}
	out.Total = values(&total)
	most := int64(1)
	for i := range r.Rows {
		most = max(most, r.Rows[i].Chats)
	}
	for i := range r.Rows {
		row, figures := &r.Rows[i], api.ReportFiguresOf(&r.Rows[i].Figures)
		line := view.ReportLine{Label: rowLabel(ctx, r, row), Values: values(&figures), Share: int(row.Chats * 100 / most)}
		if r.Query.By == models.ByAgent {
			line.Href = "/supervisor/agents/" + url.PathEscape(row.Name)
		}
		out.Rows = append(out.Rows, line)
	}
	if r.Query.By.IsTime() {
		out.Chart = reportChart(ctx, r, most)
	}
	for i := range comments {
		m := &comments[i]
		out.Comments = append(out.Comments, view.ReportRemark{
			ChatID: m.ChatID, Agent: m.AgentName, Comment: m.Comment, At: m.RatedAt,
			Rating: text.T(ctx, "report.stars", "Rating", strconv.FormatFloat(m.Rating, 'f', -1, 64)),
		})
	}
	return out
}

// hasTime reports whether agents were present in the period.
func hasTime(r *models.Report) bool {
	t := &r.Total
	return t.OnlineSeconds != nil && *t.OnlineSeconds+*t.AwaySeconds+*t.BreakSeconds > 0
}

func reportChart(ctx context.Context, r *models.Report, most int64) *view.ReportChart {
	chart := &view.ReportChart{Most: most}
	at := ""
	for i := range r.Rows {
		row := &r.Rows[i]
		label := rowLabel(ctx, r, row)
		if row.Chats == most && at == "" {
			at = label
		}
		chart.Bars = append(chart.Bars, view.ReportBar{Label: label, Answered: row.Answered, Left: row.Chats - row.Answered})
	}
	chart.First, chart.Last = chart.Bars[0].Label, chart.Bars[len(chart.Bars)-1].Label
	chart.Summary = text.T(ctx, "report.chart", "By", text.T(ctx, "report.by_word."+string(r.Query.By)), "Most", most, "At", at)
	return chart
}

// changeText says what a figure was in the period before and by how much it changed: shares by points, others by percent.
func changeText(ctx context.Context, f view.Figure, now, then *float64) string {
	was := f.Show(ctx, then)
	if now == nil || then == nil || f.Unit != view.InPercent && *then == 0 {
		return text.T(ctx, "report.before", "Value", was)
	}
	var change string
	if f.Unit == view.InPercent {
		change = text.T(ctx, "report.points", "Points", fmt.Sprintf("%+.1f", (*now-*then)*100))
	} else {
		change = text.T(ctx, "report.percent", "Percent", fmt.Sprintf("%+.0f", (*now / *then - 1)*100))
	}
	return text.T(ctx, "report.change", "Value", was, "Change", change)
}
