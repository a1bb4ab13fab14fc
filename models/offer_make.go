package models

import (
	"context"
	"time"
)

// OfferRequest is an offer to be made: to an agent, to a department or, with neither, to the chat's own queue.
type OfferRequest struct {
	ServiceID  string // id of an agent
	Department string // short name
	// What the user wants, what was tried and what was promised: the first is required, each has at most [MaxOfferText] characters.
	Wants, Tried, Promised string
}

// OfferTransfer offers an active chat of the actor's to another agent for OFFER_PERIOD, and returns the offer and the chat.
// The chat stays with the actor, and the receiver keeps a free place for it, until it is answered.
//
// An offer to a department is made to the agent of the least load in it who has capacity; without one, and with neither
// target, the chat goes to the front of that queue at once, and the offer is queued. The three texts stay with the chat.
//
// It refuses agents as [Desk.Transfer] does, a chat that is offered already with 409 offer_exists, one that is not active
// with 409 chat_not_active or chat_ended, and supervisors who are not part of the chat with 403 not_in_chat. Both targets
// at once, an unknown department and texts out of bounds are validation_failed.
func (d *Desk) OfferTransfer(ctx context.Context, actor Actor, chatID string, r OfferRequest) (*Offer, *Chat, error) {
	if err := d.checkOffer(&r); err != nil {
		return nil, nil, err
	}
	var offer *Offer
	chat, err := d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if err := actor.checkHas(c); err != nil {
			return err
		}
		if c.Status != Active {
			return conflict("chat_not_active", "This chat is not with an agent and cannot be transferred.")
		}
		if c.OfferID != nil {
			return ErrOfferExists
		}
		offer = &Offer{
			ChatID: c.ID, FromID: c.ServedBy(), Wants: r.Wants, Tried: r.Tried, Promised: r.Promised,
			MadeAt: t.now, ExpiresAt: t.now.Add(d.Settings().OfferPeriod), State: OfferOpen,
		}
		if r.Department != "" {
			offer.Department = &r.Department
		}
		from, to, err := d.lockForOffer(ctx, t, c, r)
		switch {
		case err != nil:
			return err
		case to != nil:
			return t.makeOffer(ctx, change, offer, to)
		}
		offer.State, offer.ExpiresAt, offer.AnsweredAt, offer.HandedOverAt = OfferQueued, t.now, ptr(t.now), ptr(t.now)
		if err := t.insertOffer(ctx, offer); err != nil {
			return err
		}
		change.queueOffered(from, offer)
		t.requestDrain()
		return t.save(ctx, change, from)
	})
	if err != nil {
		return nil, nil, err
	}
	return offer, chat, nil
}

func (d *Desk) checkOffer(r *OfferRequest) (err error) {
	if r.ServiceID != "" && r.Department != "" {
		return invalid("service_id", fieldInvalid, "Send service_id or department, not both.")
	}
	var faults fieldFaults
	for _, text := range []struct {
		field     string
		value     *string
		minLength int
	}{{"wants", &r.Wants, 1}, {"tried", &r.Tried, 0}, {"promised", &r.Promised, 0}} {
		*text.value, err = d.messageText(text.field, *text.value, text.minLength, MaxOfferText)
		faults.add(err)
	}
	return faults.err()
}

// lockForOffer locks the agent of a chat and the agent who is to be offered it; that one is nil if it goes to a queue.
func (d *Desk) lockForOffer(ctx context.Context, t *tx, c *Chat, r OfferRequest) (from, to *Agent, err error) {
	ids := []string{c.ServedBy()}
	switch {
	case r.ServiceID == c.ServedBy():
		return nil, nil, ErrAlreadyAssigned
	case r.ServiceID != "":
		ids = append(ids, r.ServiceID)
	case r.Department != "":
		candidates, err := d.offerCandidates(ctx, t, r.Department, c)
		if err != nil {
			return nil, nil, err
		}
		ids = append(ids, candidates...)
	}
	agents, err := d.lockAgents(ctx, t, ids...)
	if err != nil {
		return nil, nil, err
	}
	from = agents[c.ServedBy()]
	if r.ServiceID != "" {
		if to = agents[r.ServiceID]; to == nil {
			return nil, nil, ErrAgentNotFound
		}
		return from, to, to.checkCanBeGiven(to.HasPlaceFor(c))
	}
	for _, a := range agents {
		if a != from && a.HasPlaceFor(c) && a.Serves(&r.Department) && (to == nil || compareLoadFor(c, a, to) < 0) {
			to = a
		}
	}
	return from, to, nil
}

