package chat

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Questions lists the questions that the site of the query, by default the one on which the caller's browser is, asks for chats of the
// department of the query.
func (h *Handlers) Questions(c echo.Context) error {
	site, department := c.QueryParam("site"), c.QueryParam("department")
	if site == "" {
		if origin, err := models.ParseOrigin(siteOf(c, "")); err == nil {
			site = origin
		}
	}
	questions, err := h.Desk.QuestionsAsked(site, department)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(questions, api.QuestionOf)})
}

type answersInput struct {
	Answers map[string]string `json:"answers"`
	Site    string            `json:"site"`
}

// Answer stores answers of the user in an open chat.
func (h *Handlers) Answer(c echo.Context) error {
	var in answersInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	answers, err := answersOf(c, in.Answers)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.Answer(ctx, kit.ActorOf(c), kit.ChatID(c), siteOf(c, in.Site), answers); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.answered")}})
}

// Answers lists what the user of a chat answered.
func (h *Handlers) Answers(c echo.Context) error {
	answers, err := h.Desk.AnswersInChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(answers, api.AnswerOf)})
}

// siteOf returns the site that a request names, by default the origin that the browser sends with it.
func siteOf(c echo.Context, named string) string {
	if named == "" && kit.IsAPI(c.Request().URL.Path) {
		return c.Request().Header.Get(echo.HeaderOrigin)
	}
	return named
}

// answersOf returns the answers of a request by the ids of their questions: of a program those that it sent, nil for none, and of a form
// the last value of each field whose name begins with "answers.".
func answersOf(c echo.Context, sent map[string]string) (models.Answers, error) {
	if !kit.IsAPI(c.Request().URL.Path) {
		form, err := kit.Form(c)
		if err != nil {
			return nil, err
		}
		sent = map[string]string{}
		for name, values := range form {
			if id, ok := strings.CutPrefix(name, models.AnswerField); ok && len(values) > 0 {
				sent[id] = values[len(values)-1]
			}
		}
	}
	if sent == nil {
		return nil, nil
	}
	answers := make(models.Answers, len(sent))
	for name, value := range sent {
		id, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil, kit.InvalidField("answers", "unknown", "The names in answers must be ids of questions.")
		}
		answers[id] = value
	}
	return answers, nil
}
