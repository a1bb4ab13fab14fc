package workbench

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

const (
	endedShown = 5  // of the last ended chats in the list
	endedRead  = 20 // ended chats that are read, for the cursor
)

// workbench is the data of one agent's workbench, as it was read from the desk at one time.
type workbench struct {
	desk       *models.Desk
	links      api.FileLinks
	at         time.Time
	csrf       string
	lang       string // of the agent
	self       *models.Agent
	reasons    []models.BreakReason // that the agent can choose for a break
	chats      []models.AgentChat   // active ones, then the last ended and those to wrap up
	offers     []models.Offer       // open ones, to and from the agent
	offered    []models.OfferedChat // of those to the agent
	overview   models.Overview
	overviewAt time.Time         // when overview was read
	names      map[string]string // of agents by id, as far as they were needed

	departments map[string]string // names by short name, if a reminder of a closing needs one
}

// readWorkbench reads the workbench of the caller. Its time is taken before anything is read, since the cursor of the page's stream must
// not be ahead of what the page shows.
func (h *Handlers) readWorkbench(c echo.Context) (*workbench, error) {
	b := &workbench{
		desk: h.Desk, links: h.PageFileLinks(), at: time.Now(), csrf: kit.CSRFToken(c), lang: text.Lang(c.Request().Context()),
	}
	b.overviewAt = b.at
	parts, ctx := errgroup.WithContext(c.Request().Context())
	parts.Go(func() error { return b.read(ctx, kit.AgentOf(c).ID) })
	parts.Go(func() (err error) {
		b.overview, err = h.Desk.Overview(ctx)
		return err
	})
	return b, parts.Wait()
}

func (b *workbench) read(ctx context.Context, agentID string) (err error) {
	if b.self, err = b.desk.AgentByID(ctx, agentID); err != nil {
		return err
	}
	if b.reasons, err = b.desk.BreakReasons(ctx); err != nil {
		return err
	}
	if b.chats, err = b.desk.ChatsOfAgent(
		ctx,
		agentID,
		models.ChatFilter{Limit: min(b.self.Load+b.self.MessageLoad+endedRead, 200)},
	); err != nil {
		return err
	}
	toWrapUp, err := b.desk.ChatsToWrapUp(ctx, agentID)
	for i := range toWrapUp {
		if b.chat(toWrapUp[i].ID) == nil {
			b.chats = append(b.chats, toWrapUp[i])
		}
	}
	b.sort()
	if err != nil {
		return err
	}
	if err := b.readClosing(ctx); err != nil {
		return err
	}
	return b.readOffers(ctx)
}

func (b *workbench) actor() models.Actor { return models.AgentActor(b.self) }

// cursor returns the cursor from which the stream of the page continues.
func (b *workbench) cursor() string {
	var shown []models.Chat
	for i := range b.chats {
		c := &b.chats[i].Chat
		if c.EndedAt == nil || b.at.Sub(*c.EndedAt) < present.EndedChatWindow {
			shown = append(shown, *c)
		}
	}
	return live.Cursor(b.at, shown...)
}

// parts returns the parts of the page that do not belong to one chat.
func (b *workbench) parts(ctx context.Context) []templ.Component {
	return []templ.Component{
		view.Status(
			b.me(),
		),
		view.Lost(b.me()),
		view.PresenceNote(b.me()),
		view.CapacityNote(b.me()),
		view.ClosingNote(b.closing()),
		view.ReminderRules(b.reminders()),
		view.Queue(b.queueSummary()),
		view.NoChat(b.empty()),
		view.Offers(b.offerCards(ctx)),
		view.Chats(b.list()),
	}
}

// chatParts returns the header and the composer of a chat. For a chat that this agent may no longer see it is only a closed composer.
func (b *workbench) chatParts(ctx context.Context, id string) ([]templ.Component, error) {
	c := b.chat(id)
	if c == nil {
		var err error
		c, err = b.desk.Chat(ctx, b.actor(), id)
		if errors.Is(err, models.ErrChatNotFound) {
			return []templ.Component{view.Composer(view.ComposerData{ChatID: id, Closed: "left"})}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	w, err := b.composer(ctx, c)
	if err != nil {
		return nil, err
	}
	a, err := b.assist(ctx, c)
	return []templ.Component{view.Header(b.head(c)), view.OfferBar(b.head(c)), view.AssistBar(a), view.Composer(w)}, err
}

// open reads a chat with everything that is shown next to the list. Its messages end before the one with the id before, 0 for
// the last ones.
func (b *workbench) open(ctx context.Context, id, dialog string, before int64) (*view.OpenChat, error) {
	c, err := b.desk.Chat(ctx, b.actor(), id)
	if err != nil {
		return nil, err
	}
	messages, hasEarlier, err := b.desk.MessagesBefore(ctx, b.actor(), id, before, present.ThreadMessages)
	if err != nil {
		return nil, err
	}
	o := &view.OpenChat{Head: b.head(c), Dialog: dialog}
	if o.Thread, err = b.thread(ctx, c, messages); err != nil {
		return nil, err
	}
	o.Thread.History.Before, o.Thread.History.HasEarlier = before, hasEarlier
	if o.Composer, err = b.composer(ctx, c); err != nil {
		return nil, err
	}
	if o.Assist, err = b.assist(ctx, c); err != nil {
		return nil, err
	}
	if o.User, err = b.userPanel(ctx, c, messages); err != nil {
		return nil, err
	}
	if o.HandOver, err = present.HandOver(ctx, b.desk, b.actor(), id); err != nil {
		return nil, err
	}
	switch {
	case dialog == "transfer" && o.Head.CanWrite:
		o.Transfer, err = b.transfer(ctx, id)
	case dialog == "end" && o.Head.CanWrite, dialog == "wrap-up" && o.Composer.CanWrapUp:
		o.WrapUp, err = b.wrapUp(ctx, id, dialog == "wrap-up")
	}
	return o, err
}

func (b *workbench) thread(ctx context.Context, c *models.AgentChat, messages []models.Message) (chat.Thread, error) {
	t := threadOf(ctx, c)
	for i := range messages {
		m, err := b.bubble(ctx, c.UserName, &messages[i])
		if err != nil {
			return t, err
		}
		t.Messages = append(t.Messages, m)
	}
	return t, nil
}

// transfer reads the agents who can take over the chat, those with the lowest load first, and the departments.
func (b *workbench) transfer(ctx context.Context, id string) (*view.Transfer, error) {
	c, err := b.desk.Chat(ctx, b.actor(), id)
	if err != nil {
		return nil, err
	}
	options, err := b.desk.TransferOptions(ctx, b.actor(), id)
	if err != nil {
		return nil, err
	}
	return b.transferOptions(c, options), nil
}

// nameOf returns the name of another agent, "" for no agent and for the agent of this workbench.
func (b *workbench) nameOf(ctx context.Context, agentID string) (string, error) {
	if agentID == "" || agentID == b.self.ID {
		return "", nil
	}
	name, known := b.names[agentID]
	if !known {
		a, err := b.desk.AgentByID(ctx, agentID)
		switch {
		case err == nil:
			name = a.Name
		case !errors.Is(err, models.ErrAgentNotFound):
			return "", err
		}
		b.rememberName(agentID, name)
	}
	return name, nil
}

func (b *workbench) rememberName(agentID, name string) {
	if b.names == nil {
		b.names = map[string]string{}
	}
	b.names[agentID] = name
}
