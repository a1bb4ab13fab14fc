package workbench

import (
	"context"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// takenOverEvent announces that a supervisor took over a chat of the agent.
type takenOverEvent struct {
	ChatID   string `json:"chat_id"`
	UserName string `json:"user_name"`
	By       string `json:"by"`
}

// takenOver announces a chat that left the agent for a supervisor.
func (f *frameWriter) takenOver(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	c := f.last.chat(it.Chat.ID)
	if it.Chat.Status != models.Active || c == nil {
		return nil
	}
	by, err := f.handlers.Desk.AgentByID(ctx, it.Chat.ServedBy())
	if err != nil {
		return err
	}
	if models.AgentActor(by).AtLeast(models.RoleSupervisor) {
		out.Add("taken_over", it.Chat.Version, takenOverEvent{c.ID, nameInNotice(ctx, c), by.Name})
	}
	return nil
}

// whisperedEvent announces a whisper to the agent.
type whisperedEvent struct {
	ChatID  string `json:"chat_id"`
	By      string `json:"by"`
	Content string `json:"content"`
}

// whispered announces the whispers of others among messages.
func (f *frameWriter) whispered(ctx context.Context, out *api.FrameWriter, b *workbench, messages []models.Message) error {
	for i := range messages {
		m := &messages[i]
		if !m.IsWhisper() || m.SenderID == f.agent.ID {
			continue
		}
		by, err := b.nameOf(ctx, m.SenderID)
		if err != nil {
			return err
		}
		out.Add("whispered", m.Version, whisperedEvent{m.ChatID, by, present.Shorten(m.Content, 120)})
	}
	return nil
}

// assist returns what the agent asks of supervisors in a chat, and what they do there.
func (b *workbench) assist(ctx context.Context, c *models.AgentChat) (a view.Assist, err error) {
	a = view.Assist{CSRF: b.csrf, ChatID: c.ID}
	if c.Status != models.Active || c.ServedBy() != b.self.ID {
		return a, nil
	}
	if c.HandRaisedAt != nil {
		a.HandSince, a.HandLine = *c.HandRaisedAt, present.Deref(c.HandLine)
	}
	if a.Joined, err = b.namesOf(ctx, c.JoinedIDs); err != nil {
		return a, err
	}
	if b.desk.Settings().ShowWatchers {
		a.Watching, err = b.namesOf(ctx, c.WatcherIDs)
	}
	return a, err
}

// namesOf returns the names of agents in one text.
func (b *workbench) namesOf(ctx context.Context, ids []string) (string, error) {
	var names []string
	for _, id := range ids {
		name, err := b.nameOf(ctx, id)
		if err != nil {
			return "", err
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return text.List(ctx, names), nil
}
