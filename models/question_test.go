package models_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"parley/models"
)

// question adds a question and returns its id.
func (h *testDesk) question(q models.Question) int64 {
	h.t.Helper()
	if q.Asked == "" {
		q.Asked = models.AskedBefore
	}
	id, err := h.AddQuestion(h.t.Context(), admin, q)
	h.must(err)
	return id
}

func named(name string) models.ReasonName { return models.ReasonName{NameEn: name} }

// fieldsOf returns the codes of a refusal by field, as JSON.
func fieldsOf(err error) string {
	var refused *models.Error
	if !errors.As(err, &refused) {
		return ""
	}
	raw, _ := json.Marshal(refused.Fields)
	return string(raw)
}

func TestQuestionsAreAskedWhereTheyBelong(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	h.question(models.Question{ReasonName: named("all"), Kind: models.TextQuestion})
	h.question(models.Question{ReasonName: named("cards"), Kind: models.TextQuestion, Department: "cards"})
	h.question(models.Question{ReasonName: named("shop"), Kind: models.TextQuestion, Site: "https://Shop.example/"})
	gone := h.question(models.Question{ReasonName: named("gone"), Kind: models.TextQuestion})
	h.must(h.RetireQuestion(t.Context(), admin, gone, true))
	last := h.question(models.Question{ReasonName: named("last"), Kind: models.TextQuestion})
	h.must(h.MoveQuestion(t.Context(), admin, last, 1))
	for _, c := range []struct{ site, department, want string }{
		{"", "", "last all"},
		{"", "cards", "last all cards"},
		{"https://shop.example", "", "last all shop"},
		{"https://shop.example", "cards", "last all cards shop"},
		{"https://other.example", "other", "last all"},
	} {
		var names []string
		for _, q := range h.QuestionsFor(c.site, c.department) {
			names = append(names, q.NameEn)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%q and %q ask %q, want %q", c.site, c.department, got, c.want)
		}
	}
	h.must(h.DeleteDepartment(t.Context(), admin, "cards"))
	all, err := h.AllQuestions(t.Context())
	h.must(err)
	if len(all) != 4 || all[3].NameEn != "gone" || all[3].RetiredAt == nil {
		t.Errorf("the list is %+v", all)
	}
}

func TestQuestionsThatCannotBeAskedAreRefused(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	long := strings.Repeat("a", models.MaxQuestionText+1)
	many := make([]models.QuestionChoice, models.MaxChoices+1)
	for i := range many {
		many[i].NameEn = "x"
	}
	base := func(change func(*models.Question)) models.Question {
		q := models.Question{ReasonName: named("q"), Kind: models.TextQuestion, Asked: models.AskedBefore}
		change(&q)
		return q
	}
	for field, qs := range map[string][]models.Question{
		"name_en": {base(func(q *models.Question) { q.NameEn = " " }), base(func(q *models.Question) { q.NameEn = long }), base(func(q *models.Question) { q.NameEn = "a\x00" })},
		"help_en": {base(func(q *models.Question) { q.HelpEn = long })},
		"kind":    {base(func(q *models.Question) { q.Kind = "number" })},
		"asked":   {base(func(q *models.Question) { q.Asked = "never" })},
		"site":    {base(func(q *models.Question) { q.Site = "shop" })},
		"link": {
			base(func(q *models.Question) { q.Kind, q.Link = models.ConsentQuestion, "javascript:alert(1)" }),
			base(func(q *models.Question) { q.Kind, q.Link = models.ConsentQuestion, "/privacy" }),
		},
		"choices": {
			base(func(q *models.Question) { q.Kind = models.ChoiceQuestion }),
			base(func(q *models.Question) { q.Kind, q.Choices = models.ChoiceQuestion, many }),
			base(func(q *models.Question) {
				q.Kind, q.Choices = models.ChoiceQuestion, []models.QuestionChoice{{Key: "a"}}
			}),
			base(func(q *models.Question) {
				q.Kind, q.Choices = models.ChoiceQuestion, []models.QuestionChoice{{Key: "A b", NameEn: "x"}}
			}),
			base(func(q *models.Question) {
				q.Kind, q.Choices = models.ChoiceQuestion, []models.QuestionChoice{{Key: "a", NameEn: "x"}, {Key: "a", NameEn: "y"}}
			}),
		},
	} {
		for _, q := range qs {
			_, err := h.AddQuestion(t.Context(), admin, q)
			if !strings.HasPrefix(fieldsOf(err), `{"`+field+`"`) {
				t.Errorf("%+v is refused with %v %s, want %s", q, err, fieldsOf(err), field)
			}
		}
	}
	_, err := h.AddQuestion(t.Context(), admin, base(func(q *models.Question) { q.Department = "none" }))
	h.refused(err, "department_not_found")
	_, err = h.AddQuestion(t.Context(), h.agent("anna", 1), base(func(*models.Question) {}))
	h.refused(err, "role_required")
	h.refused(h.UpdateQuestion(t.Context(), admin, 99, base(func(*models.Question) {})), "question_not_found")
	if n := h.count(`SELECT count(*) FROM questions`); n != 0 {
		t.Errorf("%d refused questions are stored", n)
	}
}

