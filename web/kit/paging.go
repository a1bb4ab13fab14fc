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

// QueryBeforeID returns the query parameter before_id, the id of a message, or 0 if it is absent. It is 400 if it is no number, and 422
// below 1 or together with after_id.
func QueryBeforeID(c echo.Context) (int64, error) {
	if c.QueryParam("before_id") == "" {
		return 0, nil
	}
	id, err := QueryInt(c, "before_id", 0)
	switch {
	case err != nil:
		return 0, err
	case c.QueryParam("after_id") != "":
		return 0, InvalidField("before_id", "invalid", "Send either after_id or before_id, not both.")
	case id < 1:
		return 0, InvalidField("before_id", "out_of_bounds", "before_id must be the id of a message, 1 or more.")
	}
	return id, nil
}

// PageBefore returns the query parameter before of a page that shows a chat: the page ends before the message with this id. It is 0 for the
// last messages of the chat: if the parameter is absent or no id.
func PageBefore(c echo.Context) int64 {
	id, err := QueryInt(c, "before", 0)
	if err != nil {
		return 0
	}
	return max(id, 0)
}

// PageWith is PageBefore for a page that can also be opened at a message: if the query parameter message is the id of one, as in search
// results, the page has it.
func (k *Kit) PageWith(c echo.Context, messages int) (int64, error) {
	id, _ := QueryInt(c, "message", 0) // 0 for what is no number
	if before := PageBefore(c); before > 0 || id <= 0 {
		return before, nil
	}
	return k.Desk.PageWith(c.Request().Context(), ChatID(c), id, messages)
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
