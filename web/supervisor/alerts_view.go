package supervisor

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
)

// alertsPanel reads the open alerts, the latest first.
func (h *Handlers) alertsPanel(ctx context.Context, actor models.Actor, csrf string) (view.Alerts, error) {
	panel := view.Alerts{CSRF: csrf}
	alerts, _, err := h.Desk.Alerts(ctx, actor, models.AlertFilter{IsOpen: true, Limit: models.MaxAlertRules})
	if err != nil || len(alerts) == 0 {
		return panel, err
	}
	departments, err := h.Desk.Departments(ctx)
	for i := range alerts {
		panel.Cards = append(panel.Cards, alertView(ctx, &alerts[i], departments))
	}
	return panel, err
}

func alertView(ctx context.Context, a *models.Alert, departments []models.Department) view.Alert {
	v := view.Alert{
		ID: a.ID, Kind: alertKind(ctx, a.Kind), Value: alertFigure(ctx, a.Kind, a.Value), Worst: alertFigure(ctx, a.Kind, a.Worst),
		Threshold: alertThreshold(ctx, a), Department: alertDepartment(ctx, a.Department, departments),
		RaisedAt: a.RaisedAt, ClearedAt: a.ClearedAt,
		Quiet: a.IsQuiet(), AcknowledgedBy: a.AcknowledgedName, AcknowledgedAt: a.AcknowledgedAt,
		SnoozedBy: a.SnoozedName, SnoozedUntil: a.SnoozedUntil,
	}
	if a.ClearedAt != nil {
		v.Lasted = text.T(ctx, "supervisor.alerts.after", "Time", text.Spoken(ctx, a.ClearedAt.Sub(a.RaisedAt)))
		v.Why = text.T(ctx, "supervisor.alerts.why."+*a.ClearedReason)
	}
	return v
}

func alertKind(ctx context.Context, k models.AlertKind) string {
	return text.T(ctx, "supervisor.alerts.kind."+string(k))
}

// alertFigure formats what a rule of the kind watches.
func alertFigure(ctx context.Context, k models.AlertKind, value int) string {
	switch k {
	case models.AlertLongestWait, models.AlertUnanswered:
		return text.Clock(time.Duration(value) * time.Second)
	case models.AlertAbandonedShare, models.AlertMiscalibrated:
		return text.T(ctx, "supervisor.totals.percent", "Percent", value)
	case models.AlertNobodyOnline:
		return text.T(ctx, "supervisor.alerts.waiting", "Count", value)
	}
	return strconv.Itoa(value)
}

// alertThreshold names the threshold beside the figure, with the window of the figure.
func alertThreshold(ctx context.Context, a *models.Alert) string {
	limit := alertFigure(ctx, a.Kind, a.Threshold)
	said := text.T(ctx, "supervisor.tile.over", "Limit", limit)
	switch a.Kind {
	case models.AlertMiscalibrated:
		said = text.T(ctx, "supervisor.alerts.under", "Limit", limit)
	case models.AlertNobodyOnline:
		if said = text.T(ctx, "supervisor.alerts.at_any_time"); a.Threshold > 0 {
			said = text.T(ctx, "supervisor.alerts.from", "Count", a.Threshold)
		}
	}
	if a.WindowMinutes > 0 {
		window := text.Spoken(ctx, time.Duration(a.WindowMinutes)*time.Minute)
		said = text.T(ctx, "supervisor.alerts.within", "Threshold", said, "Time", window)
	}
	return said
}

func alertDepartment(ctx context.Context, slug *string, departments []models.Department) string {
	if slug == nil {
		return text.T(ctx, "supervisor.alerts.all_departments")
	}
	for _, d := range departments {
		if d.Slug == *slug {
			return d.Name
		}
	}
	return *slug
}

// departmentChoices are those of a select field, all of them first.
func departmentChoices(ctx context.Context, departments []models.Department) []view.Choice {
	choices := []view.Choice{{Name: text.T(ctx, "supervisor.alerts.all_departments")}}
	for _, d := range departments {
		choices = append(choices, view.Choice{Slug: d.Slug, Name: d.Name})
	}
	return choices
}

func kindChoices(ctx context.Context) []view.Choice {
	choices := make([]view.Choice, len(models.AlertKinds))
	for i, k := range models.AlertKinds {
		choices[i] = view.Choice{Slug: string(k), Name: alertKind(ctx, k)}
	}
	return choices
}

// renderRules draws the rules. What was typed and its errors are shown in the form of the rule with the id, 0 for a new one.
func (h *Handlers) renderRules(
	c echo.Context, status int, rules []models.AlertRule, id int64, typed ruleInput, fieldErrors map[string]string,
) error {
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	page := view.AlertRules{
		Frame: h.AgentFrame(c, "live", text.T(ctx, "supervisor.alerts.rules")), New: ruleView(0, "", newRule, nil),
		Kinds: kindChoices(ctx), Departments: departmentChoices(ctx, departments),
	}
	page.Frame.Scripts = []string{"supervisor.js"}
	if id == 0 {
		page.New = ruleView(0, "", typed, fieldErrors)
	}
	for i := range rules {
		r := &rules[i]
		name := alertKind(ctx, r.Kind) + " · " + alertDepartment(ctx, r.Department, departments)
		row := ruleView(r.ID, name, ruleInputOf(r), nil)
		if r.ID == id {
			row = ruleView(id, name, typed, fieldErrors)
		}
		page.Rules = append(page.Rules, row)
	}
	return h.Render(c, status, view.AlertRulesPage(page))
}

func ruleView(id int64, name string, in ruleInput, fieldErrors map[string]string) view.AlertRule {
	return view.AlertRule{
		ID: id, Name: name, Kind: in.Kind, Department: in.Department, Threshold: string(in.Threshold),
		HoldSeconds: string(in.HoldSeconds), Window: string(in.WindowMinutes), IsEnabled: in.IsEnabled.Int() != 0, Errors: fieldErrors,
	}
}

// ruleErrorText says what is wrong with a field of a rule.
func ruleErrorText(ctx context.Context, field, _ string) string {
	switch field {
	case "threshold", "hold_seconds", "window_minutes", "department":
		return text.T(ctx, "supervisor.alerts.error."+field)
	}
	return text.T(ctx, "supervisor.alerts.error.kind")
}

// quietPeriods returns the caller's quiet hours for the scripts: beginnings and ends, such as a/b c/d.
func quietPeriods(a *models.Agent, now time.Time) string {
	var periods []string
	for _, p := range a.Reminders().QuietPeriods(now) {
		periods = append(periods, p.From.Format(time.RFC3339)+"/"+p.Until.Format(time.RFC3339))
	}
	return strings.Join(periods, " ")
}

// alertsOfPage adds the open alerts and the menu of their sounds to the page of queue and load.
func (h *Handlers) alertsOfPage(c echo.Context, page *view.Live) (err error) {
	page.Quiet = quietPeriods(kit.AgentOf(c), time.Now())
	page.Frame.Words = append(page.Frame.Words, "workbench.notice.")
	page.Alerts, err = h.alertsPanel(c.Request().Context(), kit.ActorOf(c), page.Frame.CSRF)
	return err
}
