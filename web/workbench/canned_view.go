package workbench

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/staff"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/kit"
	"parley/web/present"
)

// cannedExcerpt is how many characters of a body the list shows.
const cannedExcerpt = 140

func (h *Handlers) cannedFrame(c echo.Context, title string) staff.Frame {
	frame := h.AgentFrame(c, "canned", title)
	frame.Scripts = []string{"admin.js"}
	return frame
}

// cannedNames are the names that rows and choices show.
type cannedNames struct {
	departments []models.Department
	agents      map[string]string
}

func (h *Handlers) cannedNames(c echo.Context) (cannedNames, error) {
	ctx := c.Request().Context()
	n := cannedNames{agents: map[string]string{}}
	var err error
	if n.departments, err = h.Desk.Departments(ctx); err != nil {
		return n, err
	}
	if !kit.ActorOf(c).AtLeast(models.RoleAdmin) {
		return n, nil
	}
	agents, err := h.Desk.Agents(ctx)
	for i := range agents {
		n.agents[agents[i].ID] = agents[i].Name
	}
	return n, err
}

func (n cannedNames) department(slug string) string {
	for _, d := range n.departments {
		if d.Slug == slug {
			return d.Name
		}
	}
	return slug
}

func (n cannedNames) row(ctx context.Context, r *models.CannedReply, actor models.Actor) view.CannedRow {
	row := view.CannedRow{
		ID: r.ID, Shortcut: r.Shortcut, Title: r.Title, Excerpt: present.Shorten(r.Body, cannedExcerpt), Body: r.Body,
		Language: cannedLanguage(ctx, r.Language), Uses: r.UseCount, CanChange: r.CanChange(actor),
	}
	switch r.Scope() {
	case models.CannedDepartment:
		row.Scope = n.department(*r.Department)
	case models.CannedEveryone:
		row.Scope = text.T(ctx, "canned.scope.everyone")
	default:
		row.Scope = text.T(ctx, "canned.scope.mine")
		if *r.AgentID != actor.ID {
			row.Scope = text.T(ctx, "canned.scope.agent", "Name", n.agents[*r.AgentID])
		}
	}
	return row
}

// scopes are the choices of a form: agents have only their own.
func (n cannedNames) scopes(ctx context.Context, actor models.Actor) []view.Option {
	if !actor.AtLeast(models.RoleAdmin) {
		return nil
	}
	return n.scopeOptions(ctx, text.T(ctx, "canned.scope.mine"))
}

// filterScopes are the choices of the filter: the own replies that administrators see are those of all agents.
func (n cannedNames) filterScopes(ctx context.Context, actor models.Actor) []view.Option {
	if actor.AtLeast(models.RoleAdmin) {
		return n.scopeOptions(ctx, text.T(ctx, "canned.scope.personal"))
	}
	return n.scopeOptions(ctx, text.T(ctx, "canned.scope.mine"))
}

func (n cannedNames) scopeOptions(ctx context.Context, mine string) []view.Option {
	options := []view.Option{
		{Value: string(models.CannedMine), Name: mine},
		{Value: string(models.CannedEveryone), Name: text.T(ctx, "canned.scope.everyone")},
	}
	for _, d := range n.departments {
		options = append(options, view.Option{Value: departmentPrefix + d.Slug, Name: d.Name})
	}
	return options
}

// cannedRow returns one reply as a row, and the choices of its form.
func (h *Handlers) cannedRow(c echo.Context, r *models.CannedReply) (view.CannedRow, []view.Option, error) {
	names, err := h.cannedNames(c)
	if err != nil {
		return view.CannedRow{}, nil, err
	}
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	row, scopes := names.row(ctx, r, actor), names.scopes(ctx, actor)
	if len(scopes) > 0 && r.AgentID != nil {
		scopes[0].Name = row.Scope
	}
	return row, scopes, nil
}

func cannedLanguage(ctx context.Context, language string) string {
	if language == "" {
		return text.T(ctx, "canned.any_language")
	}
	return present.LanguageName(ctx, language)
}

// cannedLanguages are the choices of a form or, with the name of the choice of all, of a filter.
func cannedLanguages(ctx context.Context, all string) []view.Option {
	var options []view.Option
	for _, language := range models.CannedLanguages {
		options = append(options, view.Option{Value: language, Name: cannedLanguage(ctx, language)})
	}
	if all != "" {
		options[0].Name = all
	}
	return options
}

// importWords are the refused rows of a file in words, in the order of the file.
func importWords(c echo.Context, fields map[string]string) []string {
	ctx := c.Request().Context()
	var words []string
	for _, field := range sortedRowFields(fields) {
		row, name, found := strings.Cut(strings.TrimPrefix(field, "row "), " ")
		if !found {
			words = append(words, text.T(ctx, "canned.import.file_error."+fields[field]))
			continue
		}
		words = append(
			words,
			text.T(ctx, "canned.import.row", "Row", row, "Column", name, "Reason", cannedFieldError(c, name, fields[field])),
		)
	}
	return words
}
