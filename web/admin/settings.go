package admin

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/kit"
)

// SettingsPage lists the settings with their values, defaults and bounds.
func (h *Handlers) SettingsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: settingsOf(c.Request().Context(), h.Desk.SettingRows())})
	}
	return h.settingsWith(c, http.StatusOK, nil)
}

// settingsWith draws the settings, with one row in the place of its own where a value was refused.
func (h *Handlers) settingsWith(c echo.Context, status int, refused *view.Setting) error {
	ctx := c.Request().Context()
	page := view.Settings{Frame: h.AdminFrame(c, "settings", text.T(ctx, "admin.settings.title")), Groups: settingsView(ctx, h.Desk.SettingRows())}
	for _, g := range page.Groups {
		for i := range g.Rows {
			if refused != nil && g.Rows[i].Key == refused.Key {
				g.Rows[i] = *refused
			}
		}
	}
	return h.Render(c, status, view.SettingsPage(page))
}

// settingOf is the row that the path names.
func (h *Handlers) settingOf(c echo.Context) (models.SettingRow, bounds, error) {
	key := kit.PathID(c, "key")
	for _, g := range settingGroups {
		for _, listed := range g.rows {
			for _, row := range h.Desk.SettingRows() {
				if listed.key == key && row.Key == key {
					return row, listed.bounds, nil
				}
			}
		}
	}
	return models.SettingRow{}, bounds{}, models.ErrSettingNotFound
}

// ChangeSetting sets one setting for all instances. A value out of bounds is 422, an unknown setting 404.
func (h *Handlers) ChangeSetting(c echo.Context) error {
	ctx := c.Request().Context()
	row, limits, err := h.settingOf(c)
	if err != nil {
		return err
	}
	var in struct {
		Value string `json:"value"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.ChangeSetting(ctx, kit.ActorOf(c), row.Key, in.Value); err != nil {
		words, ok := formErrors(ctx, err)
		if !ok || kit.Format(c) == kit.JSON {
			return err
		}
		refused := refusedSetting(ctx, row, limits, in.Value, words)
		if kit.Format(c) == kit.Fragment {
			return h.Render(c, http.StatusUnprocessableEntity, view.SettingRow(refused, kit.CSRFToken(c)))
		}
		return h.settingsWith(c, http.StatusUnprocessableEntity, &refused)
	}
	return h.answerSetting(c)
}

// ResetSetting gives one setting its default back.
func (h *Handlers) ResetSetting(c echo.Context) error {
	row, _, err := h.settingOf(c)
	if err != nil {
		return err
	}
	if err := h.Desk.ResetSetting(c.Request().Context(), kit.ActorOf(c), row.Key); err != nil {
		return err
	}
	return h.answerSetting(c)
}

func (h *Handlers) answerSetting(c echo.Context) error {
	row, limits, err := h.settingOf(c)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: settingOf(c.Request().Context(), row, limits), Redirect: "/admin/settings", Fragment: func() (templ.Component, error) {
		return view.SettingRow(settingView(c.Request().Context(), row, limits), kit.CSRFToken(c)), nil
	}})
}
