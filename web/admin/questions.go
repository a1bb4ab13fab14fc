package admin

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/web/api"
	"parley/web/kit"
)

// questionInput are the fields of a question. A form sends those of each choice as fields of the same name, in rows.
type questionInput struct {
	Site       string        `json:"site"`
	Department string        `json:"department"`
	Kind       string        `json:"kind"`
	NameEn     string        `json:"name_en"`
	NameZhCN   string        `json:"name_zh_cn"`
	HelpEn     string        `json:"help_en"`
	HelpZhCN   string        `json:"help_zh_cn"`
	Choices    []choiceInput `json:"choices"`
	IsRequired kit.Int       `json:"is_required"`
	Asked      string        `json:"asked"`
	Link       string        `json:"link"`
}

type choiceInput struct {
	Key      string `json:"key"`
	NameEn   string `json:"name_en"`
	NameZhCN string `json:"name_zh_cn"`
}

func questionInputOf(q *models.Question) questionInput {
	in := questionInput{
		Site: q.Site, Department: q.Department, Kind: string(q.Kind), NameEn: q.NameEn, NameZhCN: q.NameZhCN, HelpEn: q.HelpEn,
		HelpZhCN: q.HelpZhCN, Asked: q.Asked, Link: q.Link,
		Choices: api.Map(q.Choices, func(c *models.QuestionChoice) choiceInput { return choiceInput(*c) }),
	}
	if q.IsRequired {
		in.IsRequired = 1
	}
	return in
}

func (in *questionInput) question() models.Question {
	return models.Question{
		ReasonName: models.ReasonName{NameEn: in.NameEn, NameZhCN: in.NameZhCN},
		Site:       in.Site, Department: in.Department, Kind: models.QuestionKind(in.Kind), HelpEn: in.HelpEn, HelpZhCN: in.HelpZhCN,
		Choices:    api.Map(in.Choices, func(c *choiceInput) models.QuestionChoice { return models.QuestionChoice(*c) }),
		IsRequired: in.IsRequired != 0, Asked: in.Asked, Link: in.Link,
	}
}

// bindQuestion reads the fields of a question. A row of choices without names is left out.
func bindQuestion(c echo.Context, in *questionInput) error {
	if err := kit.Bind(c, in); err != nil || kit.IsAPI(c.Request().URL.Path) {
		return err
	}
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
	for i := range form["choice_en"] {
		row := choiceInput{Key: at("choice_key", i), NameEn: at("choice_en", i), NameZhCN: at("choice_zh_cn", i)}
		if row.NameEn != "" || row.NameZhCN != "" {
			in.Choices = append(in.Choices, row)
		}
	}
	return nil
}

// QuestionsPage lists the questions: those in use in their order, then the retired ones.
func (h *Handlers) QuestionsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		questions, err := h.Desk.AllQuestions(c.Request().Context())
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(questions, api.QuestionOf)})
	}
	page, err := h.questionList(c, usualQuestion, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// QuestionPage is the form of one question.
func (h *Handlers) QuestionPage(c echo.Context) error {
	q, err := h.questionFromPath(c)
	if err != nil {
		return err
	}
	page, err := h.questionForm(c, q, questionInputOf(q), nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// AddQuestion adds a question at the end of the list.
func (h *Handlers) AddQuestion(c echo.Context) error {
	var in questionInput
	if err := bindQuestion(c, &in); err != nil {
		return err
	}
	id, err := h.Desk.AddQuestion(kit.FormContext(c), kit.ActorOf(c), in.question())
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.questionList(c, in, fieldErrors) })
	}
	return h.respondQuestion(c, http.StatusCreated, id)
}

// UpdateQuestion changes a question. A program sends the fields that it changes.
func (h *Handlers) UpdateQuestion(c echo.Context) error {
	q, err := h.questionFromPath(c)
	if err != nil {
		return err
	}
	var in questionInput
	if kit.IsAPI(c.Request().URL.Path) {
		in = questionInputOf(q)
	}
	if err := bindQuestion(c, &in); err != nil {
		return err
	}
	if err := h.Desk.UpdateQuestion(c.Request().Context(), kit.ActorOf(c), q.ID, in.question()); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.questionForm(c, q, in, fieldErrors) })
	}
	return h.respondQuestion(c, http.StatusOK, q.ID)
}

// MoveQuestion puts a question at a position of the list, 1 for the first.
func (h *Handlers) MoveQuestion(c echo.Context) error {
	var in struct {
		Position kit.FormInt `json:"position"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id := questionID(c)
	if err := h.Desk.MoveQuestion(c.Request().Context(), kit.ActorOf(c), id, in.Position.Int()); err != nil {
		return err
	}
	return h.respondQuestion(c, http.StatusOK, id)
}

// RetireQuestion returns the handler that stops asking a question, or asks it again.
func (h *Handlers) RetireQuestion(retired bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := questionID(c)
		if err := h.Desk.RetireQuestion(c.Request().Context(), kit.ActorOf(c), id, retired); err != nil {
			return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
				return h.questionList(c, usualQuestion, fieldErrors)
			})
		}
		return h.respondQuestion(c, http.StatusOK, id)
	}
}

// respondQuestion redirects a form to the list, and responds to programs with the question.
func (h *Handlers) respondQuestion(c echo.Context, status int, id int64) error {
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{Redirect: "/admin/questions"})
	}
	q, err := h.questionByID(c, id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: status, JSON: api.QuestionOf(q)})
}

func (h *Handlers) questionFromPath(c echo.Context) (*models.Question, error) {
	return h.questionByID(c, questionID(c))
}

func (h *Handlers) questionByID(c echo.Context, id int64) (*models.Question, error) {
	all, err := h.Desk.AllQuestions(c.Request().Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(q models.Question) bool { return q.ID == id })
	if i < 0 {
		return nil, models.ErrQuestionNotFound
	}
	return &all[i], nil
}

// questionID returns the question that the path names, 0 for what is no number and so no question either.
func questionID(c echo.Context) int64 {
	id, _ := strconv.ParseInt(c.Param("question_id"), 10, 64)
	return id
}
