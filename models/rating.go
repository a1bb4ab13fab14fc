package models

import (
	"context"
	"math"
)

// Rate stores the user's rating of an ended chat, once: 1 to 5 in steps of 0.5, comment at most 1,000 characters. Anything else is
// validation_failed; an open chat is 409 chat_not_ended, a second rating 409 already_rated.
func (d *Desk) Rate(ctx context.Context, actor Actor, chatID string, rating float64, comment string) error {
	if math.IsNaN(rating) || rating < 1 || rating > 5 || rating*2 != math.Trunc(rating*2) {
		return invalid("rating", fieldOutOfBounds, "rating must be a number from 1 to 5 in steps of 0.5.")
	}
	words, err := d.optionalMessageText("comment", comment, 1000)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsUser() || !actor.isParticipant(c) {
			return chatNotFound()
		}
		if c.Status != Ended {
			return conflict("chat_not_ended", "You can rate a chat after it has ended.")
		}
		if c.Rating != nil {
			return conflict("already_rated", "You have already rated this chat.")
		}
		c.Rating, c.RatingComment, c.RatedAt = &rating, words, ptr(t.now)
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c}})
		if c.AgentID == nil {
			return nil
		}
		if _, err := t.NewRaw(`UPDATE agents SET rating_sum = rating_sum + ?, rating_count = rating_count + 1 WHERE id = ?`, rating, *c.AgentID).Exec(ctx); err != nil {
			return err
		}
		a, err := d.agent(ctx, t, *c.AgentID)
		if err != nil {
			return err
		}
		t.emit(a.presenceEvent(false))
		return nil
	})
}

// Ratings returns the agent with its average and count: anyone's to supervisors, to agents their own, else 403 not_your_rating.
func (d *Desk) Ratings(ctx context.Context, actor Actor, agentID string) (*Agent, error) {
	if actor.ID != agentID && !actor.AtLeast(RoleSupervisor) {
		return nil, forbidden("not_your_rating", "Only supervisors can see the ratings of other agents.")
	}
	return d.AgentByID(ctx, agentID)
}

// AllRatings returns everybody's to supervisors, to agents their own.
func (d *Desk) AllRatings(ctx context.Context, actor Actor) ([]Agent, error) {
	if actor.AtLeast(RoleSupervisor) {
		return d.Agents(ctx)
	}
	a, err := d.AgentByID(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	return []Agent{*a}, nil
}
