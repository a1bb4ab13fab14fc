package web

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type departmentInput struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

func (s *Server) departmentsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		departments, err := s.countedDepartments(c)
		if err != nil {
			return err
		}
		return s.Respond(c, kit.Result{JSON: api.Map(departments, departmentOf)})
	}
	page, err := s.departmentsForm(c, "", departmentInput{}, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, page)
}

// departmentsForm draws the list. What was refused stands in the row of slug, or in the form for one more if that is "".
func (s *Server) departmentsForm(c echo.Context, slug string, in departmentInput, words view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	departments, err := s.countedDepartments(c)
	if err != nil {
		return nil, err
	}
	page := view.Departments{Frame: s.AdminFrame(c, "departments", text.T(ctx, "admin.departments.title"))}
	if slug == "" {
		page.New, page.Errors = view.Department{Slug: in.Slug, Name: in.Name}, words
	}
	for _, d := range departments {
		row := view.Department{Slug: d.Slug, Name: d.Name, Agents: d.agents}
		if d.Slug == slug {
			row.Errors = words
		}
		page.Rows = append(page.Rows, row)
	}
	return view.DepartmentsPage(page), nil
}

// countedDepartment is a department and how many agents work in it, without those who are disabled.
type countedDepartment struct {
	models.Department
	agents int
}

// countedDepartments returns all departments by name.
func (s *Server) countedDepartments(c echo.Context) ([]countedDepartment, error) {
	ctx := c.Request().Context()
	departments, err := s.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	agents, err := s.Desk.Agents(ctx)
	if err != nil {
		return nil, err
	}
	counted := make([]countedDepartment, len(departments))
	for n, d := range departments {
		counted[n].Department = d
		for i := range agents {
			if agents[i].DisabledAt == nil && slices.Contains(agents[i].Departments, d.Slug) {
				counted[n].agents++
			}
		}
	}
	return counted, nil
}

// answerDepartment leads a form back to the list, and tells programs how the department is now.
func (s *Server) answerDepartment(c echo.Context, status int, slug string) error {
	if kit.Format(c) != kit.JSON {
		return s.Respond(c, kit.Result{Redirect: "/admin/departments"})
	}
	departments, err := s.countedDepartments(c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(departments, func(d countedDepartment) bool { return d.Slug == slug })
	if i < 0 { // removed by another administrator since
		return &models.Error{Kind: models.NotFound, Code: "department_not_found", Detail: "There is no such department."}
	}
	return s.Respond(c, kit.Result{Status: status, JSON: departmentOf(&departments[i])})
}

func (s *Server) addDepartment(c echo.Context) error {
	var in departmentInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if _, err := s.Desk.AddDepartment(c.Request().Context(), kit.ActorOf(c), in.Slug, in.Name); err != nil {
		return s.refused(c, err, func(words view.Errors) (templ.Component, error) { return s.departmentsForm(c, "", in, words) })
	}
	return s.answerDepartment(c, http.StatusCreated, in.Slug)
}

func (s *Server) renameDepartment(c echo.Context) error {
	var in departmentInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	slug := kit.PathID(c, "slug")
	if err := s.Desk.RenameDepartment(c.Request().Context(), kit.ActorOf(c), slug, in.Name); err != nil {
		return s.refused(c, err, func(words view.Errors) (templ.Component, error) { return s.departmentsForm(c, slug, in, words) })
	}
	return s.answerDepartment(c, http.StatusOK, slug)
}

func (s *Server) removeDepartment(c echo.Context) error {
	slug := kit.PathID(c, "slug")
	if err := s.Desk.DeleteDepartment(c.Request().Context(), kit.ActorOf(c), slug); err != nil {
		return s.refused(c, err, func(words view.Errors) (templ.Component, error) {
			return s.departmentsForm(c, slug, departmentInput{}, words)
		})
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.department_removed")}, Redirect: "/admin/departments"})
}

func (s *Server) settingsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		return s.Respond(c, kit.Result{JSON: settingsOf(c.Request().Context(), s.Desk.SettingRows())})
	}
	return s.settingsWith(c, http.StatusOK, nil)
}

