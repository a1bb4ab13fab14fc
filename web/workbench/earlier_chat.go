package workbench

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// earlierShown is how many earlier chats the panel lists at once.
const earlierShown = 5

// EarlierChats lists the earlier chats of the user of a chat, and with q those in which that text was found.
func (h *Handlers) EarlierChats(c echo.Context) error {
	limit, err := kit.QueryLimit(c)
	if err != nil {
		return err
	}
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{}) // the fragment reads what it draws
	}
	var chats []models.EarlierChat
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)
	if c.QueryParam("q") != "" {
		chats, err = h.Desk.SearchUserChats(ctx, actor, id, c.QueryParam("q"))
	} else {
		chats, _, err = h.Desk.EarlierChats(ctx, actor, id, limit)
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(chats[:min(limit, len(chats))], api.EarlierChatOf)})
}

// EarlierList draws the list of earlier chats, or of those in which q was found.
func (h *Handlers) EarlierList(c echo.Context) (templ.Component, error) {
	b := h.workbenchOf(c)
	p := view.UserPanel{ChatID: kit.ChatID(c)}
	err := b.addEarlier(c.Request().Context(), &p, earlierQuery(c))
	return view.AboutEarlierList(p), err
}

// earlierFilter is which earlier chats are listed: those with a text, else the last ones, or with all the last 200.
type earlierFilter struct {
	text string
	all  bool
}

func earlierQuery(c echo.Context) earlierFilter {
	return earlierFilter{text: c.QueryParam("q"), all: c.QueryParam("earlier") == "all"}
}

// EarlierMessagesOf lists the messages of an earlier chat of the user of a chat, the latest 50 before before_id, or up to 200 by limit.
func (h *Handlers) EarlierMessagesOf(c echo.Context) error {
	limit, err := kit.QueryLimit(c)
	if err != nil {
		return err
	}
	if _, err := kit.QueryInt(c, "after_id", 0); err != nil {
		return err
	}
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return err
	}
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{}) // the fragment reads what it draws
	}
	ctx := c.Request().Context()
	_, found, _, err := h.Desk.EarlierMessages(ctx, kit.ActorOf(c), kit.ChatID(c), kit.PathID(c, "earlier_id"), before, limit)
	if err != nil {
		return err
	}
	links := h.FileLinks(c)
	return h.Respond(c, kit.Result{JSON: api.Map(found, func(m *models.Message) api.Message { return links.MessageOf(ctx, m) })})
}

// EarlierPart draws the messages of an earlier chat before one.
func (h *Handlers) EarlierPart(c echo.Context) (templ.Component, error) {
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return nil, err
	}
	r, err := h.workbenchOf(c).reader(c.Request().Context(), kit.ChatID(c), kit.PathID(c, "earlier_id"), before)
	if err != nil {
		return nil, err
	}
	return view.ReaderPart(*r), nil
}

// EarlierChat shows an earlier chat in a drawer beside the chat; without scripts it is the page of the chat with that drawer.
func (h *Handlers) EarlierChat(c echo.Context) error {
	ctx, id, earlierID := c.Request().Context(), kit.ChatID(c), kit.PathID(c, "earlier_id")
	r, err := h.workbenchOf(c).reader(ctx, id, earlierID, kit.PageBefore(c))
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.Fragment && c.Request().Header.Get("HX-Target") == "reader-place" {
		return h.Render(c, http.StatusOK, view.ReaderPlace(r))
	}
	b, err := h.readWorkbench(c)
	if err != nil {
		return err
	}
	open, err := b.open(ctx, id, "", 0)
	if err != nil {
		return err
	}
	open.Reader = r
	return h.renderWorkbench(c, http.StatusOK, b, open)
}

// reader reads an earlier chat with its messages before one, 0 for the last ones.
func (b *workbench) reader(ctx context.Context, chatID, earlierID string, before int64) (*view.Reader, error) {
	earlier, messages, hasEarlier, err := b.desk.EarlierMessages(ctx, b.actor(), chatID, earlierID, before, present.ThreadMessages)
	if err != nil {
		return nil, err
	}
	r := &view.Reader{ChatID: chatID, At: earlier.CreatedAt}
	if r.Thread, err = b.thread(ctx, earlier, messages); err != nil {
		return nil, err
	}
	for i := range r.Thread.Messages {
		r.Thread.Messages[i].ChangeUntil = time.Time{}
	}
	page := "/workbench/chats/" + url.PathEscape(chatID) + "/user/chats/" + url.PathEscape(earlierID)
	r.Thread.History = chat.History{Page: page, Load: page + "/messages", Before: before, HasEarlier: hasEarlier}
	r.Chat, err = b.earlierView(ctx, chatID, &models.EarlierChat{Chat: earlier.Chat, CanRead: true})
	return r, err
}

// addEarlier adds the earlier chats of the user, or those in which a text was found. A text that is too short or too long is an error of
// the field.
func (b *workbench) addEarlier(ctx context.Context, p *view.UserPanel, f earlierFilter) error {
	limit := earlierShown
	if f.all {
		limit = models.MaxLimit
	}
	chats, total, err := b.desk.EarlierChats(ctx, b.actor(), p.ChatID, limit)
	if err != nil {
		return err
	}
	p.EarlierTotal, p.Query = total, f.text
	if f.text != "" {
		found, err := b.desk.SearchUserChats(ctx, b.actor(), p.ChatID, f.text)
		switch models.CodeOf(err) {
		case "":
			chats, p.Found = found, true
		case "validation_failed":
			p.QueryError = text.T(ctx, "workbench.person.search_length")
		}
		if err != nil && p.QueryError == "" {
			return err
		}
	}
	for i := range chats {
		e, err := b.earlierView(ctx, p.ChatID, &chats[i])
		if err != nil {
			return err
		}
		p.Earlier = append(p.Earlier, e)
	}
	return nil
}

func (b *workbench) earlierView(ctx context.Context, chatID string, o *models.EarlierChat) (view.EarlierChat, error) {
	e := view.EarlierChat{
		ChatID:     o.ID,
		Running:    chatID,
		At:         o.CreatedAt,
		Rating:     o.Rating,
		Linked:     o.CanRead,
		Outcome:    present.Deref(o.Outcome),
		Tags:       o.Tags,
		Department: present.Deref(o.DepartmentName),
		First:      present.Shorten(present.Deref(o.FirstText), 120),
	}
	for _, hit := range o.Hits {
		e.Hits = append(e.Hits, view.Hit{ID: hit.MessageID, Before: hit.Before, Match: hit.Match, After: hit.After})
	}
	if o.AssignedAt == nil {
		return e, nil
	}
	e.Duration = o.EndedAt.Sub(*o.AssignedAt)
	var err error
	if e.Agent = present.Deref(o.AgentName); e.Agent == "" {
		e.Agent, err = b.nameOf(ctx, o.ServedBy())
	}
	if o.ServedBy() == b.self.ID {
		e.Agent = text.T(ctx, "ui.you")
	}
	return e, err
}
