package workbench

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/present"
)

// threadOf is the conversation as an agent sees it, without its messages.
func threadOf(ctx context.Context, c *models.AgentChat) chat.Thread {
	return chat.Thread{ChatID: c.ID, Label: text.T(ctx, "workbench.conversation", "Name", c.UserName), Other: present.ShortName(c.UserName),
		Me: chat.FromAgent, MeName: text.T(ctx, "ui.you"), Desk: true, History: present.HistoryAt("/workbench/chats/" + url.PathEscape(c.ID))}
}

// bubble is a message as an agent sees it: every agent is the own side, and is named.
func (b *workbench) bubble(ctx context.Context, userName string, m *models.Message) (chat.Message, error) {
	said := chat.Message{ID: m.ID, ChatID: m.ChatID, ClientID: present.Deref(m.ClientMessageID), Text: m.Content, At: m.CreatedAt, Status: string(m.Status), To: present.ShortName(userName),
		File: present.FileView(b.links, m, "/workbench")}
	switch m.SenderType {
	case models.FromSystem:
		said.From, said.Text = chat.FromSystem, b.systemWords(ctx, m)
		return said, nil
	case models.FromUser:
		said.From, said.Name = chat.FromUser, present.ShortName(userName)
		return said, nil
	}
	said.From, said.Mine, said.Name = chat.FromAgent, true, text.T(ctx, "ui.you")
	if m.Type == models.Note {
		said.From = chat.FromNote
	}
	if m.SenderID == b.self.ID {
		return said, nil
	}
	name, err := b.nameOf(ctx, m.SenderID)
	said.Name = name
	return said, err
}

// systemWords are the lines of the system as agents read them; users are told the same in their own way.
func (b *workbench) systemWords(ctx context.Context, m *models.Message) string {
	if m.SystemKind == nil {
		return m.Content
	}
	args := m.SystemArgs
	switch *m.SystemKind {
	case models.SystemJoined:
		seconds, _ := strconv.Atoi(args["wait_seconds"])
		if seconds < 5 {
			return text.T(ctx, "workbench.said.joined_at_once", "Name", args["agent"])
		}
		return text.T(ctx, "workbench.said.joined", "Name", args["agent"], "Time", text.Spoken(ctx, time.Duration(seconds)*time.Second))
	case models.SystemReturned:
		return text.T(ctx, "workbench.said.returned", "Name", args["agent"])
	case models.SystemRequeued:
		return text.T(ctx, "workbench.said.requeued", "Name", args["agent"])
	case models.SystemTransferred:
		return text.T(ctx, "workbench.said.transferred", "Name", args["from"], "Other", args["to"])
	case models.SystemBrought:
		return text.T(ctx, "workbench.said.brought")
	case models.SystemGoesOn:
		if args["agent"] == "" {
			return text.T(ctx, "workbench.said.goes_on")
		}
		return text.T(ctx, "workbench.said.goes_on_with", "Name", args["agent"])
	case models.SystemIdleWarning:
		seconds, _ := strconv.Atoi(args["seconds"])
		return text.T(ctx, "workbench.said.idle_warning", "Time", text.Spoken(ctx, time.Duration(seconds)*time.Second))
	}
	return m.Content
}

func (b *workbench) head(c *models.AgentChat) view.Head {
	h := view.Head{CSRF: b.csrf, ChatID: c.ID, Name: c.UserName, Verified: c.UserIsVerified, Claimed: c.NameIsUnverified, State: stateOf(&c.Chat), Began: c.CreatedAt,
		PageURL: present.Deref(c.PageURL), Page: present.PageName(&c.Chat), CanWrite: c.Status == models.Active && c.ServedBy() == b.self.ID}
	if c.AssignedAt != nil {
		h.Began, h.Waited = *c.AssignedAt, c.AssignedAt.Sub(c.QueuedAt)
	}
	if c.AwaitingReplySince != nil {
		h.Owed = *c.AwaitingReplySince
	}
	if c.EndedAt != nil {
		h.Ended = *c.EndedAt
	}
	return h
}

// write is the composer's state: open for whoever serves the chat, else the reason why not.
func (b *workbench) write(ctx context.Context, c *models.AgentChat) (w view.Write, err error) {
	w = view.Write{CSRF: b.csrf, ChatID: c.ID, Name: c.UserName}
	switch {
	case c.Status == models.Ended:
		w.Closed, w.Reason, w.Type, w.At = "ended", present.Deref(c.EndedReason), present.Deref(c.EndedType), *c.EndedAt
		w.Rating, w.Remark, w.Outcome = c.Rating, present.Deref(c.RatingComment), present.Deref(c.EndComment)
		w.By, err = b.nameOf(ctx, c.ServedBy())
	case c.Status == models.Waiting:
		w.Closed = "returned"
	case c.ServedBy() != b.self.ID:
		w.Closed = "moved"
		w.By, err = b.nameOf(ctx, c.ServedBy())
	}
	return w, err
}

func (b *workbench) person(ctx context.Context, c *models.AgentChat, messages []models.Message) (view.Person, error) {
	p := view.Person{ChatID: c.ID, Name: c.UserName, Verified: c.UserIsVerified, Email: present.Deref(c.UserEmail), PageURL: present.Deref(c.PageURL), Page: present.PageName(&c.Chat), Came: c.CreatedAt}
	u, err := b.desk.UserByID(ctx, c.UserID)
	if err != nil {
		return p, err
	}
	p.Anonymous = u.Name == nil && !u.IsVerified
	p.Language = present.LanguageName(ctx, u.Locale)
	if p.Dept, err = b.departmentName(ctx, c.Department); err != nil {
		return p, err
	}
	if len(messages) == 0 || messages[0].Seq > 1 {
		if messages, err = b.desk.Messages(ctx, b.actor(), c.ID, 0, 10); err != nil {
			return p, err
		}
	}
	for _, m := range messages {
		if m.SenderType == models.FromUser {
			p.First = present.Shorten(chat.Says(ctx, string(m.Type), m.Content), 160)
			break
		}
	}
	p.Earlier, p.EarlierOf, err = b.earlier(ctx, c)
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

// earlier are the other chats of the same person, newest first, and how many there are.
func (b *workbench) earlier(ctx context.Context, c *models.AgentChat) ([]view.Earlier, int, error) {
	chats, err := b.desk.ChatsWithUser(ctx, b.actor(), c.UserID)
	if err != nil {
		return nil, 0, err
	}
	var shown []view.Earlier
	n := 0
	for i := range chats {
		o := &chats[i].Chat
		if o.ID == c.ID || o.IsOpen() {
			continue
		}
		if n++; n > earlierShown {
			continue
		}
		e := view.Earlier{ChatID: o.ID, At: o.CreatedAt, Rating: o.Rating, Linked: o.ServedBy() == b.self.ID || b.actor().AtLeast(models.RoleSupervisor)}
		if o.AssignedAt != nil {
			e.Lasted = o.EndedAt.Sub(*o.AssignedAt)
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
