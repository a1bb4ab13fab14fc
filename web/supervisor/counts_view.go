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

// countsView returns what was chosen in the last 24 hours.
func countsView(ctx context.Context, s *models.Stats) []view.CountGroup {
	if s == nil {
		return nil
	}
	lang := text.Lang(ctx)
	reasons := api.Map(
		s.RatingReasons,
		func(n *models.RatingReasonCount) view.Count { return view.Count{Name: n.In(lang), Count: n.Count} },
	)
	named := func(n *models.NameCount) view.Count { return view.Count(*n) }
	return []view.CountGroup{
		{Title: text.T(ctx, "supervisor.counts.outcomes"), None: text.T(ctx, "supervisor.totals.none"), Rows: api.Map(s.Outcomes, named)},
		{Title: text.T(ctx, "supervisor.counts.tags"), None: text.T(ctx, "supervisor.totals.none"), Rows: api.Map(s.Tags, named)},
		{Title: text.T(ctx, "supervisor.counts.rating_reasons"), None: text.T(ctx, "supervisor.totals.none"), Rows: reasons},
	}
}

// CountsCSV sends what was chosen in the last 24 hours as a file. Names are in the language of the reader.
func (h *Handlers) CountsCSV(c echo.Context) error {
	ctx, now := c.Request().Context(), time.Now()
	s, err := h.Desk.Stats(ctx, now.Add(-24*time.Hour), now)
	if err != nil {
		return err
	}
	var lines []kit.CSVRow
	lang := text.Lang(ctx)
	for _, n := range s.Outcomes {
		lines = append(lines, kit.CSVRow{"outcome", n.Name, n.Count})
	}
	for _, n := range s.Tags {
		lines = append(lines, kit.CSVRow{"tag", n.Name, n.Count})
	}
	for _, n := range s.RatingReasons {
		lines = append(lines, kit.CSVRow{"rating_reason", n.In(lang), n.Count})
	}
	return h.WriteCSV(c, "counts", []string{"kind", "name", "chats"}, lines)
}
