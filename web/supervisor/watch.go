package supervisor

import (
	"context"
	"crypto/rand"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

// Watch streams what happens in an open chat: as JSON, or for its page as HTML. watch_id names one opening of the chat; the client chooses
// it and sends it again when it reconnects.
func (h *Handlers) Watch(c echo.Context) error {
	id, watch := kit.ChatID(c), c.QueryParam("watch_id")
	if watch == "" {
		watch = rand.Text()
	}
	actor := kit.ActorOf(c)
	if err := h.Desk.Watch(c.Request().Context(), actor, id, watch); err != nil {
		return err
	}
	var draw live.Renderer = &api.Events{Desk: h.Desk, Links: h.FileLinks(c), AgentID: actor.ID}
	if !kit.IsAPI(c.Request().URL.Path) {
		draw = &watchStream{handlers: h, actor: actor, chatID: id}
	}
	return h.Stream(c, live.Receiver{View: live.Watching, ChatID: id, WatchID: watch}, draw)
}

// watchURL returns the address of the stream of a chat's page, which was read at a time. Each page is a watch of its own.
func watchURL(ctx context.Context, c *models.Chat, readAt time.Time) string {
	query := url.Values{"watch_id": {rand.Text()}, "last_event_id": {live.Cursor(readAt, *c)}, "lang": {text.Lang(ctx)}}
	return "/supervisor/chats/" + url.PathEscape(c.ID) + "/events?" + query.Encode()
}

// watchStream renders a chat for a supervisor who reads it live: messages as HTML, statuses and typing as JSON. Whatever else changes is
// announced by chat_changed, after which the page requests its parts.
type watchStream struct {
	handlers *Handlers
	actor    models.Actor
	chatID   string

	userName string            // "" until it is read
	agents   map[string]string // names by id; read again for an unknown one
}

type chatChangedEvent struct {
	ChatID string `json:"chat_id"`
}

// Render implements live.Renderer.
func (w *watchStream) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.Changed:
		err = w.changed(ctx, &out, it)
	case live.Erased, live.Repaired:
		out.Add("chat_changed", 0, chatChangedEvent{w.chatID})
	case live.Typing:
		out.Add("typing", 0, api.TypingEvent{ChatID: it.ChatID, SenderType: string(it.SenderType)})
	case live.Closing:
		out.Add("closing", 0, api.ClosingEvent{Reason: string(it.Reason)})
	}
	if err == nil {
		err = out.Err
	}
	return out.Frames, err
}

func (w *watchStream) changed(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	if it.Left {
		out.Add("chat_changed", 0, chatChangedEvent{w.chatID})
		return nil
	}
	if err := w.readNames(ctx, it); err != nil {
		return err
	}
	for i := range it.Messages {
		m := &it.Messages[i]
		if err := present.AddHTML(ctx, out, "message", m.Version, chat.Bubble(w.line(ctx, m, nil))); err != nil {
			return err
		}
	}
	if len(it.Updated) > 0 {
		versions, err := w.handlers.Desk.ChatVersions(ctx, w.actor, w.chatID)
		if err != nil {
			return err
		}
		for i := range it.Updated {
			m := &it.Updated[i]
			updated := chat.UpdatedBubble(w.line(ctx, m, versions[m.ID]))
			if err := present.AddHTML(ctx, out, "message", m.ChangedVersion, updated); err != nil {
				return err
			}
		}
	}
	for _, status := range it.Statuses {
		if status.SenderType == models.FromAgent {
			for _, event := range api.StatusEvents(w.chatID, status) {
				out.Add("message_status", status.Version, event)
			}
		}
	}
	slices.SortStableFunc(out.Frames, func(a, b live.Frame) int { return int(a.Version - b.Version) })
	out.Add("chat_changed", it.Chat.Version, chatChangedEvent{w.chatID})
	return nil
}

func (w *watchStream) line(ctx context.Context, m *models.Message, versions []models.MessageVersion) chat.Message {
	return present.TranscriptLine(ctx, m, versions, w.userName, w.agents, w.handlers.PageFileLinks())
}

// readNames reads the names that a change needs and that are not known yet.
func (w *watchStream) readNames(ctx context.Context, it live.Changed) error {
	if w.userName == "" || it.User != nil {
		c, err := w.handlers.Desk.Chat(ctx, w.actor, w.chatID)
		if err != nil {
			return err
		}
		w.userName = c.UserName
	}
	isUnknown := func(m models.Message) bool { return m.SenderType == models.FromAgent && w.agents[m.SenderID] == "" }
	if w.agents != nil && !slices.ContainsFunc(it.Messages, isUnknown) && !slices.ContainsFunc(it.Updated, isUnknown) {
		return nil
	}
	agents, err := w.handlers.Desk.AgentsAndBots(ctx)
	if err == nil {
		w.agents = agentNames(agents)
	}
	return err
}
