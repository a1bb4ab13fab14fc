package kit

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// QueryLimit returns the query parameter limit, 50 if it is absent. It is 400 if it is no number and 422 outside of 1 to 200.
func QueryLimit(c echo.Context) (int, error) {
	n, err := QueryInt(c, "limit", models.DefaultLimit)
	if err == nil {
		err = models.CheckLimit(int(n), models.MaxLimit)
	}
	return int(n), err
}

// ChatFilter reads the filter of an agent's chats from the query: status, limit and before.
func ChatFilter(c echo.Context) (f models.ChatFilter, err error) {
	f.Status = models.Status(c.QueryParam("status"))
	if f.Limit, err = QueryLimit(c); err != nil {
		return f, err
	}
	f.Before, err = QueryTime(c, "before", time.Time{})
	return f, err
}
