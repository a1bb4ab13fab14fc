package widget

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/kit"
	"parley/web/present"
)

// WithQuestions wraps a handler that stores answers or a message: when it refuses some fields, the panel is drawn again with 422, with
// what was typed and the errors beside the fields. Programs get the refusal itself.
func (h *Handlers) WithQuestions(store echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		// A form that was drawn again with its errors was sent from the address to which it is sent, which is no page.
		if from, err := url.Parse(r.Referer()); err == nil && strings.HasSuffix(from.Path, r.URL.Path) {
			c.Set(kit.NextKey, "/widget")
		}
		err := store(c)
		var refused *models.Error
		if err == nil || kit.Format(c) == kit.JSON || !errors.As(err, &refused) {
			return err
		}
		p := h.newPanel(c)
		if !slices.ContainsFunc(fieldsOf(refused), func(field string) bool { return isAnswer(field) || p.isMessage }) {
			return err
		}
		ctx := c.Request().Context()
		if p.typed, err = kit.Form(c); err != nil {
			return err
		}
		p.refused, _ = kit.FormErrors(ctx, refused, leaveError)
		if err := p.load(ctx); err != nil {
			return err
		}
		if kit.Format(c) == kit.Page {
			return h.renderPage(c, p, http.StatusUnprocessableEntity)
		}
		v, err := p.view(ctx)
		if err != nil {
			return err
		}
		return h.Render(c, http.StatusUnprocessableEntity, widget.Parts(v))
	}
}

func isAnswer(field string) bool { return strings.HasPrefix(field, models.AnswerField) }

func fieldsOf(e *models.Error) (fields []string) {
	for field := range e.Fields {
		fields = append(fields, field)
	}
	return fields
}

// questionError returns the text for a refused answer.
func questionError(ctx context.Context, _, code string) string {
	switch code {
	case "required":
		return text.T(ctx, "question.error.required")
	case "too_long":
		return text.T(ctx, "question.error.too_long")
	}
	return text.T(ctx, "question.error.invalid")
}

// ask returns what the user is asked now, nil for nothing: before the chat, or while waiting. An active chat has the latter too, for
// users who were answering when their agent came.
func (p *panel) ask(ctx context.Context, v *widget.Panel) (*widget.Ask, error) {
	a := &widget.Ask{}
	var questions []models.Question
	switch v.State {
	case widget.Greeting, widget.Offline:
		questions = p.desk.QuestionsFor(v.Origin, v.Department)
	case widget.Waiting, widget.Active:
		var err error
		a.IsWaiting = true
		if questions, a.IsDone, err = p.desk.OpenQuestions(ctx, p.chat, v.Origin); err != nil {
			return nil, err
		}
	}
	asked := models.AskedBefore
	if a.IsWaiting {
		asked = models.AskedWaiting
	}
	questions = slices.DeleteFunc(questions, func(q models.Question) bool { return q.Asked != asked })
	if len(questions) == 0 {
		if a.IsDone && v.State == widget.Waiting {
			a.HasFocus = p.isAnswer
			return a, nil
		}
		return nil, nil
	}
	a.IsDone = false
	a.Questions = present.Questions(ctx, questions)
	if p.refused != nil {
		a.Message = p.typed.Get("message")
		chat.SetErrors(a.Questions, p.typedAnswer, p.refused)
		isKnown := func(q chat.Question) bool { return q.Error != "" }
		if slices.ContainsFunc(slices.Collect(maps.Keys(p.refused)), isAnswer) && !slices.ContainsFunc(a.Questions, isKnown) {
			a.Error = text.T(ctx, "question.error.changed")
		}
		return a, nil
	}
	return a, p.addKnownAddress(ctx, a.Questions)
}

// typedAnswer returns what was typed for a question: the last value, since a check box comes after its hidden field.
func (p *panel) typedAnswer(field string) string {
	values := p.typed[field]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// addKnownAddress fills in the e-mail address of a user who has one.
func (p *panel) addKnownAddress(ctx context.Context, questions []chat.Question) error {
	i := slices.IndexFunc(questions, func(q chat.Question) bool { return q.Kind == string(models.EmailQuestion) })
	if i < 0 || p.isAnonymous() {
		return nil
	}
	u, err := p.desk.UserByID(ctx, p.user.ID)
	if err != nil {
		return err
	}
	questions[i].Value = present.Deref(u.Email)
	return nil
}
