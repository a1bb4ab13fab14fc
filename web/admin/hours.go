package admin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// hoursInput is the body of SetHours. A form sends the fields of each exception as fields of the same name, in rows.
type hoursInput struct {
	Department string           `json:"department"`
	TimeZone   string           `json:"time_zone"`
	Monday     string           `json:"monday"`
	Tuesday    string           `json:"tuesday"`
	Wednesday  string           `json:"wednesday"`
	Thursday   string           `json:"thursday"`
	Friday     string           `json:"friday"`
	Saturday   string           `json:"saturday"`
	Sunday     string           `json:"sunday"`
	Exceptions []exceptionInput `json:"exceptions"`
}

type exceptionInput struct {
	Day      string  `json:"day"`
	IsYearly kit.Int `json:"is_yearly"`
	Name     string  `json:"name"`
	Hours    string  `json:"hours"`
}

// week returns the fields of the days, by time.Weekday.
func (in *hoursInput) week() [7]*string {
	return [7]*string{&in.Sunday, &in.Monday, &in.Tuesday, &in.Wednesday, &in.Thursday, &in.Friday, &in.Saturday}
}

// HoursPage lists the opening hours.
func (h *Handlers) HoursPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		hours, err := h.Desk.OpeningHours(c.Request().Context())
		if err != nil {
			return err
		}
		now := time.Now()
		return h.Respond(
			c,
			kit.Result{JSON: api.Map(hours, func(o *models.OpeningHours) api.OpeningHours { return api.OpeningHoursOf(o, now) })},
		)
	}
	page, err := h.hoursForm(c, nil, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// SetHours stores the opening hours of a department, or of all without hours of their own, in place of those that are stored.
func (h *Handlers) SetHours(c echo.Context) error {
	var in hoursInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if !kit.IsAPI(c.Request().URL.Path) {
		if err := in.readExceptions(c); err != nil {
			return err
		}
	}
	ctx := c.Request().Context()
	hours, err := in.hours()
	if err == nil {
		err = h.Desk.SetOpeningHours(ctx, kit.ActorOf(c), hours)
	}
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.hoursForm(c, &in, fieldErrors) })
	}
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{Redirect: "/admin/hours"})
	}
	stored, err := h.Desk.OpeningHours(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(stored, func(o models.OpeningHours) bool { return o.Department == in.Department })
	if i < 0 { // removed by another administrator since
		return models.ErrHoursNotFound
	}
	return h.Respond(c, kit.Result{JSON: api.OpeningHoursOf(&stored[i], time.Now())})
}

// RemoveHours removes the opening hours of a department, or of all without hours of their own.
func (h *Handlers) RemoveHours(c echo.Context) error {
	var in struct {
		Department string `json:"department"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.RemoveOpeningHours(ctx, kit.ActorOf(c), in.Department); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.hoursForm(c, nil, fieldErrors) })
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.hours_removed")}, Redirect: "/admin/hours"})
}

// ImportHolidays adds the whole days of a calendar to opening hours. Programs send the text of the file as calendar, browsers
// the file.
func (h *Handlers) ImportHolidays(c echo.Context) error {
	var in struct {
		Department string `json:"department"`
		Calendar   string `json:"calendar"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Calendar == "" {
		file, err := kit.SentFile(c)
		if err != nil {
			return err
		}
		in.Calendar = file
	}
	ctx, cancel := kit.AfterReceipt(c)
	defer cancel()
	found, err := parseHolidays(in.Calendar)
	var done models.HolidayImport
	if err == nil {
		done, err = h.Desk.ImportHolidays(ctx, kit.ActorOf(c), in.Department, found.Days)
	}
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.hoursForm(c, nil, fieldErrors)
		})
	}
	result := api.HolidayImport{
		Message: importMessage(ctx, done, found.Skipped),
		Added:   done.Added,
		Known:   done.Known,
		Skipped: found.Skipped,
	}
	return h.Respond(c, kit.Result{
		JSON: result, Redirect: fmt.Sprintf("/admin/hours?added=%d&known=%d&skipped=%d", done.Added, done.Known, found.Skipped),
	})
}

func parseHolidays(calendar string) (models.Holidays, error) {
	if calendar == "" {
		return models.Holidays{}, kit.InvalidField("calendar", "required", "Choose an iCalendar file (.ics).")
	}
	if !kit.Storable(calendar) {
		return models.Holidays{}, kit.InvalidField("calendar", "invalid", "The file must be UTF-8 without NUL characters.")
	}
	return models.ParseHolidays(calendar, models.DayOf(time.Now().UTC()))
}

func importMessage(ctx context.Context, done models.HolidayImport, skipped int) string {
	return text.T(ctx, "done.holidays_imported", "Added", done.Added, "Known", done.Known, "Skipped", skipped)
}

// readExceptions reads the rows of exceptions from a form. A row without a day is left out.
func (in *hoursInput) readExceptions(c echo.Context) error {
	form, err := kit.Form(c)
	if err != nil {
		return err
	}
	at := func(name string, i int) string {
		if values := form[name]; i < len(values) {
			return values[i]
		}
		return ""
	}
	for i, day := range form["exception_day"] {
		if day == "" {
			continue
		}
		e := exceptionInput{Day: day, Name: at("exception_name", i), Hours: at("exception_hours", i)}
		if at("exception_repeat", i) == "yearly" {
			e.IsYearly = 1
		}
		in.Exceptions = append(in.Exceptions, e)
	}
	return nil
}

// hours returns the opening hours of the input. Hours and days that cannot be read are validation_failed.
func (in *hoursInput) hours() (models.OpeningHours, error) {
	h := models.OpeningHours{Department: in.Department, TimeZone: in.TimeZone}
	for weekday, hours := range in.week() {
		intervals, ok := models.ParseIntervals(*hours)
		if !ok {
			return h, unreadableHours(models.WeekdayField(time.Weekday(weekday)))
		}
		h.Week[weekday] = intervals
	}
	for _, e := range in.Exceptions {
		day, err := models.ParseDay(e.Day)
		if err != nil {
			return h, kit.InvalidField("exceptions", "invalid", "A day must be a date such as 2026-12-25.")
		}
		intervals, ok := models.ParseIntervals(e.Hours)
		if !ok {
			return h, unreadableHours("exceptions")
		}
		h.Exceptions = append(h.Exceptions, models.HoursException{Day: day, IsYearly: e.IsYearly != 0, Name: e.Name, Intervals: intervals})
	}
	return h, nil
}

func unreadableHours(field string) error {
	return kit.InvalidField(field, "invalid", "Write hours as in 09:00-12:30, 13:30-18:00, or leave them empty for closed.")
}
