package supervisor

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// AcknowledgeAlert records that the caller takes care of an open alert.
func (h *Handlers) AcknowledgeAlert(c echo.Context) error {
	id, err := pathNumber(c, "alert_id", models.ErrAlertNotFound)
	if err != nil {
		return err
	}
	a, err := h.Desk.AcknowledgeAlert(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AlertOf(a)})
}

// SnoozeAlert silences an open alert for some minutes, or with 0 ends that.
func (h *Handlers) SnoozeAlert(c echo.Context) error {
	id, err := pathNumber(c, "alert_id", models.ErrAlertNotFound)
	if err != nil {
		return err
	}
	var in struct {
		Minutes kit.FormInt `json:"minutes"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	a, err := h.Desk.SnoozeAlert(c.Request().Context(), kit.ActorOf(c), id, in.Minutes.Int())
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AlertOf(a)})
}

// pathNumber returns the id of the path; what is no number is refused with notFound.
func pathNumber(c echo.Context, name string, notFound error) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || id < 1 {
		return 0, notFound
	}
	return id, nil
}

// ruleInput is a rule as typed or sent; Department is "" for all.
type ruleInput struct {
	Kind          string      `json:"kind"`
	Department    string      `json:"department"`
	Threshold     kit.FormInt `json:"threshold"`
	HoldSeconds   kit.FormInt `json:"hold_seconds"`
	WindowMinutes kit.FormInt `json:"window_minutes"`
	IsEnabled     kit.FormInt `json:"is_enabled"`
}

func (in *ruleInput) fields() models.AlertRuleFields {
	f := models.AlertRuleFields{
		Kind: models.AlertKind(in.Kind), Threshold: in.Threshold.Int(), HoldSeconds: in.HoldSeconds.Int(),
		WindowMinutes: in.WindowMinutes.Int(), IsEnabled: in.IsEnabled.Int() != 0,
	}
	if in.Department != "" {
		f.Department = &in.Department
	}
	return f
}

func ruleInputOf(r *models.AlertRule) ruleInput {
	number := func(n int) kit.FormInt { return kit.FormInt(strconv.Itoa(n)) }
	in := ruleInput{
		Kind: string(r.Kind), Threshold: number(r.Threshold), HoldSeconds: number(r.HoldSeconds), WindowMinutes: number(r.WindowMinutes),
		IsEnabled: "0",
	}
	if r.Department != nil {
		in.Department = *r.Department
	}
	if r.IsEnabled {
		in.IsEnabled = "1"
	}
	return in
}

// newRule are the fields of the form for one more rule, and what a program leaves out.
var newRule = ruleInput{Kind: string(models.AlertQueueLength), Threshold: "5", HoldSeconds: "60", WindowMinutes: "30", IsEnabled: "1"}

// AlertRules lists the rules.
func (h *Handlers) AlertRules(c echo.Context) error {
	rules, err := h.Desk.AlertRules(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.Map(rules, api.AlertRuleOf)})
	}
	return h.renderRules(c, http.StatusOK, rules, 0, newRule, nil)
}

// AddAlertRule adds a rule and answers 201.
func (h *Handlers) AddAlertRule(c echo.Context) error {
	in := newRule
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	r, err := h.Desk.AddAlertRule(kit.FormContext(c), kit.ActorOf(c), in.fields())
	if err != nil {
		return h.redrawRules(c, err, 0, in)
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.AlertRuleOf(r), Redirect: "/supervisor/alert-rules"})
}

// ChangeAlertRule changes a rule. A program sends the fields that it changes.
func (h *Handlers) ChangeAlertRule(c echo.Context) error {
	var in ruleInput
	id, notFound := pathNumber(c, "rule_id", models.ErrAlertRuleNotFound)
	if notFound == nil {
		before, err := h.Desk.AlertRule(c.Request().Context(), kit.ActorOf(c), id)
		if notFound = err; err == nil {
			in = ruleInputOf(before)
		}
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if notFound != nil {
		return notFound
	}
	r, err := h.Desk.ChangeAlertRule(c.Request().Context(), kit.ActorOf(c), id, in.fields())
	if err != nil {
		return h.redrawRules(c, err, id, in)
	}
	return h.Respond(c, kit.Result{JSON: api.AlertRuleOf(r), Redirect: "/supervisor/alert-rules"})
}

// RemoveAlertRule removes a rule; its alerts stay in the history.
func (h *Handlers) RemoveAlertRule(c echo.Context) error {
	id, err := pathNumber(c, "rule_id", models.ErrAlertRuleNotFound)
	if err != nil {
		return err
	}
	if err := h.Desk.RemoveAlertRule(c.Request().Context(), kit.ActorOf(c), id); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Redirect: "/supervisor/alert-rules"})
}

// redrawRules draws the page again with what was typed, or returns the error to programs and where no form can correct it.
func (h *Handlers) redrawRules(c echo.Context, err error, id int64, in ruleInput) error {
	ctx := c.Request().Context()
	fieldErrors, ok := kit.FormErrors(ctx, err, ruleErrorText)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	rules, err := h.Desk.AlertRules(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.renderRules(c, http.StatusUnprocessableEntity, rules, id, in, fieldErrors)
}
