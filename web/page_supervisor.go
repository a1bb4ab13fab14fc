package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/live"
)

// supervisorPage draws queue and load as they are now, of one department where the query names it.
func (s *Server) supervisorPage(c echo.Context) error {
	ctx := c.Request().Context()
	h, err := s.readHouse(ctx, c.QueryParam("department"), nil)
	if err != nil {
		return err
	}
	if !h.hasDepartment() {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	if err := s.readDay(ctx, h); err != nil {
		return err
	}
	frame := s.staffFrame(c, "live", text.T(ctx, "supervisor.title"))
	frame.Scripts = []string{"supervisor.js"}
	frame.Stylesheets = []string{"uplot.css"}
	frame.Words = []string{"supervisor."}
	frame.Stream = streamOf(ctx, h.chosen)
	return s.page(c, http.StatusOK, view.LivePage(view.Live{Frame: frame, Filter: h.filter(ctx), Board: h.board(ctx)}))
}

// supervisorEvents is what changes on that page, live.
func (s *Server) supervisorEvents(c echo.Context) error {
	return s.stream(c, live.Receiver{View: live.House}, &boardStream{server: s, chosen: c.QueryParam("department")})
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
	h, err := s.readHouse(ctx, c.QueryParam("department"), nil)
	if err != nil {
		return err
	}
	rows := [][]string{{"place", "name", "department", "priority", "queued_at", "wait_seconds", "why_waiting", "is_verified"}}
	for i := range h.queue {
		e := &h.queue[i]
		if !h.waits(e) {
			continue
		}
		department := ""
		if e.Chat.Department != nil {
			department = *e.Chat.Department
		}
		rows = append(rows, []string{strconv.Itoa(e.Position), plainCell(e.UserName), department, strconv.Itoa(e.Chat.Priority),
			e.Chat.QueuedAt.UTC().Format(time.RFC3339), strconv.Itoa(e.WaitSeconds), e.WhyWaiting, strconv.FormatBool(e.UserIsVerified)})
	}
	return s.csv(c, "queue", rows)
}

// dayCSV is every minute of the last 24 hours as a file.
func (s *Server) dayCSV(c echo.Context) error {
	now := time.Now()
	samples, err := s.desk.Day(c.Request().Context(), now.Add(-24*time.Hour), now)
	if err != nil {
		return err
	}
	rows := [][]string{{"minute", "waiting", "longest_wait_seconds", "agents_online", "chats_held", "slots"}}
	for _, m := range samples {
		rows = append(rows, []string{m.Minute.UTC().Format(time.RFC3339), strconv.Itoa(m.Waiting), strconv.Itoa(m.LongestWaitSeconds),
			strconv.Itoa(m.AgentsOnline), strconv.Itoa(m.Load), strconv.Itoa(m.Slots)})
	}
	return s.csv(c, "day", rows)
}

func (s *Server) csv(c echo.Context, name string, rows [][]string) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	stamp := time.Now().UTC().Format("2006-01-02T1504Z")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="parley-`+name+"-"+stamp+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// plainCell keeps a name that a user chose from being read as a formula by a spreadsheet.
func plainCell(value string) string {
	if value != "" && bytes.ContainsRune([]byte("=+-@\t\r"), rune(value[0])) {
		return "'" + value
	}
	return value
}

// streamOf is the address of the page's stream, which speaks the language of the page.
func streamOf(ctx context.Context, department string) string {
	query := url.Values{"lang": {text.Lang(ctx)}}
	if department != "" {
		query.Set("department", department)
	}
	return "/supervisor/events?" + query.Encode()
}
