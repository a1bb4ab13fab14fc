package web

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

// supervisorPage draws queue and load as they are now, of one department where the query names it.
func (s *Server) supervisorPage(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := s.readHouse(ctx, filterOf(c), nil)
	if err != nil {
		return err
	}
	if !h.hasDepartment() {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	if err := s.readDay(ctx, h); err != nil {
		return err
	}
	frame := s.StaffFrame(c, "live", text.T(ctx, "supervisor.title"))
	frame.Scripts = []string{"supervisor.js"}
	frame.Stylesheets = []string{"uplot.css"}
	frame.Words = []string{"supervisor."}
	frame.Stream = streamOf(ctx, h.houseFilter)
	return s.Render(c, http.StatusOK, view.LivePage(view.Live{Frame: frame, Filter: h.filter(ctx), Board: h.board(ctx)}))
}

// supervisorEvents is what changes on that page, live.
func (s *Server) supervisorEvents(c echo.Context) error {
	return s.Stream(c, live.Receiver{View: live.House}, &boardStream{server: s, filter: filterOf(c)})
}

// hasDepartment tells whether the department of the filter is there, as it is when none is chosen.
func (h *house) hasDepartment() bool {
	for _, d := range h.departments {
		if d.Slug == h.chosen {
			return true
		}
	}
	return h.chosen == ""
}

// queueCSV is the queue as a file, with the filter of the page.
func (s *Server) queueCSV(c echo.Context) error {
	ctx := c.Request().Context()
	queue, _, err := s.Desk.Queue(ctx, models.QueueFilter{Department: filterOf(c).chosen})
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
	return s.WriteCSV(c, "queue", []string{"place", "name", "department", "priority", "queued_at", "wait_seconds", "why_waiting", "is_verified"}, lines)
}

// dayCSV is every minute of the last 24 hours as a file.
func (s *Server) dayCSV(c echo.Context) error {
	now := time.Now()
	samples, err := s.Desk.Day(c.Request().Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(samples))
	for i, m := range samples {
		lines[i] = kit.CSVRow{m.Minute, m.Waiting, m.LongestWaitSeconds, m.AgentsOnline, m.Load, m.Slots}
	}
	return s.WriteCSV(c, "day", []string{"minute", "waiting", "longest_wait_seconds", "agents_online", "chats_held", "slots"}, lines)
}

// streamOf is the address of the page's stream, which speaks the language of the page.
func streamOf(ctx context.Context, f houseFilter) string {
	query := url.Values{"lang": {text.Lang(ctx)}}
	if f.chosen != "" {
		query.Set("department", f.chosen)
	}
	if f.whole {
		query.Set("show", "all")
	}
	return "/supervisor/events?" + query.Encode()
}
