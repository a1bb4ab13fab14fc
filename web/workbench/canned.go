package workbench

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

const cannedPage = "/workbench/canned-replies"

// departmentPrefix is before the short name in the one field in which the form has scope and department.
const departmentPrefix = "department:"

type cannedInput struct {
	Scope      string `json:"scope"`
	Department string `json:"department"`
	Shortcut   string `json:"shortcut"`
	Title      string `json:"title"`
	Body       string `json:"body"`
	Language   string `json:"language"`
}

// reply returns the input for the desk, with the scope of the form split.
func (in cannedInput) reply(c echo.Context) models.NewCannedReply {
	scope, department := scopeOf(c, in.Scope, in.Department)
	return models.NewCannedReply{
		Scope: scope, Department: department, Shortcut: in.Shortcut, Title: in.Title, Body: in.Body, Language: in.Language,
	}
}

// scopeOf returns scope and department: as they were sent, or from the one field that forms of the page have for both.
func scopeOf(c echo.Context, scope, department string) (models.CannedScope, string) {
	if slug, ok := strings.CutPrefix(scope, departmentPrefix); ok && !kit.IsAPI(c.Request().URL.Path) {
		return models.CannedDepartment, slug
	}
	return models.CannedScope(scope), department
}

// cannedFilter reads the filter of the query. The page shows administrators the replies of all agents; programs ask for
// them with all=1.
func cannedFilter(c echo.Context) (models.CannedFilter, error) {
	f := models.CannedFilter{Text: c.QueryParam("q"), Language: c.QueryParam("language")}
	f.Scope, f.Department = scopeOf(c, c.QueryParam("scope"), c.QueryParam("department"))
	var err error
	if kit.Format(c) == kit.JSON {
		f.OfAllAgents, err = kit.QueryFlag(c, "all")
	} else {
		f.OfAllAgents = kit.ActorOf(c).AtLeast(models.RoleAdmin)
	}
	return f, err
}

// CannedReplies lists the replies that the caller can read, for programs with an ETag. With usable=1 it lists those that
// the caller can insert into a message, for every role alike.
func (h *Handlers) CannedReplies(c echo.Context) error {
	if kit.Format(c) != kit.JSON {
		return h.cannedList(c, view.CannedForm{}, nil, http.StatusOK)
	}
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	usable, err := kit.QueryFlag(c, "usable")
	if err != nil {
		return err
	}
	f, err := cannedFilter(c)
	if err != nil {
		return err
	}
	known := strings.TrimPrefix(c.Request().Header.Get("If-None-Match"), "W/") // a proxy that compresses makes the tag weak
	var replies []models.CannedReply
	if usable && known != "" { // most often nothing has changed
		if replies, err = h.Desk.UsableCannedReplyVersions(ctx, actor); err != nil {
			return err
		}
		if tag := cannedTag(replies); tag == known {
			return notModified(c, tag)
		}
	}
	if usable {
		replies, err = h.Desk.UsableCannedReplies(ctx, actor)
	} else {
		replies, err = h.Desk.CannedReplies(ctx, actor, f)
	}
	if err != nil {
		return err
	}
	tag := cannedTag(replies)
	if tag == known {
		return notModified(c, tag)
	}
	c.Response().Header().Set("ETag", tag)
	return h.Respond(
		c,
		kit.Result{JSON: api.Map(replies, func(r *models.CannedReply) api.CannedReply { return api.CannedReplyOf(r, actor) })},
	)
}

func notModified(c echo.Context, tag string) error {
	c.Response().Header().Set("ETag", tag)
	return c.NoContent(http.StatusNotModified)
}

// cannedTag is a version of a list. Use counts are not part of it: they change all the time and only order the list.
func cannedTag(replies []models.CannedReply) string {
	sum := sha256.New()
	for i := range replies {
		_, _ = fmt.Fprintln(sum, replies[i].ID, replies[i].UpdatedAt.UnixMicro()) // a hash takes everything
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}

// CannedReply returns one reply; for browsers, the page with its form.
func (h *Handlers) CannedReply(c echo.Context) error {
	r, err := h.Desk.CannedReply(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "reply_id"))
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.CannedReplyOf(r, kit.ActorOf(c))})
	}
	return h.cannedEdit(c, r, formOfReply(r), http.StatusOK)
}

// AddCannedReply adds a reply and answers 201.
func (h *Handlers) AddCannedReply(c echo.Context) error {
	var in cannedInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	r, err := h.Desk.AddCannedReply(c.Request().Context(), kit.ActorOf(c), in.reply(c))
	if err != nil {
		words, ok := cannedRefusal(c, err)
		if !ok {
			return err
		}
		return h.cannedList(c, formOfInput(in, words), nil, http.StatusUnprocessableEntity)
	}
	return h.Respond(c, kit.Result{
		Status: http.StatusCreated, JSON: api.CannedReplyOf(r, kit.ActorOf(c)),
		Redirect: cannedPage + "?done=added",
	})
}

// ChangeCannedReply replaces a reply.
func (h *Handlers) ChangeCannedReply(c echo.Context) error {
	var in cannedInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "reply_id")
	r, err := h.Desk.ChangeCannedReply(ctx, actor, id, in.reply(c))
	if err != nil {
		words, ok := cannedRefusal(c, err)
		if !ok {
			return err
		}
		before, err := h.Desk.CannedReply(ctx, actor, id)
		if err != nil {
			return err
		}
		form := formOfInput(in, words)
		form.ID = id
		return h.cannedEdit(c, before, form, http.StatusUnprocessableEntity)
	}
	return h.Respond(c, kit.Result{JSON: api.CannedReplyOf(r, actor), Redirect: cannedPage + "?done=changed"})
}

