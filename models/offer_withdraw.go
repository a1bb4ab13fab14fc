package models

import (
	"context"
	"slices"
)

// lockAndWithdraw locks agents ("" is none of them) for a locked chat that ends or moves, and with them the receiver of its
// open offer, which it withdraws. It returns them by id; all of them are to be saved.
func (d *Desk) lockAndWithdraw(ctx context.Context, t *tx, change *chatChange, ids ...string) (lockedAgents, error) {
	agents, offers, err := d.lockWithReceivers(ctx, t, []*chatChange{change}, ids...)
	if err != nil {
		return nil, err
	}
	return agents, t.withdrawOffer(ctx, change, offers, agents)
}

// lockWithReceivers locks agents, "" being none of them, together with the receivers of the open offers of locked chats,
// since all agents are locked in the order of their ids. It returns the agents by id and the offers by chat.
func (d *Desk) lockWithReceivers(
	ctx context.Context,
	t *tx,
	changes []*chatChange,
	ids ...string,
) (lockedAgents, map[string]*Offer, error) {
	var offers map[string]*Offer
	for _, change := range changes {
		o, found, err := t.openOffer(ctx, &change.Chat)
		if err != nil {
			return nil, nil, err
		}
		if !found {
			continue
		}
		if offers == nil {
			offers = map[string]*Offer{}
		}
		offers[o.ChatID] = o
		ids = append(ids, o.ToID)
	}
	agents, err := d.lockAgents(ctx, t, slices.DeleteFunc(ids, func(id string) bool { return id == "" })...)
	return agents, offers, err
}

// withdrawOffer withdraws the open offer of a locked chat that ends or moves, if it has one.
func (t *tx) withdrawOffer(ctx context.Context, change *chatChange, offers map[string]*Offer, agents lockedAgents) error {
	o := offers[change.Chat.ID]
	if o == nil {
		change.Chat.OfferID = nil // the sweep of another instance may have closed it after an earlier release moved the chat
		return nil
	}
	return t.closeOffer(ctx, change, o, agents[o.ToID], OfferWithdrawn, "")
}

// SweepOffers closes the open offers that can no longer be accepted, each in a transaction of its own: those whose time is
// over, those whose receiver is not online any more, and those of chats that an earlier release has ended or moved. It may
// run any number of times at once.
func (d *Desk) SweepOffers(ctx context.Context) error {
	offers, err := readOffers(ctx, d.db, `CROSS JOIN pulse p WHERE o.state = 'open' AND (o.expires_at <= statement_timestamp()
			OR c.status <> 'active' OR c.agent_id <> o.from_agent_id OR r.choice <> 'online' OR r.disabled_at IS NOT NULL
			OR greatest(r.seen_at, p.resumed_at) < clock_timestamp() - make_interval(secs => ?))
		ORDER BY o.expires_at, o.id LIMIT 500`, d.Settings().PresenceTimeout.Seconds())
	if err != nil {
		return translate(err)
	}
	for i := range offers {
		if err := d.sweepOffer(ctx, &offers[i]); err != nil && !ErrChatNotFound.Is(err) {
			return err
		}
	}
	return nil
}

// sweepOffer closes one offer, if that is still due once its chat is locked.
func (d *Desk) sweepOffer(ctx context.Context, due *Offer) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, due.ChatID)
		if err != nil {
			return err
		}
		o, found, err := readOffer(ctx, t, `WHERE o.id = ? AND o.state = 'open'`, due.ID)
		if err != nil || !found {
			return err
		}
		change := t.change(c)
		agents, err := d.lockAgents(ctx, t, o.FromID, o.ToID)
		if err != nil {
			return err
		}
		to, kind := agents[o.ToID], SystemOfferExpired
		switch {
		case !o.isWith(c):
			if err := t.closeOffer(ctx, change, o, to, OfferWithdrawn, ""); err != nil {
				return err
			}
			return t.save(ctx, change, to)
		case to.Presence != Online:
			kind = SystemOfferUnavailable
		case t.now.Before(o.ExpiresAt):
			return nil
		}
		change.addAgentLine(kind, map[string]string{"agent": o.ToName})
		return d.returnOffer(ctx, t, change, o, OfferExpired, "")
	})
}