// checkCanBeGiven refuses an agent who is not online, or has no capacity for a chat.
func (a *Agent) checkCanBeGiven(hasCapacity bool) error {
	if a.Presence != Online {
		return conflict("agent_not_online", a.Name+" is not online. The chat was not moved. Choose another agent.")
	}
	if !hasCapacity {
		return conflict("agent_at_capacity", a.Name+" is at capacity. The chat was not moved. Choose another agent.")
	}
	return nil
}

// offerCandidates returns agents of a department who may have capacity for a chat, those of the least load, without the agent who
// has it. An unknown department is validation_failed.
func (d *Desk) offerCandidates(ctx context.Context, t *tx, department string, c *Chat) ([]string, error) {
	var known bool
	if err := t.NewRaw(`SELECT EXISTS (SELECT FROM departments WHERE slug = ?)`, department).Scan(ctx, &known); err != nil {
		return nil, err
	}
	if !known {
		return nil, invalid("department", fieldUnknown, "This department does not exist.")
	}
	hasPlace, load := `a.load + a.reserved < a.max_concurrent`, `a.load + a.reserved`
	if c.IsMessage() {
		hasPlace, load = `a.message_load < a.max_messages`, `a.message_load`
	}
	agents, err := d.agents(ctx, t, `WHERE `+hasPlace+` AND a.id <> $3 AND a.choice = 'online'
		AND a.id IN (SELECT agent_id FROM agent_departments WHERE department = $2)
		ORDER BY `+load+`, a.idle_since, a.id LIMIT 5`, department, c.ServedBy())
	ids := make([]string, len(agents))
	for i := range agents {
		ids[i] = agents[i].ID
	}
	return ids, err
}

// makeOffer stores an offer of a locked chat to a locked agent with capacity, whose place it reserves.
func (t *tx) makeOffer(ctx context.Context, change *chatChange, o *Offer, to *Agent) error {
	o.ToID, o.ToName = to.ID, to.Name
	if err := t.insertOffer(ctx, o); err != nil {
		return err
	}
	to.reserve(&change.Chat, t.now)
	change.Chat.OfferID = &o.ID
	t.emitOffer(o)
	return t.save(ctx, change, to)
}

// insertOffer stores an offer and reads its names.
func (t *tx) insertOffer(ctx context.Context, o *Offer) error {
	var id int64
	err := t.NewRaw(`INSERT INTO transfer_offers
			(chat_id, from_agent_id, to_agent_id, department, wants, tried, promised,
			made_at, expires_at, state, answered_at, handed_over_at)
		VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		o.ChatID, o.FromID, o.ToID, o.Department, o.Wants, o.Tried, o.Promised,
		o.MadeAt, o.ExpiresAt, o.State, o.AnsweredAt, o.HandedOverAt).
		Scan(ctx, &id)
	if err != nil {
		return err
	}
	stored, _, err := readOffer(ctx, t, `WHERE o.id = ?`, id)
	if err == nil {
		*o = *stored
	}
	return err
}

// emitOffer emits an offer, as it is now, to its two agents.
func (t *tx) emitOffer(o *Offer) {
	now := *o
	t.emit(Event{Kind: KindOffer, Offer: &now})
}

// queueOffered puts a chat that was offered to a department in front of its queue; without a department, of the chat's
// own. It is kept from the agent who did not take it.
func (c *chatChange) queueOffered(from *Agent, o *Offer) {
	if o.Department != nil {
		c.Chat.Department = o.Department
	}
	c.requeue(from, SystemRequeued, true)
	if o.ToID != "" {
		c.Chat.AvoidAgentID = &o.ToID
	}
	from.release(&c.Chat, c.now)
}

// reserve keeps a place of a locked agent free for an offer of a live chat, and unreserve gives it back.
func (a *Agent) reserve(c *Chat, now time.Time) {
	if !c.IsMessage() {
		a.Reserved, a.IdleSince = a.Reserved+1, now
	}
}

func (a *Agent) unreserve(c *Chat, now time.Time) {
	if !c.IsMessage() {
		a.Reserved, a.IdleSince = max(0, a.Reserved-1), now
	}
}
