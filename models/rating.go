package models

import (
	"context"
	"math"
	"slices"
)

// Rate is RateWithReasons without reasons.
func (d *Desk) Rate(ctx context.Context, actor Actor, chatID string, rating float64, comment string) error {
	return d.RateWithReasons(ctx, actor, chatID, rating, comment, nil)
}

// RateWithReasons stores the user's rating of an ended chat and adds it to the agent's average. The rating is 1 to 5 in
// steps of 0.5, the comment at most 1,000 characters, and reasons are the ids of at most [MaxRatingReasons] reasons that are
// offered for the rating; anything else is validation_failed. Only the chat's user may rate, to all others it is 404
// chat_not_found. An open chat is 409 chat_not_ended, a second rating 409 already_rated.
func (d *Desk) RateWithReasons(ctx context.Context, actor Actor, chatID string, rating float64, comment string, reasons []int64) error {
	if !isRating(rating) {
		return invalid("rating", fieldOutOfBounds, "rating must be a number from 1 to 5 in steps of 0.5.")
	}
	text, err := d.optionalMessageText("comment", comment, 1000)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsUser() || !actor.isParticipant(c) {
			return ErrChatNotFound
		}
		if c.Status != Ended {
			return ErrChatNotEnded.WithDetail("You can rate a chat after it has ended.")
		}
		if c.Rating != nil {
			return conflict("already_rated", "You have already rated this chat.")
		}
		chosen, err := t.chosenReasons(ctx, rating, slices.Clone(reasons))
		if err != nil {
			return err
		}
		change := t.change(c)
		change.Rated, change.Chat.RatingReasons = true, chosen
		change.Chat.Rating, change.Chat.RatingComment, change.Chat.RatedAt = &rating, text, &change.now
		if err := t.save(ctx, change); err != nil {
			return err
		}
		if c.AgentID == nil {
			return nil
		}
		_, err = t.NewRaw(`UPDATE agents SET rating_sum = rating_sum + ?, rating_count = rating_count + 1 WHERE id = ?`,
			rating, *c.AgentID).Exec(ctx)
		if err != nil {
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

// isRating reports whether a number is a rating: 1 to 5 in steps of 0.5.
func isRating(n float64) bool { return n >= 1 && n <= 5 && n*2 == math.Trunc(n*2) }

// Ratings returns an agent, whose AvgRating and RatingCount are what was asked for. Supervisors get those of every
// agent, agents their own, all others 403 not_your_rating; an unknown agent is 404 agent_not_found.
func (d *Desk) Ratings(ctx context.Context, actor Actor, agentID string) (*Agent, error) {
	if actor.ID != agentID && !actor.AtLeast(RoleSupervisor) {
		return nil, forbidden("not_your_rating", "Only supervisors can see the ratings of other agents.")
	}
	return d.AgentByID(ctx, agentID)
}

// AllRatings returns all agents with their ratings to supervisors, and to an agent only that agent.
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
