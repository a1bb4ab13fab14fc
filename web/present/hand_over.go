package present

import (
	"context"

	"parley/models"
	"parley/views/chat"
)

// HandOver returns the note of the agent who handed a chat over last, empty for none. It refuses as [models.Desk.HandOver].
func HandOver(ctx context.Context, desk *models.Desk, actor models.Actor, chatID string) (chat.HandOver, error) {
	o, found, err := desk.HandOver(ctx, actor, chatID)
	if err != nil || !found {
		return chat.HandOver{}, err
	}
	return HandOverOf(o), nil
}

// HandOverOf returns the note of an offer. For an offer that was not accepted, its time is when it was made.
func HandOverOf(o *models.Offer) chat.HandOver {
	at := o.MadeAt
	if o.HandedOverAt != nil {
		at = *o.HandedOverAt
	}
	return chat.HandOver{From: o.FromName, At: at, Wants: o.Wants, Tried: o.Tried, Promised: o.Promised}
}
