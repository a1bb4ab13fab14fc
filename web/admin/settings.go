package admin

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/kit"
)

// SettingsPage lists the settings with their values, defaults and bounds.
func (h *Handlers) SettingsPage(c echo.Context) error {
	ctx := c.Request().Context()
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: settingsJSON(ctx, h.Desk.SettingRows())})
	}
	groups := settingsView(ctx, h.Desk.SettingRows())
	for i := range groups {
		groups[i].Saved = groups[i].ID == c.QueryParam("saved")
	}
	return h.settingsWith(c, http.StatusOK, groups)
}

func (h *Handlers) settingsWith(c echo.Context, status int, groups []view.SettingGroup) error {
	title := text.T(c.Request().Context(), "admin.settings.title")
	return h.Render(c, status, view.SettingsPage(view.Settings{Frame: h.AdminFrame(c, "settings", title), Groups: groups}))
}

// ChangeSettings changes several settings at once: all of them, or none. A form names its group and saves what was changed in it, or
// resets the one setting that its button names.
func (h *Handlers) ChangeSettings(c echo.Context) error {
	if kit.Format(c) != kit.JSON {
		return h.saveGroup(c)
	}
	var in struct {
		Values map[string]*string `json:"values"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if len(in.Values) == 0 {
		return kit.InvalidField("values", "required", "Name at least one setting and its new value.")
	}
	changes := make([]models.SettingChange, 0, len(in.Values))
	for key, value := range in.Values {
		change := models.SettingChange{Key: key, Reset: value == nil}
		if value != nil {
			change.Value = *value
		}
		changes = append(changes, change)
	}
	if err := h.Desk.ChangeSettings(c.Request().Context(), kit.ActorOf(c), changes); err != nil {
		return err
	}
	return h.SettingsPage(c)
}

// saveGroup saves the form of a group. What is refused is drawn again as it was entered, with each reason at its field.
func (h *Handlers) saveGroup(c echo.Context) error {
	ctx := c.Request().Context()
	form, err := kit.Form(c)
	if err != nil {
		return err
	}
	before := h.Desk.SettingRows()
	groups := settingsView(ctx, before)
	at := slices.IndexFunc(groups, func(g view.SettingGroup) bool { return g.ID == form.Get("group") })
	if at < 0 {
		return kit.InvalidField("group", "unknown", "There is no such group of settings.")
	}
	reset := form.Get("reset")
	changes := groupChanges(form, groupRows(before, groups[at].ID))
	if reset != "" {
		changes = []models.SettingChange{{Key: reset, Reset: true}}
	}
	err = h.Desk.ChangeSettings(ctx, kit.ActorOf(c), changes)
	var refused *models.Error
	if err != nil && (!errors.As(err, &refused) || refused.Kind != models.Invalid) {
		return err
	}
	// Read again: it is what holds now, also by other admins.
	rows := h.Desk.SettingRows()
	groups = settingsView(ctx, rows)
	group := &groups[at]
	enterAgain(group, form, groupRows(rows, group.ID), reset)
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		refuseGroup(ctx, group, refused.Fields, rows)
	} else {
		group.Saved = reset == ""
	}
	switch {
	case kit.Format(c) == kit.Fragment:
		return h.Render(c, status, view.SettingsGroup(*group, kit.CSRFToken(c)))
	case refused == nil && reset == "":
		return c.Redirect(http.StatusSeeOther, "/admin/settings?saved="+group.ID+"#settings-"+group.ID)
	}
	return h.settingsWith(c, status, groups)
}

// settingRow is the row that the path names.
func (h *Handlers) settingRow(c echo.Context) (models.SettingRow, error) {
	key := kit.PathID(c, "key")
	for _, row := range h.Desk.SettingRows() {
		if row.Key == key {
			return row, nil
		}
	}
	return models.SettingRow{}, models.ErrSettingNotFound
}

// ChangeSetting sets one setting for all instances. A value out of bounds is 422, an unknown setting 404.
func (h *Handlers) ChangeSetting(c echo.Context) error {
	var in struct {
		Value string `json:"value"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	key := kit.PathID(c, "key")
	return h.answerSetting(c, h.Desk.ChangeSetting(c.Request().Context(), kit.ActorOf(c), key, in.Value))
}

// ResetSetting goes back to the default of one setting. A default that does not fit the other settings is 422, an unknown setting 404.
func (h *Handlers) ResetSetting(c echo.Context) error {
	return h.answerSetting(c, h.Desk.ResetSetting(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "key")))
}

// answerSetting responds with the setting that the path names. A refusal is reported at the field value.
func (h *Handlers) answerSetting(c echo.Context, err error) error {
	var refused *models.Error
	if errors.As(err, &refused) && refused.Kind == models.Invalid {
		for _, code := range refused.Fields {
			if code == models.FieldOrder {
				code = "out_of_bounds" // the code that this address always had for it
			}
			return kit.InvalidField("value", code, refused.Detail)
		}
	}
	if err != nil {
		return err
	}
	row, err := h.settingRow(c)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: settingJSONOf(c.Request().Context(), row)})
}
