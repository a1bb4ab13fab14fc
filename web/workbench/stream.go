package workbench

import (
	"bytes"
	"context"
	"errors"
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

// frameWriter writes the stream of the workbench: messages and parts as HTML, what moves as JSON.
type frameWriter struct {
	handlers *Handlers
	agent    *models.Agent
	csrf     string

	// last is the bench as it was drawn last, and strip what it says of the queue.
	last  *workbench
	strip view.Strip
}

// arrivedEvent is what the workbench says of a chat that has just come.
type arrivedEvent struct {
	ChatID   string `json:"chat_id"`
	UserName string `json:"user_name"`
	Content  string `json:"content"`
}

// Render is live.Renderer.
func (f *frameWriter) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.InitialState:
		err = f.present(ctx, &out, it)
	case live.Changed:
		err = f.changed(ctx, &out, it)
	case live.Erased:
		err = f.erased(ctx, &out, it)
	case live.Typing:
		out.Add("typing", 0, api.TypingEvent{ChatID: it.ChatID, SenderType: string(it.SenderType)})
	case live.Presence:
		if it.ServiceID == f.agent.ID {
			err = f.around(ctx, &out)
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

// read reads the agent's own side again; what was told of the queue, and the names, hold on.
func (f *frameWriter) read(ctx context.Context) (*workbench, error) {
	b := &workbench{desk: f.handlers.Desk, links: f.handlers.PageFileLinks(), at: time.Now(), csrf: f.csrf}
	if f.last != nil {
		b.overview, b.names = f.last.overview, f.last.names
	}
	return b, b.read(ctx, f.agent.ID)
}

// present draws everything that can have changed since the page was drawn.
func (f *frameWriter) present(ctx context.Context, out *api.FrameWriter, p live.InitialState) error {
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	if p.Overview != nil {
		b.overview = *p.Overview
	}
	parts := b.parts()
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
	return f.part(ctx, out, b, 0, parts...)
}

// board says what became of the queue. Every agent hears of it a few times a second while much happens, so nothing is
// read for it, and nothing is drawn that is on the screen already.
func (f *frameWriter) board(ctx context.Context, out *api.FrameWriter, overview models.Overview) error {
	if f.last == nil {
		return nil
	}
	b := *f.last
	b.at, b.overview = time.Now(), overview
	if now := b.strip(); now.Waiting == f.strip.Waiting && now.Oldest.Sub(f.strip.Oldest).Abs() < 2*time.Second {
		return nil
	}
	return f.part(ctx, out, &b, 0, view.Queue(b.strip()), view.Nothing(b.empty()))
}

// around draws what stands around the chats: presence, load, queue.
func (f *frameWriter) around(ctx context.Context, out *api.FrameWriter) error {
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	return f.part(ctx, out, b, 0, view.Status(b.me()), view.Lost(b.me()), view.Queue(b.strip()), view.Nothing(b.empty()))
}

func (f *frameWriter) changed(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	if it.Left {
		stored, err := b.desk.IsStored(ctx, it.Chat.ID)
		if err != nil {
			return err
		}
		if !stored {
			return f.erased(ctx, out, live.Erased{ChatIDs: []string{it.Chat.ID}})
		}
		parts, err := b.leftParts(ctx, &it.Chat)
		if err != nil {
			return err
		}
		return f.part(ctx, out, b, it.Chat.Version, append(b.parts(), parts...)...)
	}
	c, err := b.desk.Chat(ctx, b.actor(), it.Chat.ID)
	if errors.Is(err, models.ErrChatNotFound) { // it was erased meanwhile
		return f.erased(ctx, out, live.Erased{ChatIDs: []string{it.Chat.ID}})
	}
	if err != nil {
		return err
	}
	if it.Assigned() {
		out.Add("arrived", 0, arrivedEvent{c.ID, calledIn(ctx, c), present.Shorten(chat.Says(ctx, string(c.LastType), present.Deref(c.LastContent)), 120)})
	}
	for i := range it.Messages {
		if err := f.message(ctx, out, b, c.UserName, &it.Messages[i]); err != nil {
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
	parts := append(b.parts(), view.TalkHead(b.head(c)))
	if len(it.Messages)+len(it.Statuses) == 0 { // who it is, or where, may be what changed
		about, err := b.person(ctx, c, nil)
		if err != nil {
			return err
		}
		parts = append(parts, view.About(about))
	}
	// The composer is drawn again only when it opens or closes: somebody may be writing in it.
	if it.Assigned() || it.Ended() || c.Status == models.Ended {
		w, err := b.write(ctx, c)
		if err != nil {
			return err
		}
		parts = append(parts, view.WriteBox(w))
	}
	return f.part(ctx, out, b, it.Chat.Version, parts...)
}

// calledIn is the name for a notice that stands alone, away from any mark beside it.
func calledIn(ctx context.Context, c *models.AgentChat) string {
	if c.NameIsUnverified {
		return text.T(ctx, "workbench.notice.claimed", "Name", c.UserName)
	}
	return c.UserName
}

// erased takes chats that are stored no more off the list, and off the screen.
func (f *frameWriter) erased(ctx context.Context, out *api.FrameWriter, it live.Erased) error {
	out.Add("erased", 0, struct {
		ChatIDs []string `json:"chat_ids"`
	}{it.ChatIDs})
	b, err := f.read(ctx)
	if err != nil {
		return err
	}
	return f.part(ctx, out, b, 0, b.parts()...)
}

// leftParts say of a chat that is not this agent's any more where it went, as far as that is known.
func (b *workbench) leftParts(ctx context.Context, c *models.Chat) ([]templ.Component, error) {
	w := view.Write{ChatID: c.ID, Closed: "left"}
	var err error
	switch {
	case c.Status == models.Waiting:
		w.Closed = "returned"
	case c.Status == models.Active && c.ServedBy() != b.self.ID:
		w.Closed = "moved"
		w.By, err = b.nameOf(ctx, c.ServedBy())
	}
	return []templ.Component{view.WriteBox(w)}, err
}

func (f *frameWriter) message(ctx context.Context, out *api.FrameWriter, b *workbench, userName string, m *models.Message) error {
	said, err := b.bubble(ctx, userName, m)
	if err != nil {
		return err
	}
	var drawn bytes.Buffer
	if err := chat.Bubble(said).Render(ctx, &drawn); err != nil {
		return err
	}
	out.Frames = append(out.Frames, live.Frame{Event: "message", Data: drawn.Bytes(), Version: m.Version})
	return nil
}

func (f *frameWriter) part(ctx context.Context, out *api.FrameWriter, b *workbench, version int64, parts ...templ.Component) error {
	f.last, f.strip = b, b.strip()
	var drawn bytes.Buffer
	for _, part := range parts {
		if err := part.Render(ctx, &drawn); err != nil {
			return err
		}
	}
	out.Frames = append(out.Frames, live.Frame{Event: "part", Data: drawn.Bytes(), Version: version})
	return nil
}