// RemoveCannedReply removes a reply.
func (h *Handlers) RemoveCannedReply(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.Desk.RemoveCannedReply(ctx, kit.ActorOf(c), kit.PathID(c, "reply_id")); err != nil {
		return err
	}
	return h.Respond(
		c,
		kit.Result{JSON: api.Done{Message: text.T(ctx, "done.canned_reply_removed")}, Redirect: cannedPage + "?done=removed"},
	)
}

// UseCannedReply counts that a reply was inserted into a message.
func (h *Handlers) UseCannedReply(c echo.Context) error {
	if err := h.Desk.CountCannedReplyUse(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "reply_id")); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Redirect: cannedPage})
}

// cannedRefusal puts a refusal into words for the form, by field. It reports false for what is not for the form, and for
// programs.
func cannedRefusal(c echo.Context, err error) (view.Errors, bool) {
	var e *models.Error
	if !errors.As(err, &e) || kit.Format(c) == kit.JSON {
		return nil, false
	}
	ctx := c.Request().Context()
	if errors.Is(err, models.ErrCannedReplyTaken) {
		return view.Errors{"shortcut": text.T(ctx, "error.canned_reply_taken")}, true
	}
	if e.Kind != models.Invalid {
		return nil, false
	}
	words := view.Errors{}
	for field, code := range e.Fields {
		words[field] = cannedFieldError(c, field, code)
	}
	return words, true
}

func cannedFieldError(c echo.Context, field, code string) string {
	ctx := c.Request().Context()
	switch {
	case code == "taken":
		return text.T(ctx, "canned.error.twice")
	case field == "shortcut" && code == "invalid":
		return text.T(ctx, "canned.error.shortcut")
	case field == "scope" && code == "invalid":
		return text.T(ctx, "canned.error.scope")
	}
	return present.FieldError(ctx, field, code)
}

func formOfInput(in cannedInput, words view.Errors) view.CannedForm {
	return view.CannedForm{Scope: in.Scope, Shortcut: in.Shortcut, Title: in.Title, Body: in.Body, Language: in.Language, Errors: words}
}

func formOfReply(r *models.CannedReply) view.CannedForm {
	f := view.CannedForm{ID: r.ID, Scope: string(r.Scope()), Shortcut: r.Shortcut, Title: r.Title, Body: r.Body, Language: r.Language}
	if r.Department != nil {
		f.Scope = departmentPrefix + *r.Department
	}
	return f
}

// cannedEdit draws the page of one reply.
func (h *Handlers) cannedEdit(c echo.Context, r *models.CannedReply, form view.CannedForm, status int) error {
	ctx := c.Request().Context()
	page := view.CannedPage{Frame: h.cannedFrame(c, "/"+r.Shortcut), Form: form, CanChange: r.CanChange(kit.ActorOf(c))}
	var err error
	if page.Row, page.Scopes, err = h.cannedRow(c, r); err != nil {
		return err
	}
	page.Languages = cannedLanguages(ctx, "")
	return h.Render(c, status, view.CannedReplyPage(page))
}

// cannedList draws the list with its filter and the forms for one more and for a file. Script requests get the list alone.
func (h *Handlers) cannedList(c echo.Context, form view.CannedForm, importErrors []string, status int) error {
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	f := models.CannedFilter{OfAllAgents: actor.AtLeast(models.RoleAdmin)}
	if status == http.StatusOK {
		var err error
		if f, err = cannedFilter(c); err != nil {
			return err
		}
	}
	replies, err := h.Desk.CannedReplies(ctx, actor, f)
	var e *models.Error
	if errors.As(err, &e) && e.Kind == models.Invalid { // a filter that was not chosen on the page finds nothing
		replies, err = nil, nil
	}
	if err != nil {
		return err
	}
	names, err := h.cannedNames(c)
	if err != nil {
		return err
	}
	list := view.CannedList{Of: len(replies), Filtered: f.Text != "" || f.Scope != "" || f.Language != ""}
	for i := range replies[:min(len(replies), view.CannedShown)] {
		list.Rows = append(list.Rows, names.row(ctx, &replies[i], actor))
	}
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, status, view.CannedTable(list))
	}
	page := view.CannedPage{
		Frame:        h.cannedFrame(c, text.T(ctx, "canned.title")),
		Form:         form,
		List:         list,
		Query:        f.Text,
		Scope:        c.QueryParam("scope"),
		Language:     f.Language,
		Scopes:       names.scopes(ctx, actor),
		Languages:    cannedLanguages(ctx, ""),
		ImportErrors: importErrors,
	}
	page.FilterScopes = append([]view.Option{{Name: text.T(ctx, "canned.all")}}, names.filterScopes(ctx, actor)...)
	page.FilterLanguages = cannedLanguages(ctx, text.T(ctx, "canned.all_languages"))
	if done := c.QueryParam("done"); done == "added" || done == "changed" || done == "removed" || done == "imported" {
		page.Done = text.T(ctx, "canned.done."+done)
	}
	return h.Render(c, status, view.CannedRepliesPage(page))
}
