package workbench

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/a-h/templ"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// frameWriter renders the stream of the workbench: messages and parts of the page as HTML, the rest as JSON. It keeps what it rendered
// last, applies each event to it, and sends the parts that differ. It reads PostgreSQL when the stream begins, after a gap, and if an event
// does not contain enough: see after.
type frameWriter struct {
	handlers *Handlers
	agent    *models.Agent
	csrf     string

	last  *workbench // after the last item
	drawn drawing
}

// arrivedEvent announces a chat that was assigned to the agent.
type arrivedEvent struct {
	ChatID   string `json:"chat_id"`
	UserName string `json:"user_name"`
	Content  string `json:"content"`
}

// Render implements live.Renderer.
func (f *frameWriter) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.InitialState:
		err = f.present(ctx, &out, it)
	case live.Changed:
		err = f.changed(ctx, &out, it)
	case live.UserChanged:
		err = f.userChanged(ctx, &out, it)
	case live.Erased:
		err = f.erased(ctx, &out, it)
	case live.Typing:
		out.Add("typing", 0, api.TypingEvent{ChatID: it.ChatID, SenderType: string(it.SenderType)})
	case live.DraftChanged:
		out.Add("draft", 0, api.DraftOf(&it.Draft, f.agent.ID))
	case live.OfferChanged:
		err = f.offerChanged(ctx, &out, it)
	case live.Repaired:
		out.Add("drafts_changed", 0, api.DraftsChangedEvent{})
		out.Add("user_changed", 0, api.UserChangedEvent{})
		err = f.refresh(ctx, &out)
	case live.Presence:
		if it.ServiceID == f.agent.ID {
			err = f.presence(ctx, &out, it)
		}
	case live.Board:
		err = f.board(ctx, &out, it.Overview)
	case live.Closing:
		out.Add("closing", 0, api.ClosingEvent{Reason: string(it.Reason)})
	}
	if err == nil {
		err = out.Err
	}
	return out.Frames, err
}

// read reads the agent and the chats again. The overview of the queue is kept, since events bring a new one a few times a second.
func (f *frameWriter) read(ctx context.Context) (*workbench, error) {
	b := &workbench{desk: f.handlers.Desk, links: f.handlers.PageFileLinks(), at: time.Now(), csrf: f.csrf, lang: text.Lang(ctx)}
	if f.last != nil {
		b.overview, b.overviewAt = f.last.overview, f.last.overviewAt
	}
	return b, b.read(ctx, f.agent.ID)
}

// present renders everything that may have changed since the page was rendered.
func (f *frameWriter) present(ctx context.Context, out *api.FrameWriter, p live.InitialState) error {
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	if p.Overview != nil {
		b.overview, b.overviewAt = *p.Overview, b.at
	}
	parts := b.parts(ctx)
	chats := p.Ended
	for _, served := range p.Chats {
		chats = append(chats, served.Chat)
	}
	for i := range chats {
		more, err := b.chatParts(ctx, chats[i].ID)
		if err != nil {
			return err
		}
		parts = append(parts, more...)
	}
	f.drawn = b.drawing(ctx)
	return f.part(ctx, out, b, 0, parts...)
}

// refresh reads everything again and renders the page and the headers that differ. A chat that is new in the list may have left the agent
// and come back, with its old header still on the screen.
func (f *frameWriter) refresh(ctx context.Context, out *api.FrameWriter) error {
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	parts := b.parts(ctx)
	for i := range b.chats {
		parts = append(parts, b.changedHeader(f.last.chat(b.chats[i].ID), &b.chats[i])...)
	}
	f.drawn = b.drawing(ctx)
	return f.part(ctx, out, b, 0, parts...)
}

// board renders the state of the queue. In busy times every agent receives it several times a second, so it reads nothing and renders only
// what differs.
func (f *frameWriter) board(ctx context.Context, out *api.FrameWriter, overview models.Overview) error {
	b := f.last.copy()
	b.overview, b.overviewAt = overview, b.at
	if sameQueue(b.queueSummary(), f.drawn.queue) {
		return nil
	}
	return f.part(ctx, out, b, 0, f.changedParts(ctx, b)...)
}

// presence renders the agent's own presence, load and capacity.
func (f *frameWriter) presence(ctx context.Context, out *api.FrameWriter, it live.Presence) error {
	if it.Agent == nil {
		return f.refresh(ctx, out)
	}
	b := f.last.copy()
	b.self = b.self.WithPresence(it.PresenceChange, *it.Agent)
	if !reflect.DeepEqual(b.self.ClosingReminders, f.last.self.ClosingReminders) {
		if err := b.readClosing(ctx); err != nil {
			return err
		}
	}
	return f.part(ctx, out, b, 0, f.changedParts(ctx, b)...)
}

