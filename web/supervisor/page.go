package supervisor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/live"
)

// Page draws queue and load as they are now, of one department where the query names it.
func (h *Handlers) Page(c echo.Context) error {
	ctx := c.Request().Context()
	b, err := h.readBoard(ctx, filterOf(c), nil)
	if err != nil {
		return err
	}
	if !b.hasDepartment() {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	if err := h.readDay(ctx, b); err != nil {
		return err
	}
	frame := h.StaffFrame(c, "live", text.T(ctx, "supervisor.title"))
	frame.Scripts = []string{"supervisor.js"}
	frame.Stylesheets = []string{"uplot.css"}
	frame.Words = []string{"supervisor."}
	frame.Stream = streamOf(ctx, b.boardFilter)
	return h.Render(c, http.StatusOK, view.LivePage(view.Live{Frame: frame, Filter: b.filter(ctx), Board: b.view(ctx)}))
}

// Events is what changes on that page, live.
func (h *Handlers) Events(c echo.Context) error {
	return h.Stream(c, live.Receiver{View: live.Supervision}, &boardStream{handlers: h, filter: filterOf(c)})
}

// hasDepartment tells whether the department of the filter is there, as it is when none is chosen.
func (b *board) hasDepartment() bool {
	for _, d := range b.departments {
		if d.Slug == b.chosen {
			return true
		}
	}
	return b.chosen == ""
}

// QueueCSV is the queue as a file, with the filter of the page.
func (h *Handlers) QueueCSV(c echo.Context) error {
	ctx := c.Request().Context()
	queue, _, err := h.Desk.Queue(ctx, models.QueueFilter{Department: filterOf(c).chosen})
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(queue))
	for i := range queue {
		e := &queue[i]
		department := ""
		if e.Chat.Department != nil {
			department = *e.Chat.Department
		}
		lines[i] = kit.CSVRow{e.Position, e.UserName, department, e.Chat.Priority, e.Chat.QueuedAt.Truncate(time.Second), e.WaitSeconds, e.WhyWaiting, e.UserIsVerified}
	}
	return h.WriteCSV(c, "queue", []string{"place", "name", "department", "priority", "queued_at", "wait_seconds", "why_waiting", "is_verified"}, lines)
}

// DayCSV is every minute of the last 24 hours as a file.
func (h *Handlers) DayCSV(c echo.Context) error {
	now := time.Now()
	samples, err := h.Desk.Day(c.Request().Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(samples))
	for i, m := range samples {
		lines[i] = kit.CSVRow{m.Minute, m.Waiting, m.LongestWaitSeconds, m.AgentsOnline, m.Load, m.Slots}
	}
	return h.WriteCSV(c, "day", []string{"minute", "waiting", "longest_wait_seconds", "agents_online", "chats_held", "slots"}, lines)
}

// streamOf is the address of the page's stream, which speaks the language of the page.
func streamOf(ctx context.Context, f boardFilter) string {
	query := url.Values{"lang": {text.Lang(ctx)}}
	if f.chosen != "" {
		query.Set("department", f.chosen)
	}
	if f.all {
		query.Set("show", "all")
	}
	return "/supervisor/events?" + query.Encode()
}
