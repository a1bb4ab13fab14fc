package workbench

import (
	"context"
	"slices"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
)

// closingLinks is how many chats the banner of a closing names.
const closingLinks = 5

// ClosingReminders responds with the closings that the caller is reminded of.
func (h *Handlers) ClosingReminders(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Desk.AgentByID(ctx, kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	open, err := h.Desk.ReadOpenAtClosing(ctx, a)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.ClosingRemindersOf(open)})
}

// DismissClosingReminders dismisses them.
func (h *Handlers) DismissClosingReminders(c echo.Context) error {
	if err := h.Desk.DismissClosingReminders(c.Request().Context(), kit.ActorOf(c)); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{})
}

// readClosing reads the names of the departments in reminders of closings. Nearly always there is none.
func (b *workbench) readClosing(ctx context.Context) error {
	isNamed := func(r models.ClosingReminder) bool { return r.Department != "" }
	if !slices.ContainsFunc(b.self.ClosingReminders, isNamed) {
		return nil
	}
	departments, err := b.desk.Departments(ctx)
	b.departments = map[string]string{}
	for _, d := range departments {
		b.departments[d.Slug] = d.Name
	}
	return err
}

// closing returns the banners of closings.
func (b *workbench) closing() view.Closing {
	c := view.Closing{CSRF: b.csrf}
	if len(b.self.ClosingReminders) == 0 {
		return c
	}
	l := b.list()
	chats := make([]models.AgentChat, 0, len(b.chats))
	for _, row := range slices.Concat(l.AwaitingReply, l.Answered, l.Messages) { // the most urgent first
		chats = append(chats, *b.chat(row.ChatID))
	}
	for _, o := range b.desk.OpenAtClosing(b.self, chats, b.at) {
		r := view.ClosingReminder{At: o.ClosesAt, IsClosed: o.IsClosed}
		if o.Department != "" {
			if r.Department = b.departments[o.Department]; r.Department == "" {
				r.Department = o.Department
			}
		}
		r.Chats, r.Messages = o.Counts()
		for _, chat := range o.Chats[:min(len(o.Chats), closingLinks)] {
			r.Links = append(r.Links, view.ClosingLink{ChatID: chat.ID, Name: chat.UserName})
		}
		r.More = len(o.Chats) - len(r.Links)
		c.Reminders = append(c.Reminders, r)
	}
	return c
}