// Choices without a key get one that never changes, also where names in English are missing or the same.
func TestChoicesHaveStableKeys(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	id := h.question(models.Question{ReasonName: named("q"), Kind: models.ChoiceQuestion, Choices: []models.QuestionChoice{
		{NameEn: "My Order!"}, {NameZhCN: "订单"}, {NameZhCN: "其他"}, {Key: "my-order-2", NameEn: "x"}, {NameEn: "my order"},
	}})
	q := h.QuestionsFor("", "")[0]
	var keys []string
	for _, c := range q.Choices {
		keys = append(keys, c.Key)
	}
	if got := strings.Join(keys, " "); got != "my-order choice choice-2 my-order-2 my-order-3" {
		t.Errorf("the keys are %s", got)
	}
	q.Choices[0].NameEn = "Another name"
	h.told()
	h.must(h.UpdateQuestion(t.Context(), admin, id, q))
	if again := h.QuestionsFor("", "")[0]; again.Choices[0] != (models.QuestionChoice{Key: "my-order", NameEn: "Another name"}) {
		t.Errorf("the choice is %+v", again.Choices[0])
	}
	h.must(h.UpdateQuestion(t.Context(), admin, id, q)) // nothing changed, so nothing is recorded
	if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'question_changed'`); n != 1 {
		t.Errorf("%d changes are recorded", n)
	}
}

func TestAnswersAreCheckedAndKept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	text := h.question(models.Question{ReasonName: named("Your order"), Kind: models.TextQuestion, IsRequired: true})
	mail := h.question(models.Question{ReasonName: named("Your address"), Kind: models.EmailQuestion})
	choice := h.question(
		models.Question{
			ReasonName: named("About"),
			Kind:       models.ChoiceQuestion,
			Choices:    []models.QuestionChoice{{Key: "a", NameEn: "Alpha", NameZhCN: "甲"}},
		},
	)
	tick := h.question(models.Question{ReasonName: named("Urgent"), Kind: models.CheckboxQuestion})
	consent := h.question(
		models.Question{ReasonName: named("I agree"), Kind: models.ConsentQuestion, IsRequired: true, Link: "https://shop.example/privacy"},
	)
	later := h.question(
		models.Question{ReasonName: named("Later"), Kind: models.TextQuestion, IsRequired: true, Asked: models.AskedWaiting},
	)
	ctx := t.Context()
	ask := func(user string, a models.Answers) (*models.Assignment, error) {
		h.user(user)
		return h.Assign(ctx, user, models.AssignRequest{Answers: a})
	}
	for _, c := range []struct {
		answers models.Answers
		want    string
	}{
		{models.Answers{}, `{"answers.1":"required","answers.5":"required"}`},
		{models.Answers{text: " ", consent: "false"}, `{"answers.1":"required","answers.5":"required"}`},
		{models.Answers{text: "x", consent: "true", mail: "ada"}, `{"answers.2":"invalid"}`},
		{models.Answers{text: "x", consent: "true", choice: "b"}, `{"answers.3":"invalid"}`},
		{models.Answers{text: "x", consent: "yes", tick: "1"}, `{"answers.4":"invalid","answers.5":"invalid"}`},
		{models.Answers{text: strings.Repeat("x", 501), consent: "true"}, `{"answers.1":"too_long"}`},
		{models.Answers{text: "x\x00", consent: "true"}, `{"answers.1":"invalid"}`},
		{models.Answers{text: "x", consent: "true", 99: "x"}, `{"answers.99":"unknown"}`},
		{models.Answers{text: "x", consent: "true", later: ""}, `{"answers.6":"required"}`},
	} {
		if _, err := ask("refused", c.answers); fieldsOf(err) != c.want {
			t.Errorf("%v: %v %s, want %s", c.answers, err, fieldsOf(err), c.want)
		}
	}
	if n := h.count(`SELECT count(*) FROM chats`); n != 0 {
		t.Fatalf("%d chats began without their answers", n)
	}
	// A client that does not know of questions is served as ever.
	native, err := ask("native", nil)
	h.must(err)
	open, answered, err := h.OpenQuestions(ctx, &native.Chat, "")
	h.must(err)
	if len(open) != 6 || answered || native.Chat.AnsweredAt != nil {
		t.Errorf("%d questions are open", len(open))
	}

	got, err := ask("u", models.Answers{text: " A-1 ", mail: "ada@example.com", choice: "a", tick: "false", consent: "true"})
	h.must(err)
	u, chat := models.UserActor("u"), got.Chat.ID
	if got.Chat.AnsweredAt == nil {
		t.Error("the chat does not tell that there are answers")
	}
	h.refused(h.Answer(ctx, models.UserActor("native"), chat, "", models.Answers{later: "x"}), "chat_not_found")
	h.refused(h.Answer(ctx, admin, chat, "", models.Answers{later: "x"}), "chat_not_found")
	if err := h.Answer(ctx, u, chat, "", models.Answers{later: " "}); fieldsOf(err) != `{"answers.6":"required"}` {
		t.Errorf("nothing in place of an answer: %v", err)
	}
	h.must(h.Answer(ctx, u, chat, "", models.Answers{later: "four", text: "another"}))
	h.must(h.Answer(ctx, u, chat, "", models.Answers{later: "five"})) // the first answer stays
	h.must(
		h.UpdateQuestion(
			ctx,
			admin,
			text,
			models.Question{ReasonName: named("Something else"), Kind: models.EmailQuestion, Asked: models.AskedBefore},
		),
	)
	h.must(h.RetireQuestion(ctx, admin, consent, true))
	c := h.chat(chat)
	answers, err := h.AnswersOf(ctx, c)
	h.must(err)
	var told []string
	for i := range answers {
		a := &answers[i]
		told = append(told, a.Question("en")+"="+a.Value+a.Choice("zh-CN")+a.Link)
	}
	if got := strings.Join(
		told,
		", ",
	); got != "Your order=A-1, Your address=ada@example.com, About=a甲, Urgent=false, I agree=truehttps://shop.example/privacy, Later=four" {
		t.Errorf("the answers are %s", got)
	}
	open, answered, err = h.OpenQuestions(ctx, c, "")
	h.must(err)
	if len(open) != 0 || !answered {
		t.Errorf("%v are open", open)
	}
	h.must(h.CancelQueue(ctx, "u"))
	h.refused(h.Answer(ctx, u, chat, "", models.Answers{later: "x"}), "chat_ended")
}
