package workbench

import (
	"context"
	"net/url"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/present"
)

// threadOf returns the conversation as an agent sees it, without its messages.
func threadOf(ctx context.Context, c *models.AgentChat) chat.Thread {
	return chat.Thread{
		ChatID: c.ID, Label: text.T(ctx, "workbench.conversation", "Name", c.UserName), Other: api.ShortName(c.UserName),
		Me: chat.FromAgent, MeName: text.T(ctx, "ui.you"), Desk: true,
		History: present.HistoryAt("/workbench/chats/" + url.PathEscape(c.ID)),
	}
}

// bubble returns a message as agents see it: messages of all agents are on the agent's side, with the name of the sender.
func (b *workbench) bubble(ctx context.Context, userName string, m *models.Message) (chat.Message, error) {
	message := chat.Message{
		ID: m.ID, ChatID: m.ChatID, ClientID: present.Deref(m.ClientMessageID), Text: m.Content, At: m.CreatedAt,
		Status: string(m.Status), To: api.ShortName(userName),
		File: present.FileView(b.links, m, "/workbench"),
	}
	present.AddChanges(&message, m)
	switch m.SenderType {
	case models.FromSystem:
		message.From, message.Text = chat.FromSystem, api.MessageText(ctx, m, api.ForAgent)
		return message, nil
	case models.FromUser:
		message.From, message.Name = chat.FromUser, api.ShortName(userName)
		return message, nil
	}
	message.From, message.Mine, message.Name = chat.FromAgent, true, text.T(ctx, "ui.you")
	if m.Type == models.Note {
		message.From = chat.FromNote
	}
	if m.SenderID == b.self.ID {
		message.ChangeUntil = present.ChangeUntil(m, b.desk.Settings().EditPeriod)
		return message, nil
	}
	name, err := b.nameOf(ctx, m.SenderID)
	message.Name = name
	return message, err
}

func (b *workbench) head(c *models.AgentChat) view.ChatHeader {
	h := view.ChatHeader{
		CSRF:             b.csrf,
		ChatID:           c.ID,
		Name:             c.UserName,
		Verified:         c.UserIsVerified,
		NameIsUnverified: c.NameIsUnverified,
		State:            stateOf(&c.Chat),
		Began:            c.CreatedAt,
		PageURL:          present.Deref(c.PageURL),
		Page:             present.PageName(&c.Chat),
		CanWrite:         c.Status == models.Active && c.ServedBy() == b.self.ID,
	}
	if c.AssignedAt != nil {
		h.Began, h.Waited = *c.AssignedAt, c.AssignedAt.Sub(c.QueuedAt)
	}
	if c.AwaitingReplySince != nil {
		h.AwaitingReplySince = *c.AwaitingReplySince
	}
	if c.EndedAt != nil {
		h.Ended = *c.EndedAt
	}
	return h
}

// composer returns the state of the composer: open for the agent who serves the chat, otherwise closed with the reason.
func (b *workbench) composer(ctx context.Context, c *models.AgentChat) (w view.ComposerData, err error) {
	w = view.ComposerData{CSRF: b.csrf, ChatID: c.ID, Name: c.UserName}
	switch {
	case c.Status == models.Ended:
		w.Closed, w.Reason, w.Type, w.At = "ended", present.Deref(c.EndedReason), present.Deref(c.EndedType), *c.EndedAt
		w.Rating, w.RatingComment, w.EndComment = c.Rating, present.Deref(c.RatingComment), present.Deref(c.EndComment)
		w.RatingReasons = present.RatingReasons(ctx, &c.Chat)
		b.addWrapUp(&w, &c.Chat)
		w.By, err = b.nameOf(ctx, c.ServedBy())
	case c.Status == models.Waiting:
		w.Closed = "returned"
	case c.ServedBy() != b.self.ID:
		w.Closed = "moved"
		w.By, err = b.nameOf(ctx, c.ServedBy())
	}
	return w, err
}

// userOf returns what the row of a chat contains about its user.
func userOf(ctx context.Context, c *models.AgentChat) view.UserPanel {
	p := view.UserPanel{
		ChatID: c.ID, Name: c.UserName, Verified: c.UserIsVerified, Anonymous: c.User.Name == "" && !c.UserIsVerified,
		Email: present.Deref(c.UserEmail), Language: present.LanguageName(ctx, c.User.Locale), Locale: c.User.Locale,
		PageURL: present.Deref(c.PageURL), Page: present.PageName(&c.Chat), StartedAt: c.CreatedAt,
	}
	if !models.IsBlank(c.User.Name) {
		p.KnownName, p.FirstName = c.UserName, api.ShortName(c.UserName)
	}
	return p
}

func (b *workbench) userPanel(ctx context.Context, c *models.AgentChat, messages []models.Message) (view.UserPanel, error) {
	p := userOf(ctx, c)
	var err error
	if p.Department, err = b.departmentName(ctx, c.Department); err != nil {
		return p, err
	}
	if len(messages) == 0 || messages[0].Seq > 1 {
		if messages, err = b.desk.Messages(ctx, b.actor(), c.ID, 0, 10); err != nil {
			return p, err
		}
	}
	for _, m := range messages {
		if m.SenderType == models.FromUser && !m.IsWithdrawn() {
			p.FirstMessage = present.Shorten(chat.Says(ctx, string(m.Type), m.Content), 160)
			break
		}
	}
	p.Earlier, p.EarlierTotal, err = b.earlier(ctx, c)
	return p, err
}

func (b *workbench) departmentName(ctx context.Context, slug *string) (string, error) {
	if slug == nil {
		return "", nil
	}
	departments, err := b.desk.Departments(ctx)
	for _, d := range departments {
		if d.Slug == *slug {
			return d.Name, nil
		}
	}
	return *slug, err
}

// earlier returns the last ended chats of the same user without this one, newest first, and how many there are in all.
func (b *workbench) earlier(ctx context.Context, c *models.AgentChat) ([]view.EarlierChat, int, error) {
	chats, err := b.desk.ChatsWithUser(ctx, b.actor(), c.UserID)
	if err != nil {
		return nil, 0, err
	}
	var shown []view.EarlierChat
	n := 0
	for i := range chats {
		o := &chats[i].Chat
		if o.ID == c.ID || o.IsOpen() {
			continue
		}
		if n++; n > earlierShown {
			continue
		}
		e := view.EarlierChat{ChatID: o.ID, At: o.CreatedAt, Rating: o.Rating, Linked: o.ServedBy() == b.self.ID ||
			b.actor().AtLeast(models.RoleSupervisor)}
		if o.AssignedAt != nil {
			e.Duration = o.EndedAt.Sub(*o.AssignedAt)
			if e.Agent, err = b.nameOf(ctx, o.ServedBy()); err != nil {
				return nil, 0, err
			}
			if o.ServedBy() == b.self.ID {
				e.Agent = text.T(ctx, "ui.you")
			}
		}
		shown = append(shown, e)
	}
	return shown, n, nil
}
