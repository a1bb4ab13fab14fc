package admin

import (
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/kit"
)

// emptyExceptions is how many empty rows for further days a form has.
const emptyExceptions = 3

// hoursForm draws the opening hours. What was typed and refused is shown in place of what is stored.
func (h *Handlers) hoursForm(c echo.Context, typed *hoursInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	stored, err := h.Desk.OpeningHours(ctx)
	if err != nil {
		return nil, err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{"": text.T(ctx, "admin.hours.general")}
	for _, d := range departments {
		names[d.Slug] = d.Name
	}
	page := view.HoursList{Frame: h.AdminFrame(c, "hours", text.T(ctx, "admin.hours.title"))}
	if typed == nil {
		page.Errors = fieldErrors
	}
	if done, skipped, ok := importedDays(c); ok {
		page.Done = importMessage(ctx, done, skipped)
	}
	has := map[string]bool{}
	now := time.Now()
	for i := range stored {
		o := &stored[i]
		has[o.Department] = true
		var a models.Availability
		a.SetHours(o, now)
		row := view.Hours{IsStored: true, IsOpen: a.IsOpen, OpensAt: a.NextOpeningAt}
		in := inputOf(o)
		if typed != nil && typed.Department == o.Department {
			in, row.Errors = typed, fieldErrors
		}
		in.draw(&row, names[o.Department])
		page.Rows = append(page.Rows, row)
	}
	if !has[""] {
		page.Addable = append(page.Addable, view.Option{Name: names[""]})
	}
	for _, d := range departments {
		if !has[d.Slug] {
			page.Addable = append(page.Addable, view.Option{Slug: d.Slug, Name: d.Name})
		}
	}
	usual := &hoursInput{Monday: usualHours, Tuesday: usualHours, Wednesday: usualHours, Thursday: usualHours, Friday: usualHours}
	if typed != nil && !has[typed.Department] {
		usual, page.New.Errors = typed, fieldErrors
	}
	usual.draw(&page.New, "")
	return view.HoursPage(page), nil
}

// importedDays returns what the import did from which the page was reached.
func importedDays(c echo.Context) (done models.HolidayImport, skipped int, ok bool) {
	added, addedErr := kit.QueryInt(c, "added", -1)
	known, knownErr := kit.QueryInt(c, "known", 0)
	left, leftErr := kit.QueryInt(c, "skipped", 0)
	ok = added >= 0 && known >= 0 && left >= 0 && addedErr == nil && knownErr == nil && leftErr == nil
	return models.HolidayImport{Added: int(added), Known: int(known)}, int(left), ok
}

const usualHours = "09:00-17:00"

func inputOf(o *models.OpeningHours) *hoursInput {
	in := &hoursInput{Department: o.Department, TimeZone: o.TimeZone}
	for weekday, hours := range in.week() {
		*hours = models.FormatIntervals(o.Week[weekday])
	}
	for _, e := range o.Exceptions {
		row := exceptionInput{Day: e.Day.String(), Name: e.Name, Hours: models.FormatIntervals(e.Intervals)}
		if e.IsYearly {
			row.IsYearly = 1
		}
		in.Exceptions = append(in.Exceptions, row)
	}
	return in
}

// draw sets the fields of a form, with empty rows for further days.
func (in *hoursInput) draw(row *view.Hours, name string) {
	row.Department, row.Name, row.TimeZone = in.Department, name, in.TimeZone
	week := in.week()
	for n := range week {
		weekday := time.Weekday((n + 1) % len(week)) // Monday first
		row.Week = append(row.Week, view.DayHours{Field: models.WeekdayField(weekday), Hours: *week[weekday]})
	}
	for _, e := range in.Exceptions {
		row.Exceptions = append(row.Exceptions, view.DayException{Day: e.Day, IsYearly: e.IsYearly != 0, Name: e.Name, Hours: e.Hours})
	}
	row.Exceptions = append(row.Exceptions, make([]view.DayException, emptyExceptions)...)
}
