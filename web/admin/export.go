package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/kit"
)

const (
	// maxExports is how many exports an instance sends at once.
	maxExports = 2
	// exportIdleTimeout is how long a client may read nothing of an export.
	exportIdleTimeout = time.Minute
)

// errStopping ends an export when the process stops. The client continues it with the last cursor, elsewhere or later.
var errStopping = errors.New("the process stops")

// LimitExport leaves the time of an export open, in place of the limits of other requests: it ends when the client is gone.
func LimitExport(next echo.HandlerFunc) echo.HandlerFunc { return next }

// DataPage shows how the data can be exported.
func (h *Handlers) DataPage(c echo.Context) error {
	ctx := c.Request().Context()
	return h.Render(c, http.StatusOK, view.DataPage(view.Data{Frame: h.AdminFrame(c, "data", text.T(ctx, "admin.data.title"))}))
}

// ExportData sends chats, messages, ratings, wrap-ups and presence as they are read, one JSON object per line.
func (h *Handlers) ExportData(c echo.Context) error {
	q := models.DataExportQuery{After: c.QueryParam("after")}
	var err error
	if q.Since, err = kit.QueryTime(c, "since", time.Time{}); err != nil {
		return err
	}
	if format := c.QueryParam("format"); format != "" && format != "ndjson" {
		return kit.InvalidField("format", "unknown", "The only format is ndjson.")
	}
	response := c.Response()
	response.Header().Set(echo.HeaderContentType, "application/x-ndjson; charset=utf-8")
	response.Header().Set(echo.HeaderContentDisposition,
		`attachment; filename="parley-data-`+time.Now().UTC().Format("2006-01-02T1504Z")+`.ndjson"`)
	response.Header().Set("X-Accel-Buffering", "no")
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	if h.exports.Add(1) > maxExports {
		h.exports.Add(-1)
		clearFileHeaders(response)
		return models.ErrExportsBusy
	}
	defer h.exports.Add(-1)
	ctx, cancel := context.WithTimeout(c.Request().Context(), kit.RequestTimeout)
	export, err := h.Desk.BeginDataExport(ctx, kit.ActorOf(c), q)
	cancel()
	if err != nil {
		clearFileHeaders(response)
		return err
	}
	response.WriteHeader(http.StatusOK)
	out := &exportBody{response: response, rc: http.NewResponseController(response), isStopping: h.Hub.IsStopping}
	if err := export.Write(c.Request().Context(), out); err != nil {
		h.Log.Info("an export was not completed", "error", err)
	}
	return nil
}

// clearFileHeaders makes room for an error instead of the file.
func clearFileHeaders(response *echo.Response) {
	for _, name := range []string{echo.HeaderContentType, echo.HeaderContentDisposition, "X-Accel-Buffering"} {
		response.Header().Del(name)
	}
}

// exportBody sends blocks at once, to a client that may be slow, but not stand still.
type exportBody struct {
	response   *echo.Response
	rc         *http.ResponseController
	isStopping func() bool
}

func (b *exportBody) Write(p []byte) (int, error) {
	if b.isStopping() {
		return 0, errStopping
	}
	_ = b.rc.SetWriteDeadline(time.Now().Add(exportIdleTimeout))
	n, err := b.response.Write(p)
	if err == nil {
		err = b.rc.Flush()
	}
	return n, err
}
