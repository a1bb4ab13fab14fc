package admin

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// maxAuditFileRows is how many rows of the log a file may have.
const maxAuditFileRows = 10_000

// auditFilter reads the filter of the query. A date in "to" includes the whole day. Malformed values are 400 or 422.
func auditFilter(c echo.Context) (models.AuditFilter, error) {
	f := models.AuditFilter{
		ActorID: cmp.Or(c.QueryParam("actor_id"), c.QueryParam("person")),
		Action:  models.AuditAction(c.QueryParam("action")), Subject: c.QueryParam("subject"),
	}
	if !kit.Storable(f.ActorID) || !kit.Storable(string(f.Action)) {
		return f, kit.Malformed("The filter must be UTF-8 text without NUL characters.")
	}
	var err error
	if f.From, err = kit.QueryTime(c, "from", time.Time{}); err != nil {
		return f, err
	}
	if f.To, err = kit.QueryTime(c, "to", time.Time{}); err != nil {
		return f, err
	}
	if _, day := time.Parse(time.DateOnly, c.QueryParam("to")); day == nil {
		f.To = f.To.AddDate(0, 0, 1)
	}
	if cursor := c.QueryParam("before"); cursor != "" {
		if f.Before, err = parseAuditCursor(cursor); err != nil {
			return f, err
		}
	}
	return f, nil
}

// parseAuditCursor parses what formatAuditCursor has written; anything else is 400.
func parseAuditCursor(cursor string) (p models.AuditPosition, err error) {
	at, id, _ := strings.Cut(cursor, "_")
	moment, atErr := time.Parse(time.RFC3339Nano, at)
	number, idErr := strconv.ParseInt(id, 10, 64)
	if moment = moment.UTC(); atErr != nil || idErr != nil || number < 1 || moment.Year() < 1970 || moment.Year() > 9999 {
		return p, kit.Malformed("before must be the value of older from the previous response.")
	}
	return models.AuditPosition{At: moment, ID: number}, nil
}

// displayedAuditFilter returns the filter of the page if its address was refused: without malformed values, and with the errors of the
// fields.
func displayedAuditFilter(c echo.Context, f models.AuditFilter, refused error) (models.AuditFilter, view.Errors) {
	errs := view.Errors{}
	if !kit.Storable(f.Subject) {
		f.Subject, errs["subject"] = "", text.T(c.Request().Context(), "admin.error.malformed")
	}
	if refused == nil {
		return f, errs
	}
	f.Before = models.AuditFilter{}.Before
	if !kit.Storable(f.ActorID) || !kit.Storable(string(f.Action)) {
		f.ActorID, f.Action = "", ""
	}
	for field, at := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		var err error
		if *at, err = kit.QueryTime(c, field, time.Time{}); err != nil {
			*at, errs[field] = time.Time{}, text.T(c.Request().Context(), "admin.audit.no_day")
		}
	}
	if _, err := time.Parse(time.DateOnly, c.QueryParam("to")); err == nil && errs["to"] == "" {
		f.To = f.To.AddDate(0, 0, 1)
	}
	return f, errs
}

func formatAuditCursor(p *models.AuditPosition) string {
	if p == nil {
		return ""
	}
	return p.At.UTC().Format(time.RFC3339Nano) + "_" + strconv.FormatInt(p.ID, 10)
}

// AuditPage shows the audit log, newest first.
func (h *Handlers) AuditPage(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := auditFilter(c)
	errs := view.Errors{}
	if kit.Format(c) == kit.Page {
		f, errs = displayedAuditFilter(c, f, err)
	} else if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		if f.Limit, err = kit.QueryLimit(c); err != nil {
			return err
		}
	}
	rows, older, err := h.Desk.AuditLog(ctx, kit.ActorOf(c), f)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.AuditPage{Rows: api.Map(rows, api.AuditRowOf), Older: formatAuditCursor(older)}})
	}
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	page := view.Audit{
		Frame: h.AdminFrame(c, "audit", text.T(ctx, "admin.audit.title")), Agents: auditAgents(ctx, agents),
		Actions: auditActions(ctx),
		Filter: view.AuditFilter{
			AgentID: f.ActorID, Action: string(f.Action), Subject: f.Subject, From: c.QueryParam("from"),
			To: c.QueryParam("to"),
		},
		File: auditURL(c, "/admin/audit.csv", ""),
	}
	page.Chosen = page.Filter != view.AuditFilter{}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		errs["to"] = text.T(ctx, "admin.audit.ends_before")
	}
	page.Errors = errs
	if f.Before.ID != 0 {
		page.Newest = auditURL(c, "/admin/audit", "")
	}
	if older != nil {
		page.Older = auditURL(c, "/admin/audit", formatAuditCursor(older))
	}
	for i := range rows {
		page.Rows = append(page.Rows, auditRow(ctx, &rows[i]))
	}
	return h.Render(c, http.StatusOK, view.AuditPage(page))
}

// auditURL returns an address with the filter of this request.
func auditURL(c echo.Context, path, before string) string {
	query := url.Values{}
	for _, name := range []string{"person", "action", "subject", "from", "to"} {
		if value := c.QueryParam(name); value != "" {
			query.Set(name, value)
		}
	}
	if before != "" {
		query.Set("before", before)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// AuditCSV sends the newest rows of the log as a file, with the filter of the page.
func (h *Handlers) AuditCSV(c echo.Context) error {
	f, err := auditFilter(c)
	if err != nil {
		return err
	}
	var lines []kit.CSVRow
	for f.Limit = 1000; len(lines) < maxAuditFileRows; {
		rows, older, err := h.Desk.AuditLog(c.Request().Context(), kit.ActorOf(c), f)
		if err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			lines = append(lines, kit.CSVRow{
				r.At, r.ActorID, r.ActorName, string(r.ActorRole), string(r.Action), string(r.SubjectKind),
				r.SubjectID, r.SubjectName,
				present.Deref(r.UserID), string(r.Details), r.Address, r.RequestID,
			})
		}
		if older == nil {
			break
		}
		f.Before = *older
	}
	return h.WriteCSV(c, "audit", []string{
		"at", "actor_id", "actor_name", "actor_role", "action", "subject_kind", "subject_id",
		"subject_name", "user_id", "details", "address",
		"request_id",
	}, lines)
}
