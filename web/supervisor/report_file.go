package supervisor

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/xuri/excelize/v2"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/api"
	"parley/web/kit"
)

// reportFile reads a report for a file: the columns, and a row for each of its rows and one for all together. Rows that
// are a day, a week or a month have their times in UTC and in the time zone of the report; the row of all has those of
// the period.
func (h *Handlers) reportFile(c echo.Context) (columns []string, rows [][]any, err error) {
	q, p, err := reportQuery(c, time.Now(), viewerZone(c))
	if err != nil {
		return nil, nil, err
	}
	ctx := c.Request().Context()
	r, err := h.Desk.Report(ctx, kit.ActorOf(c), q)
	if err != nil {
		return nil, nil, err
	}
	columns = []string{p.By, "key", "from_utc", "to_utc", "from_local", "to_local", "time_zone"}
	figures := view.ReportFigures("")
	for _, f := range figures {
		columns = append(columns, f.Key)
	}
	line := func(label, key string, from, to time.Time, f *models.Figures) []any {
		row := []any{label, key, "", "", "", "", p.Zone}
		if !from.IsZero() {
			local := func(t time.Time) string { return t.In(q.Zone).Format("2006-01-02T15:04:05-07:00") }
			row[2], row[3], row[4], row[5] = from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), local(from), local(to)
		}
		values := api.ReportFiguresOf(f)
		for _, figure := range figures {
			if v := values.Value(figure.Key); v == nil {
				row = append(row, "")
			} else if *v == float64(int64(*v)) {
				row = append(row, int64(*v))
			} else {
				row = append(row, *v)
			}
		}
		return row
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		rows = append(rows, line(rowLabel(ctx, r, row), rowKey(r, row), row.From, row.To, &row.Figures))
	}
	return columns, append(rows, line("*", "*", q.From, q.To, &r.Total)), nil
}

// ReportCSV sends a report as a file.
func (h *Handlers) ReportCSV(c echo.Context) error {
	columns, rows, err := h.reportFile(c)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(rows))
	for i := range rows {
		lines[i] = rows[i]
	}
	return h.WriteCSV(c, "report", columns, lines)
}

// ReportXLSX sends a report as a spreadsheet. Its texts are cells of text, so that none is read as a formula.
func (h *Handlers) ReportXLSX(c echo.Context) error {
	columns, rows, err := h.reportFile(c)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer book.Close()
	const sheet = "Sheet1"
	head := make([]any, len(columns))
	for i := range columns {
		head[i] = columns[i]
	}
	for i, row := range append([][]any{head}, rows...) {
		if err := book.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row); err != nil {
			return err
		}
	}
	if err := book.SetPanes(
		sheet,
		&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"},
	); err != nil {
		return err
	}
	out, err := book.WriteToBuffer()
	if err != nil {
		return err
	}
	if err := h.Desk.AuditExport(c.Request().Context(), kit.ActorOf(c), "report", len(rows)); err != nil {
		return err
	}
	name := "parley-report-" + time.Now().UTC().Format("2006-01-02T1504Z") + ".xlsx"
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", out.Bytes())
}
