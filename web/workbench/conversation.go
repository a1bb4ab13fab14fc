package workbench

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
		ID: m.ID, ChatID: m.ChatID, ClientID: present.Deref(m.ClientMessageID), Text: m.ContentWithReplies(), At: m.CreatedAt,
		Status: string(m.Status), To: api.ShortName(userName), Bot: m.ByBot,
		File: present.FileView(b.links, m, "/workbench"), Mail: present.MailPath(m),
	}
	present.AddChanges(&message, m)
	switch m.SenderType {
	case models.FromSystem:
		message.From, message.Text = chat.FromSystem, api.MessageText(ctx, m, api.ForAgent)
		if earlier := present.FollowedChat(
			m,
		); earlier != "" &&
			(b.desk.Settings().ShareHistory || b.actor().AtLeast(models.RoleSupervisor)) {
			message.Follows = chat.Link{
				Path: "/workbench/chats/" + url.PathEscape(m.ChatID) + "/user/chats/" + url.PathEscape(earlier), ChatID: earlier,
			}
		}
		return message, nil
	case models.FromUser:
		message.From, message.Name = chat.FromUser, api.ShortName(userName)
		return message, nil
	}
	message.From, message.Mine, message.Name = chat.FromAgent, true, text.T(ctx, "ui.you")
	switch {
	case m.IsWhisper():
		message.From = chat.FromWhisper
	case m.Type == models.Note:
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
	if c.IsMessage() {
		h.IsMessage, h.UserIsHere, h.Email = true, c.UserHereAt != nil && c.IsOpen(), present.Deref(c.ContactEmail)
		h.ReplyDebt = b.replyDebt(&c.Chat)
	}
	if o := b.offerOf(c.ID); o != nil {
		h.OfferTo, h.OfferUntil = o.ToName, o.ExpiresAt
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

// attributesOf returns attributes by name, each with a name that people read: "plan_level" is "Plan level".
func attributesOf(attributes models.Attributes) []view.Attribute {
	var shown []view.Attribute
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		words := []rune(strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(key)))
		if len(words) == 0 {
			words = []rune(key)
		}
		words[0] = unicode.ToUpper(words[0])
		a := view.Attribute{Key: key, Name: string(words)}
		switch v := attributes[key].(type) {
		case bool:
			a.Bool = &v
			a.Value = strconv.FormatBool(v)
		default:
			a.Value = fmt.Sprint(v)
		}
		shown = append(shown, a)
	}
	return shown
}

// pageTitle returns the title of a page, else its address without the scheme.
func pageTitle(p *models.VisitedPage) string {
	return present.PageName(&models.Chat{PageURL: &p.URL, PageTitle: p.Title})
}

// userOf returns what the row of a chat contains about its user.
func userOf(ctx context.Context, c *models.AgentChat) view.UserPanel {
	p := view.UserPanel{
		ChatID: c.ID, Name: c.UserName, Verified: c.UserIsVerified, Anonymous: c.User.Name == "" && !c.UserIsVerified,
		Email: present.Deref(c.UserEmail), Language: present.LanguageName(ctx, c.User.Locale), Locale: c.User.Locale,
		PageURL: present.Deref(c.PageURL), Page: present.PageName(&c.Chat), StartedAt: c.CreatedAt,
		Attributes: attributesOf(c.User.Attributes),
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
	if p.Answers, err = b.answers(ctx, &c.Chat); err != nil {
		return p, err
	}
	if p.Pages, err = b.pages(ctx, c.ID); err != nil {
		return p, err
	}
	if err = b.addProfile(ctx, &p); err != nil {
		return p, err
	}
	p.CanMail, p.IsMessage, p.TimeZone = b.desk.CanMail() && c.TotalMessages > 0, c.IsMessage(), b.self.TimeZone
	if p.MailTo = present.Deref(c.ContactEmail); p.MailTo == "" {
		p.MailTo = p.Email
	}
	return p, b.addEarlier(ctx, &p, earlierFilter{})
}

// answers returns what the user of a chat answered.
func (b *workbench) answers(ctx context.Context, c *models.Chat) ([]chat.Answer, error) {
	answers, err := b.desk.AnswersOf(ctx, c)
	return present.Answers(ctx, answers), err
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
