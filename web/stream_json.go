package web

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"parley/models"
	"parley/views/text"
	"parley/web/live"
)

// jsonFrames writes the events of the contract.
type jsonFrames struct {
	desk  *models.Desk
	links links
}

type (
	assignedEvent struct {
		Service *serviceJSON `json:"service"`
		Chat    chatJSON     `json:"chat"`
	}
	statusEvent struct {
		ChatID    string `json:"chat_id"`
		MessageID int64  `json:"message_id"`
		Status    string `json:"status"`
		UpTo      int64  `json:"up_to"`
	}
	typingEvent struct {
		ChatID     string `json:"chat_id"`
		SenderType string `json:"sender_type"`
	}
	warningEvent struct {
		ChatID      string `json:"chat_id"`
		SecondsLeft int    `json:"seconds_left"`
	}
	endedEvent struct {
		ChatID      string  `json:"chat_id"`
		EndedReason *string `json:"ended_reason"`
		EndedType   *string `json:"ended_type"`
	}
	unassignedEvent struct {
		ChatID string `json:"chat_id"`
	}
	presenceEvent struct {
		ServiceID string `json:"service_id"`
		Presence  string `json:"presence"`
	}
	queueChangedEvent struct {
		Waiting            int `json:"waiting"`
		LongestWaitSeconds int `json:"longest_wait_seconds"`
	}
	loadChangedEvent struct {
		ServiceID     string `json:"service_id"`
		Presence      string `json:"presence"`
		Load          int    `json:"load"`
		MaxConcurrent int    `json:"max_concurrent"`
	}
	closingEvent struct {
		Reason string `json:"reason"`
	}
)

// sheet collects the frames of one item.
type sheet struct {
	frames []live.Frame
	err    error
}

func (s *sheet) add(event string, version int64, body any) {
	s.frames = append(s.frames, live.Frame{Event: event, Data: s.encode(body), Version: version})
}

func (s *sheet) encode(body any) []byte {
	raw, err := json.Marshal(body)
	if err != nil {
		s.err = err
	}
	return raw
}

// Render is live.Renderer.
func (j *jsonFrames) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out sheet
	switch it := item.(type) {
	case live.Present:
		j.present(&out, it)
	case live.Changed:
		j.changed(ctx, &out, it)
	case live.Erased:
		for _, id := range it.ChatIDs {
			out.add("unassigned", 0, unassignedEvent{id})
		}
	case live.Queued:
		out.add("queue", 0, queueStatusOf(it.Status))
	case live.Typing:
		out.add("typing", 0, typingEvent{it.ChatID, string(it.SenderType)})
	case live.Presence:
		if it.House {
			out.add("load_changed", 0, loadChangedEvent{it.ServiceID, string(it.PresenceChange.Presence), it.Load, it.MaxConcurrent})
		}
		if it.PresenceChanged {
			out.frames = append(out.frames, live.Frame{Event: "presence", Data: it.Shared.Once("presence", func() []byte {
				return out.encode(presenceEvent{it.ServiceID, string(it.PresenceChange.Presence)})
			})})
		}
	case live.Board:
		if it.Queue {
			out.add("queue_changed", 0, queueChangedEvent{it.Overview.Waiting, it.Overview.LongestWaitSeconds})
		}
	case live.Closing:
		out.add("closing", 0, closingEvent{string(it.Reason)})
	}
	return out.frames, out.err
}

func (j *jsonFrames) present(out *sheet, p live.Present) {
	if p.Self != nil && p.Load == nil {
		out.add("presence", 0, presenceEvent{p.Self.ID, string(p.Self.Presence)})
	}
	if p.Place != nil {
		out.add("queue", 0, queueStatusOf(*p.Place))
	}
	for _, served := range p.Chats {
		if served.Service != nil {
			out.add("assigned", 0, assignedEvent{serviceOf(served.Service), chatOf(&served.Chat)})
		}
		if served.Chat.WarnedAt != nil {
			out.add("timeout_warning", 0, warningEvent{served.Chat.ID, j.desk.SecondsLeft(&served.Chat)})
		}
	}
	for _, c := range p.Ended {
		out.add("ended", 0, endedEvent{c.ID, c.EndedReason, c.EndedType})
	}
	if p.Overview != nil {
		out.add("queue_changed", 0, queueChangedEvent{p.Overview.Waiting, p.Overview.LongestWaitSeconds})
	}
	for _, l := range p.Load {
		out.add("load_changed", 0, loadChangedEvent{l.Agent.ID, string(l.Agent.Presence), l.Agent.Load, l.Agent.MaxConcurrent})
	}
}

// changed writes messages and statuses in the order of the changes that made them, then what became of the chat.
func (j *jsonFrames) changed(ctx context.Context, out *sheet, c live.Changed) {
	if c.Left {
		out.add("unassigned", 0, unassignedEvent{c.Chat.ID})
		return
	}
	if c.Assigned() {
		out.add("assigned", 0, assignedEvent{serviceOf(c.Service), chatOf(&c.Chat)})
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		out.frames = append(out.frames, live.Frame{Event: "message", Version: m.Version, Data: c.Shared.Once(j.nameOf(ctx, m), func() []byte { return out.encode(j.links.messageOf(ctx, m)) })})
	}
	for _, status := range c.Statuses {
		for _, id := range status.IDs {
			out.add("message_status", status.Version, statusEvent{c.Chat.ID, id, string(status.Status), status.UpTo})
		}
	}
	slices.SortStableFunc(out.frames, func(a, b live.Frame) int { return int(a.Version - b.Version) })
	if c.Warned() {
		out.add("timeout_warning", c.Chat.Version, warningEvent{c.Chat.ID, j.desk.SecondsLeft(&c.Chat)})
	}
	if c.Ended() {
		out.add("ended", c.Chat.Version, endedEvent{c.Chat.ID, c.Chat.EndedReason, c.Chat.EndedType})
	}
}

// nameOf is under what a message is shared: only the lines of the system are worded in the reader's language, and the addresses of
// files begin with that by which the reader came.
func (j *jsonFrames) nameOf(ctx context.Context, m *models.Message) string {
	name := "message " + strconv.FormatInt(m.ID, 10)
	if m.SystemKind != nil {
		name += text.Lang(ctx)
	}
	if m.Attachment != nil {
		name += j.links.base
	}
	return name
}

// statusEvents says a change of statuses in one event where that covers all it is about.
func statusEvents(chatID string, s models.StatusChange) []statusEvent {
	ids := s.IDs
	if last := ids[len(ids)-1]; s.UpTo >= last {
		ids = ids[len(ids)-1:]
	}
	events := make([]statusEvent, len(ids))
	for i, id := range ids {
		events[i] = statusEvent{chatID, id, string(s.Status), s.UpTo}
	}
	return events
}