func (f *frameWriter) changed(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	if it.Left {
		return f.left(ctx, out, it)
	}
	b, c, err := f.last.after(ctx, it)
	if errors.Is(err, models.ErrChatNotFound) { // it was erased in the meantime
		return f.erased(ctx, out, live.Erased{ChatIDs: []string{it.Chat.ID}})
	}
	if err != nil {
		return err
	}
	if it.Assigned() {
		preview := present.Shorten(present.LastSaid(ctx, c), 120)
		out.Add("arrived", 0, arrivedEvent{c.ID, nameInNotice(ctx, c), preview})
	}
	for i := range it.Messages {
		if err := f.message(ctx, out, b, c.UserName, &it.Messages[i]); err != nil {
			return err
		}
	}
	if err := f.whispered(ctx, out, b, it.Messages); err != nil {
		return err
	}
	for i := range it.Updated {
		m := &it.Updated[i]
		bubble, err := b.bubble(ctx, c.UserName, m)
		if err != nil {
			return err
		}
		if err := present.AddHTML(ctx, out, "message", m.ChangedVersion, chat.UpdatedBubble(bubble)); err != nil {
			return err
		}
	}
	for _, status := range it.Statuses {
		if status.SenderType == models.FromAgent {
			for _, event := range api.StatusEvents(c.ID, status) {
				out.Add("message_status", status.Version, event)
			}
		}
	}
	slices.SortStableFunc(out.Frames, func(a, b live.Frame) int { return int(a.Version - b.Version) })
	parts, err := f.changedChatParts(ctx, b, c, it)
	if err != nil {
		return err
	}
	if err := f.part(ctx, out, b, it.Chat.Version, append(f.changedParts(ctx, b), parts...)...); err != nil {
		return err
	}
	if api.UserChangedIn(it) {
		out.Add("user_changed", it.Chat.Version, api.UserChangedEvent{UserID: &it.Chat.UserID, ChatID: &it.Chat.ID})
	}
	return nil
}

// userChanged renders the ended chats of a user whose data changed. For open chats the data is part of their own change.
func (f *frameWriter) userChanged(ctx context.Context, out *api.FrameWriter, it live.UserChanged) error {
	b := f.last.copy()
	var parts []templ.Component
	for i := range b.chats {
		c := &b.chats[i]
		if c.Status == models.Ended && (c.UserID == it.UserID || c.UserID == it.PrevUserID) {
			c.UserID = it.UserID
			c.SetUser(it.Card)
			parts = append(parts, b.changedUserParts(ctx, f.last.chat(c.ID), c)...)
		}
	}
	out.Add("user_changed", 0, api.UserChangedEvent{UserID: &it.UserID})
	return f.part(ctx, out, b, 0, append(f.changedParts(ctx, b), parts...)...)
}

// nameInNotice returns the name for a notification, where text marks an unverified name instead of an icon.
func nameInNotice(ctx context.Context, c *models.AgentChat) string {
	if c.NameIsUnverified {
		return text.T(ctx, "workbench.notice.unverified", "Name", c.UserName)
	}
	return c.UserName
}

// erased removes erased chats from the list and from the screen.
func (f *frameWriter) erased(ctx context.Context, out *api.FrameWriter, it live.Erased) error {
	out.Add("erased", 0, struct {
		ChatIDs []string `json:"chat_ids"`
	}{it.ChatIDs})
	return f.refresh(ctx, out) // older chats may take their place in the list
}

// left removes a chat that this agent no longer serves.
func (f *frameWriter) left(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	if it.Chat.Version == 0 { // found by a repair: it may have been erased
		stored, err := f.handlers.Desk.IsStored(ctx, it.Chat.ID)
		if err != nil {
			return err
		}
		if !stored {
			return f.erased(ctx, out, live.Erased{ChatIDs: []string{it.Chat.ID}})
		}
	}
	if err := f.takenOver(ctx, out, it); err != nil {
		return err
	}
	b := f.last.copy()
	b.drop(it.Chat.ID)
	if it.Service != nil {
		b.rememberName(it.Service.ID, it.Service.Name)
	}
	parts, err := b.departedParts(ctx, &it.Chat)
	if err != nil {
		return err
	}
	return f.part(ctx, out, b, it.Chat.Version, append(f.changedParts(ctx, b), parts...)...)
}

// departedParts returns the composer of a chat that this agent no longer serves, closed with the reason if it is known.
func (b *workbench) departedParts(ctx context.Context, c *models.Chat) ([]templ.Component, error) {
	w := view.ComposerData{ChatID: c.ID, Closed: "left"}
	var err error
	switch {
	case c.Status == models.Waiting:
		w.Closed = "returned"
	case c.Status == models.Active && c.ServedBy() != b.self.ID:
		w.Closed = "moved"
		w.By, err = b.nameOf(ctx, c.ServedBy())
	}
	return []templ.Component{view.Composer(w)}, err
}

func (f *frameWriter) message(ctx context.Context, out *api.FrameWriter, b *workbench, userName string, m *models.Message) error {
	bubble, err := b.bubble(ctx, userName, m)
	if err != nil {
		return err
	}
	return present.AddHTML(ctx, out, "message", m.Version, chat.Bubble(bubble))
}

// part adds a frame with the parts, if there are any, and keeps the state from which they were rendered.
func (f *frameWriter) part(ctx context.Context, out *api.FrameWriter, b *workbench, version int64, parts ...templ.Component) error {
	f.last = b
	if len(parts) == 0 {
		return nil
	}
	return present.AddHTML(ctx, out, "part", version, templ.Join(parts...))
}
