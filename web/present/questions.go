package present

import (
	"context"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/web/api"
)

// Questions returns questions in the language of ctx.
func Questions(ctx context.Context, questions []models.Question) []chat.Question {
	lang := text.Lang(ctx)
	return api.Map(questions, func(q *models.Question) chat.Question {
		return chat.Question{
			Field: q.Field(), Kind: string(q.Kind), Text: q.In(lang), Help: q.Help(lang), Link: q.Link, IsRequired: q.IsRequired,
			Choices: api.Map(q.Choices, func(c *models.QuestionChoice) chat.QuestionChoice {
				return chat.QuestionChoice{Key: c.Key, Name: c.In(lang)}
			}),
		}
	})
}

// Answers returns answers in the language of ctx, each with the text of its question.
func Answers(ctx context.Context, answers []models.Answer) []chat.Answer {
	lang := text.Lang(ctx)
	return api.Map(answers, func(a *models.Answer) chat.Answer {
		shown := chat.Answer{Question: a.Question(lang), Text: a.Value, Link: a.Link}
		if ticked, ok := a.IsTicked(); ok && ticked {
			shown.Text = text.T(ctx, "question.yes")
		} else if ok {
			shown.Text = text.T(ctx, "question.no")
		} else if name := a.Choice(lang); name != "" {
			shown.Text = name
		}
		return shown
	})
}
