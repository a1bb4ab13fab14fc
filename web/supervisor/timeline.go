package supervisor

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

const (
	timelinePeriod = 24 * time.Hour
	maxTimeline    = 500 // changes that the page of an agent reads
)

// PresenceHistory responds with the changes of an agent's presence, newest first, by default of the last 24 hours.
func (h *Handlers) PresenceHistory(c echo.Context) error {
	to, err := kit.QueryTime(c, "to", time.Now().UTC())
	if err != nil {
		return err
	}
	from, err := kit.QueryTime(c, "from", to.Add(-timelinePeriod))
	if err != nil {
		return err
	}
	limit, err := kit.QueryLimit(c)
	if err != nil {
		return err
	}
	changes, err := h.Desk.PresenceHistory(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "agent_id"), from, to, limit)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(changes, api.PresenceRecordOf)})
}

// timelineOf draws the changes of the last 24 hours, newest first, as spans and as a list.
func timelineOf(ctx context.Context, a *models.Agent, changes []models.PresenceRecord, now time.Time) view.Timeline {
	t := view.Timeline{From: now.Add(-timelinePeriod), To: now}
	until := now
	for i := range changes {
		r := &changes[i]
		if until.Before(r.At) { // the clocks of PostgreSQL and of this machine differ a little
			until = r.At
		}
		t.Spans = append([]view.PresenceSpan{{Detail: string(r.To), From: r.At, To: until}}, t.Spans...)
		entry := view.PresenceEntry{
			At: r.At, Detail: string(r.To), Name: presenceName(ctx, r), Note: causeText(ctx, r), Lasted: until.Sub(r.At), IsNow: i == 0,
		}
		t.Changes = append(t.Changes, entry)
		until = r.At
	}
	first := a.Detail()
	if len(changes) > 0 {
		first = changes[len(changes)-1].From
	}
	t.Spans = append([]view.PresenceSpan{{Detail: string(first), From: t.From, To: until}}, t.Spans...)
	return t
}

func presenceName(ctx context.Context, r *models.PresenceRecord) string {
	if r.To == models.DetailBreak && r.Reason != nil {
		return text.T(ctx, "ui.presence.break_for", "Reason", r.Reason.In(text.Lang(ctx)))
	}
	return view.DetailText(ctx, string(r.To))
}

// causeText says why the presence changed.
func causeText(ctx context.Context, r *models.PresenceRecord) string {
	switch r.Cause {
	case models.PresenceInactive:
		return text.T(ctx, "supervisor.presence.inactive")
	case models.PresenceLost:
		return text.T(ctx, "supervisor.presence.lost")
	case models.PresenceRestored:
		return text.T(ctx, "supervisor.presence.restored")
	case models.PresenceBreakOver:
		return text.T(ctx, "supervisor.presence.break_over")
	case models.ExtraOpened:
		return text.T(ctx, "supervisor.presence.extra_opened")
	case models.ExtraTaken:
		return text.T(ctx, "supervisor.presence.extra_taken")
	case models.ExtraExpired:
		return text.T(ctx, "supervisor.presence.extra_expired")
	case models.ExtraClosed:
		return text.T(ctx, "supervisor.presence.extra_closed")
	case models.PresenceDisabled:
		return text.T(ctx, "supervisor.presence.disabled", "Name", nameOrCommandLine(ctx, r))
	}
	if r.Minutes != nil {
		return text.T(ctx, "supervisor.presence.planned", "Time", text.Spoken(ctx, time.Duration(*r.Minutes)*time.Minute))
	}
	return ""
}

// nameOrCommandLine names who made a change.
func nameOrCommandLine(ctx context.Context, r *models.PresenceRecord) string {
	if r.ByName == "" {
		return text.T(ctx, "admin.audit.console")
	}
	return r.ByName
}