// settingsWith draws the settings, with one row in the place of its own where a value was refused.
func (s *Server) settingsWith(c echo.Context, status int, refused *view.Setting) error {
	ctx := c.Request().Context()
	page := view.Settings{Frame: s.AdminFrame(c, "settings", text.T(ctx, "admin.settings.title")), Groups: settingsView(ctx, s.Desk.SettingRows())}
	for _, g := range page.Groups {
		for i := range g.Rows {
			if refused != nil && g.Rows[i].Key == refused.Key {
				g.Rows[i] = *refused
			}
		}
	}
	return s.Render(c, status, view.SettingsPage(page))
}

// settingOf is the row that the path names.
func (s *Server) settingOf(c echo.Context) (models.SettingRow, bounds, error) {
	key := kit.PathID(c, "key")
	for _, g := range settingGroups {
		for _, listed := range g.rows {
			for _, row := range s.Desk.SettingRows() {
				if listed.key == key && row.Key == key {
					return row, listed.bounds, nil
				}
			}
		}
	}
	return models.SettingRow{}, bounds{}, &models.Error{Kind: models.NotFound, Code: "setting_not_found", Detail: "There is no such setting."}
}

func (s *Server) changeSetting(c echo.Context) error {
	ctx := c.Request().Context()
	row, limits, err := s.settingOf(c)
	if err != nil {
		return err
	}
	var in struct {
		Value string `json:"value"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := s.Desk.ChangeSetting(ctx, kit.ActorOf(c), row.Key, in.Value); err != nil {
		words, ok := refusal(ctx, err)
		if !ok || kit.Format(c) == kit.JSON {
			return err
		}
		refused := refusedSetting(ctx, row, limits, in.Value, words)
		if kit.Format(c) == kit.Fragment {
			return s.Render(c, http.StatusUnprocessableEntity, view.SettingRow(refused, kit.CSRFToken(c)))
		}
		return s.settingsWith(c, http.StatusUnprocessableEntity, &refused)
	}
	return s.answerSetting(c)
}

func (s *Server) resetSetting(c echo.Context) error {
	row, _, err := s.settingOf(c)
	if err != nil {
		return err
	}
	if err := s.Desk.ResetSetting(c.Request().Context(), kit.ActorOf(c), row.Key); err != nil {
		return err
	}
	return s.answerSetting(c)
}

func (s *Server) answerSetting(c echo.Context) error {
	row, limits, err := s.settingOf(c)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: settingOf(c.Request().Context(), row, limits), Redirect: "/admin/settings", Fragment: func() (templ.Component, error) {
		return view.SettingRow(settingView(c.Request().Context(), row, limits), kit.CSRFToken(c)), nil
	}})
}

type siteInput struct {
	Origin string `json:"origin"`
}

func (s *Server) sitesPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		added, err := s.Desk.Sites(c.Request().Context())
		if err != nil {
			return err
		}
		return s.Respond(c, kit.Result{JSON: api.SitesOf(s.Desk.AllowedOrigins(), added)})
	}
	page, err := s.sitesForm(c, siteInput{}, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, page)
}

func (s *Server) sitesForm(c echo.Context, in siteInput, words view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	added, err := s.Desk.Sites(ctx)
	if err != nil {
		return nil, err
	}
	page := view.Sites{Frame: s.AdminFrame(c, "sites", text.T(ctx, "admin.sites.title")), New: in.Origin, Errors: words, Snippet: s.EmbedCode(c)}
	for _, origin := range s.Desk.AllowedOrigins() {
		page.Rows = append(page.Rows, view.Site{Origin: origin, Fixed: !slices.Contains(added, origin)})
	}
	return view.SitesPage(page), nil
}

func (s *Server) addSite(c echo.Context) error {
	var in siteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := s.Desk.AddSite(c.Request().Context(), kit.ActorOf(c), in.Origin); err != nil {
		return s.refused(c, err, func(words view.Errors) (templ.Component, error) { return s.sitesForm(c, in, words) })
	}
	origin, err := models.ParseOrigin(in.Origin)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.Site{Origin: origin}, Redirect: "/admin/sites"})
}

func (s *Server) removeSite(c echo.Context) error {
	var in siteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := s.Desk.RemoveSite(c.Request().Context(), kit.ActorOf(c), in.Origin)
	if models.CodeOf(err) == "site_not_found" && kit.Format(c) != kit.JSON {
		err = nil // the form was sent twice, or from a page that is out of date
	}
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.site_removed")}, Redirect: "/admin/sites"})
}
