package supervisor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/live"
)

// Page shows queue and load, of one department if the query names one.
func (h *Handlers) Page(c echo.Context) error {
	ctx := c.Request().Context()
	var b *board
	var flags []models.Flag
	reading, ctxReading := errgroup.WithContext(ctx)
	reading.Go(func() (err error) { b, err = h.readLiveBoard(ctxReading, filterFromQuery(c), known{}); return err })
	reading.Go(func() (err error) { flags, err = h.readFlags(ctxReading, kit.ActorOf(c), nil); return err })
	if err := reading.Wait(); err != nil {
		return err
	}
	if !b.hasDepartment() {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	frame := h.AgentFrame(c, "live", text.T(ctx, "supervisor.title"))
	frame.Scripts = []string{"supervisor.js"}
	frame.Stylesheets = []string{"uplot.css"}
	frame.Words = []string{"supervisor."}
	frame.Stream = streamURL(ctx, b.boardFilter)
	page := view.Live{
		Frame: frame, Filter: b.filter(ctx), Board: b.view(ctx), Flags: flagsView(ctx, flags, b.boardFilter, frame.CSRF),
	}
	if err := h.alertsOfPage(c, &page); err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, view.LivePage(page))
}

// Events streams the parts of that page that change.
func (h *Handlers) Events(c echo.Context) error {
	board := &boardStream{handlers: h, filter: filterFromQuery(c), alerts: alertStream{h, kit.ActorOf(c), kit.CSRFToken(c)}}
	return h.Stream(c, live.Receiver{View: live.Supervision}, &flagStream{board, kit.ActorOf(c), kit.CSRFToken(c)})
}

// hasDepartment reports whether the department of the filter exists, or none is chosen.
func (b *board) hasDepartment() bool {
	for _, d := range b.departments {
		if d.Slug == b.department {
			return true
		}
	}
	return b.department == ""
}

// QueueCSV sends the queue as a file, with the filter of the page.
func (h *Handlers) QueueCSV(c echo.Context) error {
	ctx := c.Request().Context()
	queue, _, err := h.Desk.Queue(ctx, models.QueueFilter{Department: filterFromQuery(c).department})
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
		lines[i] = kit.CSVRow{
			e.Position, e.UserName, department, e.Chat.Priority, e.Chat.QueuedAt.Truncate(time.Second), e.WaitSeconds,
			e.WhyWaiting, e.UserIsVerified,
		}
	}
	return h.WriteCSV(c, "queue", []string{
		"place", "name", "department", "priority", "queued_at", "wait_seconds", "why_waiting",
		"is_verified",
	}, lines)
}

// DayCSV sends every minute of the last 24 hours as a file.
func (h *Handlers) DayCSV(c echo.Context) error {
	now := time.Now()
	samples, err := h.Desk.Day(c.Request().Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(samples))
	for i, m := range samples {
		lines[i] = kit.CSVRow{m.Minute, m.Waiting, m.LongestWaitSeconds, m.AgentsOnline, m.Load, m.Capacity}
	}
	return h.WriteCSV(c, "day", []string{"minute", "waiting", "longest_wait_seconds", "agents_online", "chats_held", "slots"}, lines)
}

// streamURL returns the address of the page's stream, with its filter and language.
func streamURL(ctx context.Context, f boardFilter) string {
	query := url.Values{"lang": {text.Lang(ctx)}}
	if f.department != "" {
		query.Set("department", f.department)
	}
	if f.showAll {
		query.Set("show", "all")
	}
	return "/supervisor/events?" + query.Encode()
}
