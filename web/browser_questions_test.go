package web_test

import (
	"fmt"
	"testing"

	"parley/models"
)

// A user answers before the chat and while waiting, by keyboard alone; nothing that was typed is lost, and the agent sees it.
func TestAUserAnswersQuestions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, alex := s.agent("alex", models.RoleAdmin)
	order := s.question(alex, map[string]any{
		"name_en": "Your order number", "name_zh_cn": "订单号", "help_en": "It begins with A.", "help_zh_cn": "以 A 开头。", "is_required": 1,
	})
	mail := s.question(alex, map[string]any{"name_en": "Your e-mail address", "name_zh_cn": "您的邮箱", "kind": "email"})
	consent := s.question(alex, map[string]any{
		"name_en": "I agree that my data is stored", "name_zh_cn": "我同意保存我的数据", "kind": "consent", "is_required": 1,
		"link": "https://www.example.com/privacy",
	})
	about := s.question(alex, map[string]any{
		"name_en":     "What is it about?",
		"name_zh_cn":  "关于什么？",
		"kind":        "choice",
		"asked":       "waiting",
		"is_required": 1,
		"choices": []any{
			map[string]any{"name_en": "A parcel", "name_zh_cn": "包裹"},
			map[string]any{"name_en": "An invoice", "name_zh_cn": "发票"},
		},
	})
	note := s.question(alex, map[string]any{"name_en": "Anything else?", "name_zh_cn": "还有什么要补充吗？", "asked": "waiting"})
	field := func(question int) string { return fmt.Sprintf("[id='answers.%d']", question) }
	focusIn := func(b *browser, question int) { b.t.Helper(); b.focusIn(field(question)) }

	user := newBrowser(t)
	for _, l := range looks {
		user.as(l)
		user.open(s.url + "/widget?lang=" + l.lang)
		user.sees("#w-before")
		user.accessible("the questions before a chat, " + l.name)
		user.looksLike("questions-before-" + l.name)
	}
	user.as(looks[0])
	user.open(s.url + "/widget")
	user.sees("#w-before", "Before we begin", "Your order number", "It begins with A.", "(optional)", "Read more")
	user.write("#composer-text", "Where is my parcel?")
	user.press("\r")
	focusIn(user, order)
	user.until("the message stays", `root.querySelector("#composer-text").value === "Where is my parcel?"`)
	user.write(field(order), "A-17")
	user.tabTo(field(mail))
	user.write(field(mail), "ada.@example.com") // browsers accept more than the server does
	user.tabTo(field(consent))
	user.press(" ")
	user.tabTo("#w-before .btn-primary")
	user.press("\r")
	user.sees("#w-before .error", "This answer does not fit")
	focusIn(user, mail)
	user.until("the other answers stay", fmt.Sprintf(`root.querySelector("%s").value === "A-17"`, field(order)))
	user.sees("#thread", "Where is my parcel?")
	user.accessible("a refused answer")
	user.looksLike("questions-refused")
	user.write(field(mail), "ada@example.com")
	user.press("\r")
	user.sees("#w-more", "While you wait", "What is it about?", "Anything else?")
	user.sees("#thread", "Where is my parcel?")
	user.gone("#w-before")
	user.write(field(note), "It is blue")
	s.asks(maria(t, nil), "Another question")
	user.until("what was typed is kept", fmt.Sprintf(`root.querySelector("%s").value === "It is blue"`, field(note)))
	for _, l := range looks {
		user.as(l)
		user.accessible("the questions while waiting, " + l.name)
		user.looksLike("questions-waiting-" + l.name)
	}
	user.as(looks[0])
	user.tabTo("#w-more .btn-primary")
	user.press("\r")
	focusIn(user, about)
	user.press("A")
	user.tabTo("#w-more .btn-primary")
	user.press("\r")
	user.sees("#w-ask", "Thank you. Your answers are with your chat.")
	user.focusIn("#w-ask p")

	agent := atWork(t, s, "anna")
	agent.sees("#list-awaiting .row", "Where is my parcel?")
	agent.alt("KeyN")
	agent.sees("#about", "Your order number", "A-17", "ada@example.com", "I agree that my data is stored", "Yes", "A parcel", "It is blue")
	agent.looksLike("questions-agent")
	user.gone("#w-ask")
}

// What a user is typing when the agent comes stays, and the agent sees the answer as it is sent.
func TestAnAnswerThatWasBegunStays(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, alex := s.agent("alex", models.RoleAdmin)
	note := s.question(alex, map[string]any{"name_en": "Anything else?", "asked": "waiting"})
	field := fmt.Sprintf("[id='answers.%d']", note)
	user, idle := newBrowser(t), newBrowser(t)
	for _, b := range []*browser{user, idle} {
		b.open(s.url + "/widget")
		b.send("Hello")
		b.sees("#w-more", "Anything else?")
	}
	user.write(field, "It is blue")
	agent := atWork(t, s, "anna")
	for _, b := range []*browser{user, idle} {
		b.sees("#w-head", "anna")
	}
	idle.gone("#w-more")
	user.focusIn(field)
	agent.sees("#list-awaiting .row", "Hello")
	agent.alt("KeyN")
	agent.gone("#about [id^='about-answers']")
	user.press("\r")
	user.gone("#w-more")
	agent.sees("#about [id^='about-answers']", "Anything else?", "It is blue")
}

// An administrator adds a question with choices, sees it as users do, and changes it.
func TestAnAdministratorManagesQuestions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	boss := s.administer("/admin/questions")
	boss.sees("#main", "Nothing is asked")
	boss.write("#name-en", "What is it about?")
	boss.write("#name-zh", "关于什么？")
	boss.focus("#kind")
	boss.press("C")
	boss.until("the type", `root.querySelector("#kind").value === "choice"`)
	boss.press("\t")
	boss.click(".form .btn-primary")
	boss.sees("#choices-error", "Give each choice a name")
	boss.write("[name=choice_en]", "My parcel")
	boss.write("[name=choice_zh_cn]", "我的包裹")
	boss.click(".form .btn-primary")
	boss.sees("#main .rows", "What is it about?", "Choice · Before the chat")
	boss.sees("#preview", "What is it about?", "Choose…")
	_, ida := s.agent("ida", models.RoleAdmin)
	s.question(
		ida,
		map[string]any{
			"name_en":     "I agree",
			"name_zh_cn":  "我同意",
			"kind":        "consent",
			"is_required": 1,
			"link":        "https://www.example.com/privacy",
		},
	)
	for _, l := range looks {
		boss.as(l)
		boss.open(s.url + "/admin/questions?lang=" + l.lang)
		boss.accessible("/admin/questions, " + l.name)
		boss.looksLike("questions-admin-" + l.name)
	}
	boss.as(looks[0])
	boss.open(s.url + "/admin/questions?lang=en")
	boss.click(".rows a")
	boss.until("the stored key", `root.querySelector("[name=choice_key]").value === "my-parcel"`)
	boss.accessible("the form of a question")
	boss.looksLike("question-admin")
	boss.write("#name-en", "What is the matter?")
	boss.click(".form .btn-primary")
	boss.sees("#main .rows", "What is the matter?")
	boss.click(".rows-i:first-child .rows-move button:last-child")
	boss.until("the order", `root.querySelector(".rows-i:last-child").innerText.includes("What is the matter?")`)
	boss.click(".rows-i:last-child > form:last-child button")
	boss.sees("#retired-h", "Retired")
}
