package models

import (
	"context"
	"encoding/json"
	"reflect"
)

// questionsJSON selects the questions that are in use in their order, as the JSON of [Question].
const questionsJSON = `(SELECT coalesce(json_agg(q ORDER BY position, id), '[]') FROM questions q WHERE retired_at IS NULL)`

var questionList = reasonList{
	table: "questions", subject: SubjectQuestion,
	added: AuditQuestionAdded, changed: AuditQuestionChanged, moved: AuditQuestionMoved,
	retired: AuditQuestionRetired, restored: AuditQuestionRestored,
	notFound: ErrQuestionNotFound, tooMany: ErrTooManyQuestions, most: MaxQuestions, isCached: true,
}

// AllQuestions returns every question for administrators: those in use in their order, then the retired ones.
func (d *Desk) AllQuestions(ctx context.Context) ([]Question, error) {
	var row struct{ Questions []Question }
	err := d.db.NewRaw(`SELECT coalesce(json_agg(q ORDER BY retired_at IS NOT NULL, position, id), '[]') AS questions FROM questions q`).
		Scan(ctx, &row)
	return row.Questions, translate(err)
}

// QuestionsFor returns the questions that a site asks for chats of a department, in their order; "" is no site and no department. They
// are those that [Desk.Reload] read last.
func (d *Desk) QuestionsFor(site, department string) []Question {
	asked := []Question{}
	for _, q := range *d.questions.Load() {
		if q.IsAskedOn(site, department) {
			asked = append(asked, q)
		}
	}
	return asked
}

// QuestionsAsked is QuestionsFor for what a program asks: a site that is no exact origin and a department that cannot exist are
// validation_failed.
func (d *Desk) QuestionsAsked(site, department string) ([]Question, error) {
	if site != "" {
		if exact, err := ParseOrigin(site); err != nil || exact != site {
			return nil, invalid("site", fieldInvalid, "site must be an exact origin such as https://www.example.com.")
		}
	}
	if department != "" && !slugForm.MatchString(department) {
		return nil, invalid("department", fieldUnknown, "This department does not exist.")
	}
	return d.QuestionsFor(site, department), nil
}

// AddQuestion adds a question at the end of the list and returns its id. Admins only. What [Question] cannot hold is
// validation_failed, an unknown department is department_not_found, and more than [MaxQuestions] in use are 409
// too_many_questions.
func (d *Desk) AddQuestion(ctx context.Context, actor Actor, q Question) (int64, error) {
	if err := q.validate(); err != nil {
		return 0, err
	}
	choices, err := json.Marshal(nonNil(q.Choices))
	if err != nil {
		return 0, err
	}
	return d.addReason(ctx, actor, &questionList, details{"kind": q.Kind}, func(ctx context.Context, t *tx) (ReasonName, error) {
		err := t.NewRaw(`INSERT INTO questions (site, department, kind, name_en, name_zh_cn, help_en, help_zh_cn, choices, is_required, asked,
				link, position)
			VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM questions)) RETURNING id`,
			q.Site, q.Department, q.Kind, q.NameEn, q.NameZhCN, q.HelpEn, q.HelpZhCN, string(choices), q.IsRequired, q.Asked, q.Link).
			Scan(ctx, &q.ID)
		if violates(err, questionsDepartmentFkey) {
			err = ErrDepartmentNotFound
		}
		return q.ReasonName, err
	})
}

// UpdateQuestion changes a question. Answers that were given keep the texts that they had. Admins only. It refuses what
// [Desk.AddQuestion] refuses; an unknown question is question_not_found.
func (d *Desk) UpdateQuestion(ctx context.Context, actor Actor, id int64, q Question) error {
	if err := q.validate(); err != nil {
		return err
	}
	choices, err := json.Marshal(nonNil(q.Choices))
	if err != nil {
		return err
	}
	return d.withReason(ctx, actor, &questionList, id, func(ctx context.Context, t *tx, before *listedReason, _ []listedReason) error {
		var row struct{ Question Question }
		if err := t.NewRaw(`SELECT to_json(q) AS question FROM questions q WHERE id = ?`, id).Scan(ctx, &row); err != nil {
			return err
		}
		more := changesOf(&row.Question, &q)
		if len(more) == 0 {
			return nil
		}
		_, err := t.NewRaw(
			`UPDATE questions SET site = ?, department = nullif(?, ''), kind = ?, name_en = ?, name_zh_cn = ?, help_en = ?,
				help_zh_cn = ?, choices = ?, is_required = ?, asked = ?, link = ? WHERE id = ?`,
			q.Site,
			q.Department,
			q.Kind,
			q.NameEn,
			q.NameZhCN,
			q.HelpEn,
			q.HelpZhCN,
			string(choices),
			q.IsRequired,
			q.Asked,
			q.Link,
			id,
		).Exec(ctx)
		if violates(err, questionsDepartmentFkey) {
			return ErrDepartmentNotFound
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditQuestionChanged, questionList.about(before.ReasonName), more)
	})
}

// changesOf returns what administrators changed of a question, for the audit log, by the names in JSON.
func changesOf(before, after *Question) details {
	more := details{}
	was, is := fieldsOfQuestion(before), fieldsOfQuestion(after)
	for name, value := range is {
		if !reflect.DeepEqual(was[name], value) {
			more[name] = step{was[name], value}
		}
	}
	return more
}

func fieldsOfQuestion(q *Question) map[string]any {
	return map[string]any{
		"site": q.Site, "department": q.Department, "kind": q.Kind, "name_en": q.NameEn, "name_zh_cn": q.NameZhCN, "help_en": q.HelpEn,
		"help_zh_cn": q.HelpZhCN, "choices": nonNil(q.Choices), "is_required": q.IsRequired, "asked": q.Asked, "link": q.Link,
	}
}

// MoveQuestion puts a question at a place of the list, 1 for the first; a place beyond the end is the last one. Admins
// only. A place below 1 is validation_failed, an unknown or retired question is question_not_found.
func (d *Desk) MoveQuestion(ctx context.Context, actor Actor, id int64, place int) error {
	return d.moveReason(ctx, actor, &questionList, id, place)
}

// RetireQuestion stops asking a question, or with retired false asks it again, as the last one. Answers stay. Admins
// only. An unknown question is question_not_found, one more than [MaxQuestions] in use is 409 too_many_questions. A question
// that is in that state already stays as it is.
func (d *Desk) RetireQuestion(ctx context.Context, actor Actor, id int64, retired bool) error {
	return d.retireReason(ctx, actor, &questionList, id, retired)
}

// nonNil returns an empty slice for nil.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
