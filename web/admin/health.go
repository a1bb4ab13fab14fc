package admin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/models/redisclient"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// maxShownFindings is how many findings of one check are listed.
const maxShownFindings = 10

// HealthPage shows the last check of the invariants with its age, and the state of the services.
func (h *Handlers) HealthPage(c echo.Context) error {
	ctx := c.Request().Context()
	last, err := h.Desk.LastCheck(ctx)
	if err != nil {
		return err
	}
	figures, err := h.Desk.MailFigures(ctx)
	if err != nil {
		return err
	}
	months, hasMonths, err := h.Desk.MonthsAhead(ctx, time.Now())
	if err != nil {
		return err
	}
	redisUp := h.Hub.Connected() && !h.Limits.Degraded()
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.SystemHealthOf(ctx, last, redisUp, h.Redis.Reason(), h.mailState(figures),
			api.ReplicaWord(h.Desk.HasReplica(), h.Desk.ReplicaState(ctx)), api.PartitionWord(hasMonths, months), h.ssoWord(ctx))})
	}
	page := view.Health{Frame: h.AdminFrame(c, "health", text.T(ctx, "admin.health.title"))}
	if last == nil {
		last = new(models.LastCheck)
	} else {
		page.Checked, page.Age = last.At, last.Age.Round(time.Second)
	}
	for _, i := range last.Checked {
		rule := view.Rule{Key: i.Invariant, Meaning: text.T(ctx, "admin.health.rule."+i.Invariant)}
		if i.Repair != "" {
			rule.Repair = text.T(ctx, "admin.health.repair."+i.Invariant)
		}
		for n, f := range i.Findings {
			if n == maxShownFindings {
				rule.More = len(i.Findings) - maxShownFindings
				break
			}
			rule.Findings = append(rule.Findings, view.Finding{Subject: f.Subject, Href: healthLink(i.About, f.Subject), Detail: f.Detail})
		}
		page.Rules = append(page.Rules, rule)
	}
	page.Services = []view.Service{
		{Name: "PostgreSQL", Up: true, Text: text.T(ctx, "admin.health.postgres_up")}, // otherwise their result could not be read
		redisService(ctx, redisUp, h.Redis.Reason()),
	}
	if h.Desk.HasReplica() {
		page.Services = append(page.Services, replicaService(ctx, h.Desk.ReplicaState(ctx)))
	}
	if hasMonths {
		service := view.Service{
			Name: text.T(ctx, "admin.health.partitions"), Up: months > 0, Text: text.T(ctx, "admin.health.partitions_up", "Months", months),
		}
		if months == 0 {
			service.Text = text.T(ctx, "admin.health.partitions_missing")
		}
		page.Services = append(page.Services, service)
	}
	if h.SSO != nil {
		service := view.Service{Name: text.T(ctx, "admin.health.sso"), Up: h.SSO.IsReachable(ctx), Text: text.T(ctx, "admin.health.sso_up")}
		if !service.Up {
			service.Text = text.T(ctx, "admin.health.sso_away")
		}
		page.Services = append(page.Services, service)
	}
	if h.Desk.CanMail() {
		mail := view.Service{Name: text.T(ctx, "admin.mail.title"), Up: !figures.IsFailing, Text: text.T(ctx, "admin.health.mail_up")}
		if figures.IsFailing {
			mail.Text = api.MailReason(ctx, figures.Reason)
		}
		page.Services = append(page.Services, mail)
	}
	return h.Render(c, http.StatusOK, view.HealthPage(page))
}

// ssoWord is the state of the provider of single sign-on: off without one, ok or unavailable.
func (h *Handlers) ssoWord(ctx context.Context) string {
	switch {
	case h.SSO == nil:
		return "off"
	case h.SSO.IsReachable(ctx):
		return "ok"
	}
	return "unavailable"
}

// replicaService shows whether reports are read from the replica.
func replicaService(ctx context.Context, state models.ReplicaState) view.Service {
	service := view.Service{Name: text.T(ctx, "admin.health.replica"), Up: state.Err == nil}
	lag := 0
	if state.Lag != nil {
		lag = int(state.Lag.Seconds())
	}
	switch {
	case service.Up:
		service.Text = text.T(ctx, "admin.health.replica_up", "Seconds", lag)
	case state.IsLagging():
		service.Text = text.T(ctx, "admin.health.replica_lags", "Seconds", lag)
	default:
		service.Text = text.T(ctx, "admin.health.replica_away")
	}
	return service
}

// redisService shows whether Redis can be used, and what is wrong with it. It is not all right either when events and limits work while
// scheduled tasks are refused, as by a user without the right to their keys.
func redisService(ctx context.Context, up bool, reason redisclient.Reason) view.Service {
	service := view.Service{Name: "Redis", Up: up && !reason.IsWrong(), Text: text.T(ctx, "admin.health.redis_up")}
	if !up {
		service.Text = text.T(ctx, "admin.health.redis_away")
	}
	if reason == "" || service.Up {
		return service
	}
	wrong := text.T(ctx, "admin.health.redis_error."+string(reason))
	if up {
		service.Text = wrong
	} else {
		service.Text = wrong + " " + service.Text
	}
	return service
}

// mailState is the state of e-mail in words of the JSON interface.
func (h *Handlers) mailState(f models.MailFigures) string {
	return api.MailStateWord(h.Desk.CanMail(), f.IsFailing)
}

// healthLink returns the page of the subject of a finding, "" if it has none.
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

// RepairHealth repairs what one check has found. A check that has no repair is 422.
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
