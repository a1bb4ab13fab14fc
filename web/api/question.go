package api

import (
	"time"

	"parley/models"
)

// Question is what users are asked before their chat or while they wait.
type Question struct {
	ID         int64            `json:"id"`
	Site       *string          `json:"site"`       // the origin of the site that asks it; null for all
	Department *string          `json:"department"` // for chats that ask for it; null for all
	Kind       string           `json:"kind"`
	NameEn     string           `json:"name_en"`
	NameZhCN   string           `json:"name_zh_cn"`
	HelpEn     string           `json:"help_en"`
	HelpZhCN   string           `json:"help_zh_cn"`
	Choices    []QuestionChoice `json:"choices"`
	IsRequired IntBool          `json:"is_required"`
	Asked      string           `json:"asked"`
	Link       *string          `json:"link"`
	RetiredAt  *Time            `json:"retired_at"`
}

// QuestionChoice is one of the answers to choose from.
type QuestionChoice struct {
	Key      string `json:"key"`
	NameEn   string `json:"name_en"`
	NameZhCN string `json:"name_zh_cn"`
}

// QuestionOf returns the body of a question.
func QuestionOf(q *models.Question) Question {
	return Question{
		ID: q.ID, Site: optional(q.Site), Department: optional(q.Department), Kind: string(q.Kind), NameEn: q.NameEn, NameZhCN: q.NameZhCN,
		HelpEn: q.HelpEn, HelpZhCN: q.HelpZhCN, IsRequired: IntBool(q.IsRequired), Asked: q.Asked, Link: optional(q.Link),
		RetiredAt: OptionalTime(q.RetiredAt),
		Choices: Map(q.Choices, func(c *models.QuestionChoice) QuestionChoice {
			return QuestionChoice{Key: c.Key, NameEn: c.NameEn, NameZhCN: c.NameZhCN}
		}),
	}
}

// Answer is the answer of a user, with the texts of its question at that time.
type Answer struct {
	QuestionID int64   `json:"question_id"`
	Kind       string  `json:"kind"`
	NameEn     string  `json:"name_en"`
	NameZhCN   string  `json:"name_zh_cn"`
	Link       *string `json:"link"`
	Value      string  `json:"value"`
	ValueEn    string  `json:"value_en"`
	ValueZhCN  string  `json:"value_zh_cn"`
	AnsweredAt Time    `json:"answered_at"`
}

// AnswerOf returns the body of an answer.
func AnswerOf(a *models.Answer) Answer {
	return Answer{
		QuestionID: a.QuestionID, Kind: string(a.Kind), NameEn: a.NameEn, NameZhCN: a.NameZhCN, Link: optional(a.Link), Value: a.Value,
		ValueEn: a.ValueEn, ValueZhCN: a.ValueZhCN, AnsweredAt: Time(a.AnsweredAt.In(time.UTC)),
	}
}

// optional returns null for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
