package models

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"
)

// Answers are what a user answered, by the ids of the questions. A text is the text itself, an e-mail address the address, a choice
// the key of the choice, and a checkbox or a consent "true" or "false"; "" is no answer. nil is sent by a client that does not know of
// questions, of which nothing is required.
type Answers map[int64]string

// Answer is a stored answer with the texts of its question at that time.
type Answer struct {
	bun.BaseModel `bun:"table:chat_answers" json:"-"`

	ChatID     string       `bun:"chat_id"     json:"chat_id"`
	QuestionID int64        `bun:"question_id" json:"question_id"`
	Position   int          `bun:"position"    json:"position"`
	Kind       QuestionKind `bun:"kind"        json:"kind"`
	NameEn     string       `bun:"name_en"     json:"name_en"` // the text of the question
	NameZhCN   string       `bun:"name_zh_cn"  json:"name_zh_cn"`
	Link       string       `bun:"link"        json:"link"`
	Value      string       `bun:"value"       json:"value"` // as in Answers
	ValueEn    string       `bun:"value_en"    json:"value_en"`
	ValueZhCN  string       `bun:"value_zh_cn" json:"value_zh_cn"` // names of the choice; "" for other kinds
	AnsweredAt time.Time    `bun:"answered_at" json:"answered_at"`
}

// Question returns the text of the question in a language.
func (a *Answer) Question(lang string) string {
	return ReasonName{NameEn: a.NameEn, NameZhCN: a.NameZhCN}.In(lang)
}

// Choice returns the name of the choice in a language, "" for other kinds.
func (a *Answer) Choice(lang string) string {
	return ReasonName{NameEn: a.ValueEn, NameZhCN: a.ValueZhCN}.In(lang)
}

// IsTicked reports whether the answer is true or false, and which of them.
func (a *Answer) IsTicked() (value, ok bool) { return a.Value == answerTrue, a.Kind.isTicked() }

const answerTrue, answerFalse = "true", "false"

// AnswerField is what the names of answers in forms and refusals begin with, before the id of the question.
const AnswerField = "answers."

func answerField(id int64) string { return AnswerField + strconv.FormatInt(id, 10) }

// checkAnswers returns the answers to questions as they are stored, in the order of the questions. It refuses, all at once as
// validation_failed under the names of [Question.Field]: answers to questions that are not asked, answers that do not fit, and
// required questions without an answer, or without true, among those that were sent or that isDue selects.
func (d *Desk) checkAnswers(asked []Question, sent Answers, isDue func(*Question) bool) ([]Answer, error) {
	var faults fieldFaults
	for id := range sent {
		if !slices.ContainsFunc(asked, func(q Question) bool { return q.ID == id }) {
			faults.add(invalid(answerField(id), fieldUnknown, "The question "+strconv.FormatInt(id, 10)+" is not asked here."))
		}
	}
	var answers []Answer
	for i := range asked {
		q := &asked[i]
		value, isSent := sent[q.ID]
		a, err := d.answerTo(q, value)
		if err != nil {
			faults.add(err)
			continue
		}
		if ticked, ok := a.IsTicked(); q.IsRequired && (isSent || isDue(q)) && (a.Value == "" || ok && !ticked) {
			faults.add(invalid(q.Field(), fieldRequired, "Answer the question "+strconv.FormatInt(q.ID, 10)+"."))
			continue
		}
		if a.Value != "" {
			a.Position = i + 1
			answers = append(answers, a)
		}
	}
	return answers, faults.err()
}

