package admin

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// healthShown is how many findings of one rule are listed.
const healthShown = 10

// HealthPage shows the services and the invariants that were checked now.
func (h *Handlers) HealthPage(c echo.Context) error {
	ctx := c.Request().Context()
	checked, err := h.Desk.CheckRecent(ctx)
	if err != nil {
		return err
	}
	redisUp := h.Hub.Connected() && !h.Limits.Degraded()
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.SystemHealthOf(ctx, checked, redisUp)})
	}
	page := view.Health{Frame: h.AdminFrame(c, "health", text.T(ctx, "admin.health.title")), Checked: time.Now()}
	for _, i := range checked {
		rule := view.Rule{Key: i.Invariant, Meaning: text.T(ctx, "admin.health.rule."+i.Invariant)}
		if i.Repair != "" {
			rule.Repair = text.T(ctx, "admin.health.repair."+i.Invariant)
		}
		for n, f := range i.Findings {
			if n == healthShown {
				rule.More = len(i.Findings) - healthShown
				break
			}
			rule.Findings = append(rule.Findings, view.Finding{Subject: f.Subject, Href: healthLink(i.About, f.Subject), Detail: f.Detail})
		}
		page.Rules = append(page.Rules, rule)
	}
	page.Services = []view.Service{
		{Name: "PostgreSQL", Up: true, Says: text.T(ctx, "admin.health.postgres_up")}, // or there would be no page
		{Name: "Redis", Up: redisUp, Says: text.T(ctx, "admin.health.redis_up")},
	}
	if !page.Services[1].Up {
		page.Services[1].Says = text.T(ctx, "admin.health.redis_away")
	}
	return h.Render(c, http.StatusOK, view.HealthPage(page))
}

// healthLink leads to the page of what a finding is about, if it has one.
func healthLink(about, id string) string {
	switch about {
	case models.AboutChat:
		return "/supervisor/chats/" + url.PathEscape(id)
	case models.AboutAgent:
		return "/admin/people/" + url.PathEscape(id)
	}
	return ""
}

type repairInput struct {
	Name string `json:"name"`
}

// RepairHealth repairs what one check found. A check that repairs nothing is 422.
func (h *Handlers) RepairHealth(c echo.Context) error {
	var in repairInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.Repair(c.Request().Context(), kit.ActorOf(c), strings.TrimSpace(in.Name)); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.repaired")}, Redirect: "/admin/health"})
}
