package admin

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// emptyChoices is how many empty rows for further choices a form has.
const emptyChoices = 3

var usualQuestion = questionInput{Kind: string(models.TextQuestion), Asked: models.AskedBefore}

// questionList draws the list, the form for one more question with what was typed, and what users see.
func (h *Handlers) questionList(c echo.Context, typed questionInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	all, err := h.Desk.AllQuestions(ctx)
	if err != nil {
		return nil, err
	}
	names, err := h.departmentNames(ctx)
	if err != nil {
		return nil, err
	}
	page := view.Questions{Frame: h.AdminFrame(c, "questions", text.T(ctx, "admin.questions.title"))}
	var inUse []models.Question
	for i := range all {
		q := &all[i]
		row := view.QuestionRow{ID: q.ID, Text: q.In(text.Lang(ctx)), Facts: questionFacts(ctx, q, names)}
		if q.RetiredAt != nil {
			page.Retired = append(page.Retired, row)
			continue
		}
		page.InUse = append(page.InUse, row)
		inUse = append(inUse, *q)
	}
	page.New = h.questionView(ctx, typed, fieldErrors, names)
	p := view.Preview{
		Site:        queryText(c, "site"),
		Department:  queryText(c, "department"),
		Sites:       page.New.Sites,
		Departments: page.New.Departments,
	}
	for _, asked := range []string{models.AskedBefore, models.AskedWaiting} {
		questions := slices.DeleteFunc(
			slices.Clone(inUse),
			func(q models.Question) bool { return q.Asked != asked || !q.IsAskedOn(p.Site, p.Department) },
		)
		p.Forms = append(p.Forms, view.PreviewForm{Title: askedWord(ctx, asked), Questions: present.Questions(ctx, questions)})
	}
	page.Preview = p
	return view.QuestionsPage(page), nil
}

// questionForm draws the form of a stored question.
func (h *Handlers) questionForm(c echo.Context, q *models.Question, typed questionInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	names, err := h.departmentNames(ctx)
	if err != nil {
		return nil, err
	}
	form := h.questionView(ctx, typed, fieldErrors, names)
	form.ID = q.ID
	return view.QuestionPage(view.OneQuestion{
		Frame: h.AdminFrame(c, "questions", text.T(ctx, "admin.questions.edit")), Title: q.In(text.Lang(ctx)), Form: form,
		Preview: present.Questions(ctx, []models.Question{*q}),
	}), nil
}

func (h *Handlers) questionView(ctx context.Context, in questionInput, fieldErrors view.Errors, departments []view.Choice) view.Question {
	q := view.Question{
		Site:        in.Site,
		Department:  in.Department,
		Kind:        in.Kind,
		NameEn:      in.NameEn,
		NameZhCN:    in.NameZhCN,
		HelpEn:      in.HelpEn,
		HelpZhCN:    in.HelpZhCN,
		IsRequired:  in.IsRequired != 0,
		Asked:       in.Asked,
		Link:        in.Link,
		Departments: departments,
		Errors:      fieldErrors,
		Sites:       []view.Choice{{Name: text.T(ctx, "admin.questions.all_sites")}},
		Choices: api.Map(in.Choices, func(c *choiceInput) view.QuestionChoice {
			return view.QuestionChoice{Key: c.Key, NameEn: c.NameEn, NameZhCN: c.NameZhCN}
		}),
	}
	q.Choices = append(q.Choices, make([]view.QuestionChoice, emptyChoices)...)
	sites := slices.Clone(h.Desk.AllowedOrigins())
	if in.Site != "" && !slices.Contains(sites, in.Site) {
		sites = append(sites, in.Site)
	}
	for _, site := range sites {
		q.Sites = append(q.Sites, view.Choice{Value: site, Name: site})
	}
	for _, kind := range models.QuestionKinds {
		q.Kinds = append(q.Kinds, view.Choice{Value: string(kind), Name: kindWord(ctx, kind)})
	}
	for _, asked := range []string{models.AskedBefore, models.AskedWaiting} {
		q.Times = append(q.Times, view.Choice{Value: asked, Name: askedWord(ctx, asked)})
	}
	return q
}

// departmentNames returns all departments, the first one being every chat.
func (h *Handlers) departmentNames(ctx context.Context) ([]view.Choice, error) {
	departments, err := h.Desk.Departments(ctx)
	names := []view.Choice{{Name: text.T(ctx, "admin.questions.all_departments")}}
	for _, d := range departments {
		names = append(names, view.Choice{Value: d.Slug, Name: d.Name})
	}
	return names, err
}

// questionFacts says in words how and where a question is asked.
func questionFacts(ctx context.Context, q *models.Question, departments []view.Choice) string {
	facts := []string{kindWord(ctx, q.Kind)}
	if q.IsRequired {
		facts = append(facts, text.T(ctx, "admin.questions.is_required"))
	}
	facts = append(facts, askedWord(ctx, q.Asked))
	if q.Site != "" {
		facts = append(facts, q.Site)
	}
	if i := slices.IndexFunc(departments, func(c view.Choice) bool { return c.Value == q.Department }); q.Department != "" && i >= 0 {
		facts = append(facts, departments[i].Name)
	}
	return strings.Join(facts, " · ")
}

func kindWord(ctx context.Context, kind models.QuestionKind) string {
	switch kind {
	case models.EmailQuestion:
		return text.T(ctx, "admin.questions.kind.email")
	case models.ChoiceQuestion:
		return text.T(ctx, "admin.questions.kind.choice")
	case models.CheckboxQuestion:
		return text.T(ctx, "admin.questions.kind.checkbox")
	case models.ConsentQuestion:
		return text.T(ctx, "admin.questions.kind.consent")
	}
	return text.T(ctx, "admin.questions.kind.text")
}

func askedWord(ctx context.Context, asked string) string {
	if asked == models.AskedWaiting {
		return text.T(ctx, "admin.questions.waiting")
	}
	return text.T(ctx, "admin.questions.before")
}

// queryText returns a parameter of the query, "" for one that no row can have.
func queryText(c echo.Context, name string) string {
	if value := c.QueryParam(name); kit.Storable(value) {
		return value
	}
	return ""
}
