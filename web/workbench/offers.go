package workbench

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// readOffers reads the open offers to and from the agent, and what the receiver reads of those chats.
func (b *workbench) readOffers(ctx context.Context) (err error) {
	if b.offers, err = b.desk.OpenOffers(ctx, b.actor()); err != nil {
		return err
	}
	b.offered = nil
	for i := range b.offers {
		if err := b.readOffered(ctx, &b.offers[i]); err != nil {
			return err
		}
	}
	return nil
}

// readOffered reads a chat that is offered to the agent. An offer that has been closed in the meantime is left out.
func (b *workbench) readOffered(ctx context.Context, o *models.Offer) error {
	if o.ToID != b.self.ID {
		return nil
	}
	c, err := b.desk.OfferedChat(ctx, b.actor(), o.ChatID)
	if errors.Is(err, models.ErrOfferNotFound) || errors.Is(err, models.ErrChatNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b.offered = append(b.offered, *c)
	return nil
}

// offerOf returns the open offer of one of the agent's own chats, nil for none.
func (b *workbench) offerOf(chatID string) *models.Offer {
	for i := range b.offers {
		if o := &b.offers[i]; o.ChatID == chatID && o.FromID == b.self.ID {
			return o
		}
	}
	return nil
}

// offerCards returns the chats that are offered to the agent, the next to expire first.
func (b *workbench) offerCards(ctx context.Context) []view.OfferCard {
	var cards []view.OfferCard
	for i := range b.offered {
		cards = append(cards, b.offerCard(ctx, &b.offered[i]))
	}
	return cards
}

func (b *workbench) offerCard(ctx context.Context, c *models.OfferedChat) view.OfferCard {
	card := view.OfferCard{
		CSRF: b.csrf, OfferID: c.ID, ChatID: c.ChatID, Name: c.UserName, From: c.FromName, ExpiresAt: c.ExpiresAt,
		Note: present.HandOverOf(&c.Offer),
	}
	if c.AwaitingReplySince != nil {
		card.AwaitingReplySince = *c.AwaitingReplySince
	}
	if u, err := url.Parse(present.Deref(c.PageURL)); err == nil && u.Hostname() != "" {
		card.Facts = append(card.Facts, u.Hostname())
	}
	for _, department := range []*string{c.Department, c.ChatDepartment} {
		if name := present.Deref(department); name != "" && !slices.Contains(card.Facts, name) {
			card.Facts = append(card.Facts, name)
		}
	}
	for i := range c.Messages {
		card.Messages = append(card.Messages, offeredMessage(ctx, c, &c.Messages[i]))
	}
	return card
}

func offeredMessage(ctx context.Context, c *models.OfferedChat, m *models.OfferedMessage) view.OfferedMessage {
	kind := string(m.Type)
	if m.Withdrawn {
		kind = chat.Withdrawn
	}
	out := view.OfferedMessage{
		From: "agent",
		Name: text.T(ctx, "workbench.offer.agent"),
		Text: present.Shorten(chat.Says(ctx, kind, m.Content), 240),
	}
	switch {
	case m.SenderType == models.FromUser:
		out.From, out.Name = "user", api.ShortName(c.UserName)
	case m.Type == models.Note:
		out.From, out.Name = "note", text.T(ctx, "workbench.write.note")
	}
	return out
}

// offerChanged renders an offer to or from the agent after it was made or closed.
func (f *frameWriter) offerChanged(ctx context.Context, out *api.FrameWriter, it live.OfferChanged) error {
	o := &it.Offer
	b := f.last.copy()
	b.offers = slices.DeleteFunc(slices.Clone(b.offers), func(other models.Offer) bool { return other.ID == o.ID })
	b.offered = slices.DeleteFunc(slices.Clone(b.offered), func(other models.OfferedChat) bool { return other.ID == o.ID })
	if o.State == models.OfferOpen {
		b.offers = append(b.offers, *o)
		if err := b.readOffered(ctx, o); err != nil {
			return err
		}
	}
	parts := f.changedParts(ctx, b)
	if c := b.chat(o.ChatID); c != nil && o.FromID == b.self.ID {
		parts = append(parts, view.Header(b.head(c)), view.OfferBar(b.head(c)))
	}
	if err := f.part(ctx, out, b, 0, parts...); err != nil {
		return err
	}
	out.Add(api.OfferEvent(o), 0, offerEvent{api.OfferOf(o), o.FromID == b.self.ID})
	return nil
}

// offerEvent is an offer for the scripts of the page.
type offerEvent struct {
	api.Offer
	IsMine bool `json:"is_mine"` // the agent made it
}
