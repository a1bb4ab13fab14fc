package workbench

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
)

// MaxSearchesPerMinute is how often an agent may search in a minute: the command palette searches while the agent types, at
// most four times a second.
const MaxSearchesPerMinute = 120

const searchPage = "/workbench/search"

// searchFields are the parameters of a search, as in its form.
var searchFields = []string{
	"q", "from", "to", "service_id", "department", "tag", "outcome", "min_rating", "max_rating", "has_files", "user_id",
}

// searchQuery reads a search from the query. A date in "to" includes the whole day. What cannot be read is 400 or 422.
func searchQuery(c echo.Context) (models.SearchQuery, error) {
	q := models.SearchQuery{
		Text: c.QueryParam("q"), AgentID: c.QueryParam("service_id"), UserID: c.QueryParam("user_id"),
		Department: c.QueryParam("department"), Tag: c.QueryParam("tag"), Outcome: c.QueryParam("outcome"),
		Cursor: c.QueryParam("cursor"),
	}
	var err error
	if q.From, err = kit.QueryTime(c, "from", time.Time{}); err != nil {
		return q, err
	}
	if q.To, err = kit.QueryTime(c, "to", time.Time{}); err != nil {
		return q, err
	}
	if _, day := time.Parse(time.DateOnly, c.QueryParam("to")); day == nil {
		q.To = q.To.AddDate(0, 0, 1)
	}
	if q.MinRating, err = queryRating(c, "min_rating"); err != nil {
		return q, err
	}
	if q.MaxRating, err = queryRating(c, "max_rating"); err != nil {
		return q, err
	}
	if q.HasFiles, err = kit.QueryFlag(c, "has_files"); err != nil {
		return q, err
	}
	limit, err := kit.QueryInt(c, "limit", models.DefaultSearchLimit)
	if err == nil {
		err = models.CheckLimit(int(limit), models.MaxSearchLimit)
	}
	q.Limit = int(limit)
	return q, err
}

// queryRating returns a rating of the query, 0 if it is absent. What is no number is 400, and a number that is no rating 422.
func queryRating(c echo.Context, name string) (float64, error) {
	raw := c.QueryParam(name)
	if raw == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(raw, 64)
	switch {
	case err != nil:
		return 0, kit.Malformed(name + " must be a number.")
	case n == 0:
		return 0, kit.InvalidField(name, "out_of_bounds", name+" must be a number from 1 to 5 in steps of 0.5.")
	}
	return n, nil
}

// Search finds chats among those that the caller may read. Scripts get the results for the command palette.
func (h *Handlers) Search(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := searchQuery(c)
	if kit.Format(c) == kit.JSON {
		if err != nil {
			return err
		}
		found, err := h.Desk.Search(ctx, kit.ActorOf(c), q)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.SearchPageOf(found)})
	}
	isAsked := isSearch(c)
	found := &models.SearchResult{}
	if isAsked && err == nil {
		var result *models.SearchResult
		if result, err = h.Desk.Search(ctx, kit.ActorOf(c), q); err == nil {
			found = result
		}
	}
	errs, err := searchRefusal(c, err)
	if err != nil {
		return err
	}
	results, err := h.searchResults(c, q, found)
	if err != nil {
		return err
	}
	results.Errors = errs
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.PaletteResults(results))
	}
	page, err := h.searchForm(c)
	if err != nil {
		return err
	}
	page.Results, page.IsAsked = results, isAsked
	page.Frame = h.AgentFrame(c, "search", text.T(ctx, "search.title"))
	page.Frame.Scripts = []string{"admin.js"}
	return h.Render(c, http.StatusOK, view.SearchPage(page))
}

// isSearch reports whether the query asks for anything.
func isSearch(c echo.Context) bool {
	for _, name := range searchFields {
		if c.QueryParam(name) != "" {
			return true
		}
	}
	return false
}

// searchRefusal returns the refusals of the fields in words, and an error that is none of these.
func searchRefusal(c echo.Context, err error) (view.Errors, error) {
	var e *models.Error
	if !errors.As(err, &e) || e.Kind != models.Invalid && e.Kind != models.Malformed {
		return nil, err
	}
	ctx := c.Request().Context()
	words := view.Errors{}
	for _, field := range []string{"from", "to"} {
		if _, err := kit.QueryTime(c, field, time.Time{}); err != nil {
			words[field] = text.T(ctx, "admin.audit.no_day")
		}
	}
	for field, code := range e.Fields {
		switch {
		case words[field] != "":
		case field == "q" && code == "too_short":
			words[field] = text.T(ctx, "search.error.too_short")
		case field == "q" && code == "too_long":
			words[field] = text.T(ctx, "search.error.too_long")
		case field == "to":
			words[field] = text.T(ctx, "admin.audit.ends_before")
		case field == "max_rating" || field == "min_rating":
			words[field] = text.T(ctx, "search.error.rating")
		default: // no field of the form can have this value
			words[""] = text.T(ctx, "search.error.malformed")
		}
	}
	if len(words) == 0 {
		words[""] = text.T(ctx, "search.error.malformed")
	}
	return words, nil
}

// searchURL returns the address of the search page with the fields of this request and a cursor, "" for the first page.
func searchURL(c echo.Context, cursor string) string {
	query := url.Values{}
	for _, name := range searchFields {
		if value := c.QueryParam(name); value != "" && kit.Storable(value) {
			query.Set(name, value)
		}
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return searchPage + "?" + query.Encode()
}
