package account

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/account"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// remindersInput is the body of SetReminders. In a form a box that is not checked is absent.
type remindersInput struct {
	IsRepeated *kit.Int `json:"is_repeated"`
	IsQuiet    *kit.Int `json:"is_quiet"`
	QuietFrom  string   `json:"quiet_from"`
	QuietUntil string   `json:"quiet_until"`
	QuietDays  []string `json:"quiet_days"`
	TimeZone   string   `json:"time_zone"`
}

// Reminders responds with how the caller is reminded of chats that were not opened.
func (h *Handlers) Reminders(c echo.Context) error {
	a, err := h.Desk.AgentByID(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.RemindersOf(a.Reminders(), time.Now())})
}

// SetReminders sets how the caller is reminded. It replaces everything; a field of JSON that is absent is 422.
func (h *Handlers) SetReminders(c echo.Context) error {
	var in remindersInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	r, err := in.reminders(kit.IsAPI(c.Request().URL.Path))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	a, err := h.Desk.SetReminders(ctx, kit.ActorOf(c), r)
	if err != nil {
		c.Set(enteredReminders, in)
		return h.redrawForm(c, "reminders", err)
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Message string `json:"message"`
		api.Reminders
	}{text.T(ctx, "account.done.reminders"), api.RemindersOf(a.Reminders(), time.Now())}, Redirect: "/account?done=reminders"})
}

const enteredReminders = "entered reminders"

func (in *remindersInput) reminders(isAPI bool) (models.Reminders, error) {
	if isAPI && in.IsRepeated == nil {
		return models.Reminders{}, kit.InvalidField("is_repeated", "required", "Send is_repeated as 0 or 1.")
	}
	if isAPI && in.IsQuiet == nil {
		return models.Reminders{}, kit.InvalidField("is_quiet", "required", "Send is_quiet as 0 or 1.")
	}
	r := models.Reminders{Repeat: isSet(in.IsRepeated), TimeZone: in.TimeZone}
	if !isSet(in.IsQuiet) {
		return r, nil
	}
	r.Quiet = &models.QuietHours{From: minutesOf(in.QuietFrom), Until: minutesOf(in.QuietUntil)}
	for _, day := range in.QuietDays {
		r.Quiet.Days = append(r.Quiet.Days, api.DayOf(day))
	}
	return r, nil
}

func isSet(n *kit.Int) bool { return n != nil && *n != 0 }

// minutesOf returns the minutes after midnight of a time such as 22:00, and -1 for anything else.
func minutesOf(clock string) int {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return -1
	}
	return at.Hour()*60 + at.Minute()
}

// remindersForm is the form with what is stored, or with what was entered and refused.
func (h *Handlers) remindersForm(c echo.Context) (view.Reminders, error) {
	in, refused := c.Get(enteredReminders).(remindersInput)
	if refused {
		f := view.Reminders{
			Repeat: isSet(in.IsRepeated), Quiet: isSet(in.IsQuiet), From: in.QuietFrom, Until: in.QuietUntil, TimeZone: in.TimeZone,
			Days: map[string]bool{},
		}
		for _, day := range in.QuietDays {
			f.Days[day] = true
		}
		return f, nil
	}
	a, err := h.Desk.AgentByID(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return view.Reminders{}, err
	}
	r := a.Reminders()
	f := view.Reminders{Repeat: r.Repeat, TimeZone: r.TimeZone, From: "22:00", Until: "07:00", Days: map[string]bool{}}
	days := []int{1, 2, 3, 4, 5, 6, 7}
	if r.Quiet != nil {
		f.Quiet, f.From, f.Until, days = true, api.ClockOf(r.Quiet.From), api.ClockOf(r.Quiet.Until), r.Quiet.Days
	}
	for _, day := range days {
		f.Days[api.DayName(day)] = true
	}
	return f, nil
}
