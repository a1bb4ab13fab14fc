package api

import (
	"context"
	"time"

	"parley/models"
	"parley/views/text"
)

// The status of an assignment: the property by which generated clients distinguish its two forms.
const (
	statusAssigned = "assigned"
	statusWaiting  = "waiting"
)

// Assigned is the response to an assignment that found an agent at once.
type Assigned struct {
	Status       string   `json:"status"`
	Service      *Service `json:"service"`
	Chat         Chat     `json:"chat"`
	FirstMessage *Message `json:"first_message"`
	Channel      string   `json:"channel"`
	// QuestionsOpen are those that the user has not answered.
	QuestionsOpen []Question `json:"questions_open"`
}

// Waiting is the response to an assignment that found no agent yet. It has neither service nor chat, since clients recognize an assignment
// by them; the id of the chat is in queue_status.
type Waiting struct {
	Status        string      `json:"status"`
	Error         string      `json:"error"`
	Message       string      `json:"message"`
	QueueStatus   QueueStatus `json:"queue_status"`
	SystemMessage struct {
		Content string `json:"content"`
	} `json:"system_message"`
	FirstMessage  *Message   `json:"first_message"`
	Channel       string     `json:"channel"`
	QuestionsOpen []Question `json:"questions_open"`
}

// AssignmentOf returns the body of an assignment: Assigned or Waiting.
func AssignmentOf(ctx context.Context, a *models.Assignment) any {
	var first *Message
	if a.Message != nil {
		m := MessageOf(ctx, a.Message)
		first = &m
	}
	open := Map(a.Questions, QuestionOf)
	if a.Agent != nil {
		return Assigned{statusAssigned, ServiceOf(a.Agent.Card()), ChatOf(&a.Chat), first, channelOf(a.Chat.Channel), open}
	}
	out := Waiting{
		Status: statusWaiting, Error: a.Reason, QueueStatus: QueueStatusOf(a.Queue), FirstMessage: first,
		Channel: channelOf(a.Chat.Channel), QuestionsOpen: open,
	}
	out.Message = text.T(ctx, "done.all_busy")
	if a.Reason == models.NoAgentOnline {
		out.Message = text.T(ctx, "done.nobody_online")
	}
	if a.Chat.IsMessage() {
		out.Message = text.T(ctx, "done.message_left", "Email", *a.Chat.ContactEmail)
		out.SystemMessage.Content = text.T(ctx, "system.message_left", "Email", *a.Chat.ContactEmail)
		return out
	}
	out.SystemMessage.Content = text.T(ctx, "system.place_unknown", "Place", a.Queue.Position)
	if e := a.Queue.Estimate; e.Known {
		about := text.About(ctx, time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second)
		out.SystemMessage.Content = text.T(ctx, "system.place", "Place", a.Queue.Position, "About", about)
	}
	return out
}
