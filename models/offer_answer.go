package models

import (
	"context"
	"errors"
)

// AcceptOffer moves a chat that is offered to the actor to the actor, and returns it. The actor's reserved place becomes load in
// the same statement. To accept again changes nothing.
//
// To an agent who was never offered the chat it is 404 chat_not_found, or offer_not_found if the agent may read the
// chat. An offer whose time is over is 409 offer_expired, one that was answered or withdrawn 409 offer_closed. An actor who
// is not online gets 409 agent_not_online, and one whose places were filled by an earlier release or whose capacity was
// lowered 409 agent_at_capacity; the offer then stays open.
func (d *Desk) AcceptOffer(ctx context.Context, actor Actor, chatID string) (*Offer, *Chat, error) {
	return d.answerOffer(ctx, actor, chatID, OfferAccepted, func(ctx context.Context, t *tx, change *chatChange, o *Offer) error {
		agents, err := d.lockAgents(ctx, t, o.FromID, o.ToID)
		if err != nil {
			return err
		}
		from, to := agents[o.FromID], agents[o.ToID]
		// Of several offers the first that is accepted takes the place. The receiver may use up an extra chat for it.
		if err := to.checkCanBeGiven(to.canAccept(&change.Chat)); err != nil {
			return err
		}
		o.HandedOverAt = ptr(t.now)
		if err := t.closeOffer(ctx, change, o, to, OfferAccepted, ""); err != nil {
			return err
		}
		to.take(&change.Chat, t.now)
		from.release(&change.Chat, t.now)
		change.transfer(from, to)
		return t.save(ctx, change, from, to)
	})
}

// canAccept reports whether the agent, who is online, can take a chat that is offered: a place is reserved for a live one.
func (a *Agent) canAccept(c *Chat) bool {
	if c.IsMessage() {
		return a.MessageLoad < a.MaxMessages
	}
	return a.Load < a.MaxConcurrent || a.ExtraOpen && a.Load == a.MaxConcurrent
}

// DeclineOffer declines the offer of a chat to the actor, with a reason of at most [MaxOfferReason] characters or "", and
// returns the offer. The chat stays with its sender and gets a line about it that users do not see; one that was offered
// to a department goes to the front of its queue. To decline again changes nothing. It refuses as AcceptOffer does; a
// reason that is too long is validation_failed.
func (d *Desk) DeclineOffer(ctx context.Context, actor Actor, chatID, reason string) (*Offer, error) {
	reason, err := d.messageText("reason", oneLine(reason), 0, MaxOfferReason)
	if err != nil {
		return nil, err
	}
	o, _, err := d.answerOffer(ctx, actor, chatID, OfferDeclined, func(ctx context.Context, t *tx, change *chatChange, o *Offer) error {
		args := map[string]string{"agent": o.ToName}
		kind := SystemOfferDeclined
		if reason != "" {
			kind, args["reason"] = SystemOfferDeclinedWhy, reason
		}
		change.addAgentLine(kind, args)
		return d.returnOffer(ctx, t, change, o, OfferDeclined, reason)
	})
	return o, err
}

// answerOffer runs answer in a transaction with the open offer of a locked chat to the actor, and returns both as they are
// then. An offer that the actor has answered in the same way is returned as it is.
func (d *Desk) answerOffer(ctx context.Context, actor Actor, chatID string, answer OfferState,
	f func(ctx context.Context, t *tx, change *chatChange, o *Offer) error,
) (*Offer, *Chat, error) {
	if !actor.IsAgent() {
		return nil, nil, ErrRoleRequired
	}
	var offer *Offer
	var chat *Chat
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		o, found, err := readOffer(ctx, t, `WHERE o.chat_id = ? AND o.to_agent_id = ? ORDER BY o.id DESC`, chatID, actor.ID)
		if err != nil {
			return err
		}
		if !found {
			if err := actor.checkCanRead(c); err != nil {
				return err
			}
			return ErrOfferNotFound
		}
		change := t.change(c)
		offer, chat = o, &change.Chat
		switch {
		case o.State == answer && (answer != OfferAccepted || actor.isParticipant(c)):
			return nil // the retry of a request whose answer was lost
		case o.State == OfferExpired, o.State == OfferOpen && !t.now.Before(o.ExpiresAt):
			return ErrOfferExpired
		case o.State != OfferOpen, !o.isWith(c):
			return ErrOfferClosed
		}
		return f(ctx, t, change, o)
	})
	if err != nil {
		return nil, nil, err
	}
	return offer, chat, nil
}

