package admin

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// botInput is the form of a bot. What a program leaves out stays as it is; of a form everything counts.
type botInput struct {
	Name          *string     `json:"name"`
	Departments   []string    `json:"departments"`
	ServesGeneral *int        `json:"serves_general"`
	MaxConcurrent kit.FormInt `json:"max_concurrent"`
	AnswerSeconds kit.FormInt `json:"answer_seconds"`
}

func (in *botInput) change(c echo.Context) (models.BotChange, error) {
	change := models.BotChange{Name: in.Name}
	isForm := kit.Format(c) != kit.JSON
	if isForm || in.Departments != nil {
		change.Departments = &in.Departments
	}
	if in.ServesGeneral != nil || isForm {
		serves := in.ServesGeneral != nil && *in.ServesGeneral == 1
		if in.ServesGeneral != nil && !serves && *in.ServesGeneral != 0 {
			return change, kit.InvalidField("serves_general", "out_of_bounds", "serves_general must be 0 or 1.")
		}
		change.ServesGeneral = &serves
	}
	for _, n := range []struct {
		typed kit.FormInt
		into  **int
	}{{in.MaxConcurrent, &change.MaxConcurrent}, {in.AnswerSeconds, &change.AnswerSeconds}} {
		if n.typed != "" {
			number := n.typed.Int()
			*n.into = &number
		}
	}
	return change, nil
}

// botID returns the id in the path, "" for one that no bot can have.
func botID(c echo.Context) string {
	if id := c.Param("bot_id"); kit.Storable(id) {
		return id
	}
	return ""
}

// BotsPage lists the bots, with a form for one more.
func (h *Handlers) BotsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		bots, err := h.Desk.Bots(c.Request().Context(), kit.ActorOf(c))
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(bots, api.BotOf)})
	}
	general, fresh := 1, ""
	page, err := h.bots(c, &botInput{
		Name: &fresh, ServesGeneral: &general, MaxConcurrent: kit.FormInt(strconv.Itoa(models.DefaultBotChats)),
		AnswerSeconds: kit.FormInt(strconv.Itoa(models.DefaultAnswerSeconds)),
	}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

func (h *Handlers) bots(c echo.Context, in *botInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	bots, err := h.Desk.Bots(ctx, kit.ActorOf(c))
	if err != nil {
		return nil, err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	names := departmentNames(departments)
	return view.BotsPage(view.Bots{
		Frame: h.AdminFrame(c, "bots", text.T(ctx, "admin.bots.title")),
		Rows:  api.Map(bots, func(b *models.Bot) view.Bot { return botRow(b, names) }),
		New:   botForm(ctx, "", in, departments, fieldErrors),
	}), nil
}

func botRow(b *models.Bot, names map[string]string) view.Bot {
	row := view.Bot{
		ID: b.ID, Name: b.Name, State: string(b.State()), ServesGeneral: b.ServesGeneral, Chats: b.Chats, Capacity: b.MaxConcurrent,
		AnswerSeconds: b.AnswerSeconds,
	}
	for _, slug := range b.Departments {
		row.Departments = append(row.Departments, names[slug])
	}
	if b.IsPassedOver {
		row.PassedOverUntil = b.PassedOverUntil
	}
	return row
}

// botForm returns the form of a bot as it was filled in. A bot has other bounds than a person.
func botForm(ctx context.Context, id string, in *botInput, departments []models.Department, fieldErrors view.Errors) view.BotForm {
	for field, key := range map[string]string{"max_concurrent": "admin.error.bot_chats", "answer_seconds": "admin.error.bot_seconds"} {
		if fieldErrors[field] != "" {
			fieldErrors[field] = text.T(ctx, key)
		}
	}
	form := view.BotForm{
		ID: id, Capacity: string(in.MaxConcurrent), AnswerSeconds: string(in.AnswerSeconds),
		ServesGeneral: in.ServesGeneral != nil && *in.ServesGeneral == 1,
		Departments:   optionsOf(departments, in.Departments), Errors: fieldErrors,
	}
	if in.Name != nil {
		form.Name = *in.Name
	}
	return form
}

// AddBot adds a bot and answers 201.
func (h *Handlers) AddBot(c echo.Context) error {
	var in botInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	change, err := in.change(c)
	if err != nil {
		return err
	}
	added, err := h.Desk.AddBot(c.Request().Context(), kit.ActorOf(c), change)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.bots(c, &in, fieldErrors) })
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.BotOf(added), Redirect: "/admin/bots/" + added.ID})
}

// BotPage shows one bot with the form to change it.
func (h *Handlers) BotPage(c echo.Context) error {
	b, err := h.Desk.Bot(c.Request().Context(), kit.ActorOf(c), botID(c))
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.BotOf(b)})
	}
	general := 0
	if b.ServesGeneral {
		general = 1
	}
	page, err := h.bot(c, b, &botInput{
		Name: &b.Name, Departments: b.Departments, ServesGeneral: &general, MaxConcurrent: kit.FormInt(strconv.Itoa(b.MaxConcurrent)),
		AnswerSeconds: kit.FormInt(strconv.Itoa(b.AnswerSeconds)),
	}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

func (h *Handlers) bot(c echo.Context, b *models.Bot, in *botInput, fieldErrors view.Errors) (templ.Component, error) {
	departments, err := h.Desk.Departments(c.Request().Context())
	if err != nil {
		return nil, err
	}
	return view.BotFormPage(view.BotPage{
		Frame: h.AdminFrame(c, "bots", b.Name), Bot: botRow(b, departmentNames(departments)),
		Form: botForm(c.Request().Context(), b.ID, in, departments, fieldErrors),
	}), nil
}

// UpdateBot changes a bot.
func (h *Handlers) UpdateBot(c echo.Context) error {
	var in botInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	change, err := in.change(c)
	if err != nil {
		return err
	}
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), botID(c)
	after, err := h.Desk.UpdateBot(ctx, actor, id, change)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			b, err := h.Desk.Bot(ctx, actor, id)
			if err != nil {
				return nil, err
			}
			return h.bot(c, b, &in, fieldErrors)
		})
	}
	return h.Respond(c, kit.Result{JSON: api.BotOf(after), Redirect: "/admin/bots/" + id})
}

// SwitchBot enables or disables a bot.
func (h *Handlers) SwitchBot(disabled bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := botID(c)
		after, err := h.Desk.UpdateBot(c.Request().Context(), kit.ActorOf(c), id, models.BotChange{Disabled: &disabled})
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.BotOf(after), Redirect: "/admin/bots/" + id})
	}
}
