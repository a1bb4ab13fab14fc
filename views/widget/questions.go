package widget

import (
	"context"
	"slices"

	"parley/views/chat"
	"parley/views/text"
)

// Ask is what the user is asked now.
type Ask struct {
	IsWaiting bool // while waiting, else before the chat
	Questions []chat.Question
	Error     string // about the form as a whole
	Message   string // as typed, when a form without scripts was refused
	IsDone    bool   // all that is asked while waiting was answered
	HasFocus  bool   // it was answered just now
}

// inLetter returns the questions for the form of a message, which has them where scripts do not add the answers of the other form.
func (a Ask) inLetter() []chat.Question {
	questions := slices.Clone(a.Questions)
	for i := range questions {
		questions[i].IDPrefix, questions[i].HasFocus = "w-letter-", false
	}
	return questions
}

func (a Ask) formID() string {
	if a.IsWaiting {
		return "w-more"
	}
	return "w-before"
}

func (a Ask) action(p Panel) string {
	if a.IsWaiting {
		return "/widget/chats/" + p.ChatID + "/answers"
	}
	return "/widget/assign"
}

// hidden returns what the form sends besides the answers.
func (a Ask) hidden(p Panel) map[string]string {
	if a.IsWaiting {
		return map[string]string{"site": p.Origin}
	}
	return p.asked()
}

func (a Ask) title(ctx context.Context) string {
	if a.IsWaiting {
		return text.T(ctx, "question.title_waiting")
	}
	return text.T(ctx, "question.title")
}

func (a Ask) button(ctx context.Context) string {
	if a.IsWaiting {
		return text.T(ctx, "question.send")
	}
	return text.T(ctx, "question.start")
}

// asked returns the fields that are sent with the first question.
func (p Panel) asked() map[string]string {
	return map[string]string{"department": p.Department, "page_url": p.PageURL, "page_title": p.PageTitle, "site": p.Origin}
}