// answerTo returns the answer to a question, with the Value "" for none.
func (d *Desk) answerTo(q *Question, value string) (Answer, error) {
	a := Answer{QuestionID: q.ID, Kind: q.Kind, NameEn: q.NameEn, NameZhCN: q.NameZhCN, Link: q.Link}
	text, err := d.messageText(q.Field(), value, 0, MaxAnswer)
	if err != nil || text == "" {
		return a, err
	}
	a.Value = text
	switch q.Kind {
	case EmailQuestion:
		var refused *Error
		if a.Value, err = checkEmail(value); errors.As(err, &refused) {
			return a, invalid(q.Field(), fieldInvalid, refused.Detail)
		}
	case ChoiceQuestion:
		i := slices.IndexFunc(q.Choices, func(c QuestionChoice) bool { return c.Key == text })
		if i < 0 {
			return a, invalid(q.Field(), fieldInvalid, "An answer must be the key of one of the choices.")
		}
		a.ValueEn, a.ValueZhCN = q.Choices[i].NameEn, q.Choices[i].NameZhCN
	case CheckboxQuestion, ConsentQuestion:
		if text != answerTrue && text != answerFalse {
			return a, invalid(q.Field(), fieldInvalid, "An answer must be true or false.")
		}
	default:
		a.Value = oneLine(text)
	}
	return a, nil
}

// storeAnswers adds answers to a locked chat and sets what the change has of them. A question that is answered keeps its answer.
func (t *tx) storeAnswers(ctx context.Context, change *chatChange, answers []Answer) error {
	if len(answers) == 0 {
		return nil
	}
	for i := range answers {
		answers[i].ChatID, answers[i].AnsweredAt = change.Chat.ID, t.now
	}
	res, err := t.NewInsert().Model(&answers).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n > 0 {
		change.Chat.AnsweredAt = &change.now
	}
	return nil
}

// Answer stores answers of the user in an open chat, also to questions that are asked before a chat. site is where the user is, "" for
// no site. A question that is answered keeps its first answer. Only the chat's user may call it, to all others the chat is 404
// chat_not_found; an ended chat is 409 chat_ended. Answers that do not fit, to questions that are not asked, and none to required ones
// that were sent are validation_failed.
func (d *Desk) Answer(ctx context.Context, actor Actor, chatID, site string, sent Answers) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsUser() || c.UserID != actor.ID {
			return ErrChatNotFound
		}
		if c.Status == Ended {
			return ErrChatEnded
		}
		answers, err := d.checkAnswers(d.QuestionsFor(site, deref(c.Department)), sent, func(*Question) bool { return false })
		if err != nil {
			return err
		}
		change := t.change(c)
		if err := t.storeAnswers(ctx, change, answers); err != nil {
			return err
		}
		if change.Chat.AnsweredAt == c.AnsweredAt {
			return nil // all of them were answered before
		}
		return t.save(ctx, change)
	})
}

// AnswersInChat returns the answers of a chat. Like [Desk.Chat], it answers the chat's user, its agent and supervisors,
// and refuses all others.
func (d *Desk) AnswersInChat(ctx context.Context, actor Actor, chatID string) ([]Answer, error) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	return d.AnswersOf(ctx, c)
}

// AnswersOf returns the answers of a chat that the caller may read, in the order of the questions.
func (d *Desk) AnswersOf(ctx context.Context, c *Chat) ([]Answer, error) {
	answers := []Answer{}
	if c.AnsweredAt == nil {
		return answers, nil
	}
	err := d.db.NewRaw(`SELECT * FROM chat_answers WHERE chat_id = ? ORDER BY position, question_id`, c.ID).Scan(ctx, &answers)
	return answers, translate(err)
}

// OpenQuestions returns the questions of an open chat that its user, who is on site, has not answered, and whether any that is asked
// while waiting was answered.
func (d *Desk) OpenQuestions(ctx context.Context, c *Chat, site string) (open []Question, answered bool, err error) {
	open = d.QuestionsFor(site, deref(c.Department))
	if len(open) == 0 || c.AnsweredAt == nil {
		return open, false, nil
	}
	answers, err := d.AnswersOf(ctx, c)
	if err != nil {
		return nil, false, err
	}
	return slices.DeleteFunc(open, func(q Question) bool {
		isAnswered := slices.ContainsFunc(answers, func(a Answer) bool { return a.QuestionID == q.ID })
		answered = answered || isAnswered && q.Asked == AskedWaiting
		return isAnswered
	}), answered, nil
}