// isWith reports whether the chat is still with the agent who made the offer. An instance of an earlier release ends and
// moves chats without a look at their offers.
func (o *Offer) isWith(c *Chat) bool { return c.Status == Active && c.ServedBy() == o.FromID }

// WithdrawOffer takes back the open offer of a chat of the actor's and returns it. A chat without one is 404
// offer_not_found; supervisors who are not part of the chat get 403 not_in_chat, all others 404 chat_not_found.
func (d *Desk) WithdrawOffer(ctx context.Context, actor Actor, chatID string) (*Offer, error) {
	var offer *Offer
	_, err := d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		if err := actor.checkHas(&change.Chat); err != nil {
			return err
		}
		o, found, err := t.openOffer(ctx, &change.Chat)
		if err != nil {
			return err
		}
		if !found {
			return ErrOfferNotFound
		}
		offer = o
		to, err := d.lockAgent(ctx, t, o.ToID)
		if err != nil {
			return err
		}
		if err := t.closeOffer(ctx, change, o, to, OfferWithdrawn, ""); err != nil {
			return err
		}
		return t.save(ctx, change, to)
	})
	if err != nil {
		return nil, err
	}
	return offer, nil
}

// returnOffer closes an open offer that was not accepted. The chat stays with its sender, or goes to the front of the
// queue of the department to which it was offered.
func (d *Desk) returnOffer(ctx context.Context, t *tx, change *chatChange, o *Offer, state OfferState, reason string) error {
	agents, err := d.lockAgents(ctx, t, o.FromID, o.ToID)
	if err != nil {
		return err
	}
	from, to := agents[o.FromID], agents[o.ToID]
	if o.Department == nil {
		if err := t.closeOffer(ctx, change, o, to, state, reason); err != nil {
			return err
		}
		return t.save(ctx, change, to)
	}
	o.HandedOverAt = ptr(t.now)
	if err := t.closeOffer(ctx, change, o, to, state, reason); err != nil {
		return err
	}
	change.queueOffered(from, o)
	return t.save(ctx, change, from, to)
}

// openOffer returns the open offer of a locked chat, and false when there is none. Without one it reads nothing.
func (t *tx) openOffer(ctx context.Context, c *Chat) (*Offer, bool, error) {
	if c.OfferID == nil {
		return nil, false, nil
	}
	return readOffer(ctx, t, `WHERE o.id = ? AND o.state = 'open'`, *c.OfferID)
}

// closeOffer stores what became of an open offer of a locked chat, and gives back the place that it reserved of the locked
// receiver. The caller saves both.
func (t *tx) closeOffer(ctx context.Context, change *chatChange, o *Offer, to *Agent, state OfferState, reason string) error {
	o.State, o.Reason, o.AnsweredAt = state, reason, ptr(t.now)
	done, err := t.NewRaw(`UPDATE transfer_offers SET state = ?, reason = ?, answered_at = ?, handed_over_at = ?
		WHERE id = ? AND state = 'open'`, o.State, o.Reason, o.AnsweredAt, o.HandedOverAt, o.ID).Exec(ctx)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n != 1 {
		return errors.New("the offer is not open")
	}
	change.Chat.OfferID = nil
	to.unreserve(&change.Chat, t.now)
	t.requestDrain()
	t.emitOffer(o)
	return nil
}
