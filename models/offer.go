package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// OfferState is what became of an offer.
type OfferState string

// The states of an offer. Only an open one changes.
const (
	OfferOpen      OfferState = "open"
	OfferAccepted  OfferState = "accepted"
	OfferDeclined  OfferState = "declined"
	OfferExpired   OfferState = "expired"   // no answer in time, or the receiver is not online any more
	OfferWithdrawn OfferState = "withdrawn" // by the sender, or because the chat ended or was moved
	OfferQueued    OfferState = "queued"    // made to a queue, without a receiver
)

// The most characters of the texts of an offer.
const (
	MaxOfferText   = 1000
	MaxOfferReason = 300
)

// Offer is a chat that its agent offers to another agent. The sender keeps the chat, and the receiver a free place for it,
// until it is answered. It travels in events, so its names stay as they are.
type Offer struct {
	ID         int64   `bun:"id"            json:"id"`
	ChatID     string  `bun:"chat_id"       json:"chat_id"`
	UserName   string  `bun:"user_name"     json:"user_name"` // what to call the user of the chat
	FromID     string  `bun:"from_agent_id" json:"from_id"`
	FromName   string  `bun:"from_name"     json:"from_name"`
	ToID       string  `bun:"to_agent_id"   json:"to_id"` // "" when it went to a queue
	ToName     string  `bun:"to_name"       json:"to_name"`
	Department *string `bun:"department"    json:"department,omitempty"` // to which it was offered; nil for an agent

	Wants    string `bun:"wants"    json:"wants"`
	Tried    string `bun:"tried"    json:"tried"`
	Promised string `bun:"promised" json:"promised"`

	MadeAt       time.Time  `bun:"made_at"        json:"made_at"`
	ExpiresAt    time.Time  `bun:"expires_at"     json:"expires_at"`
	State        OfferState `bun:"state"          json:"state"`
	Reason       string     `bun:"reason"         json:"reason,omitempty"` // why it was declined; "" for no reason
	AnsweredAt   *time.Time `bun:"answered_at"    json:"answered_at,omitempty"`
	HandedOverAt *time.Time `bun:"handed_over_at" json:"handed_over_at,omitempty"` // when the chat left the sender by it
}

// AgentIDs returns the sender and, if there is one, the receiver.
func (o *Offer) AgentIDs() []string {
	if o.ToID == "" {
		return []string{o.FromID}
	}
	return []string{o.FromID, o.ToID}
}

// storedOffer is an offer with what its names are made of.
type storedOffer struct {
	Offer `bun:",extend"`

	UserID    string  `bun:"user_id"`
	KnownName *string `bun:"known_name"`
}

// selectOffers reads [storedOffer] rows o.
const selectOffers = `SELECT o.id, o.chat_id, o.from_agent_id, f.name AS from_name, coalesce(o.to_agent_id, '') AS to_agent_id,
		coalesce(r.name, '') AS to_name, o.department, o.wants, o.tried, o.promised, o.made_at, o.expires_at, o.state, o.reason,
		o.answered_at, o.handed_over_at, c.user_id, u.name AS known_name
	FROM transfer_offers o JOIN chats c ON c.id = o.chat_id JOIN users u ON u.id = c.user_id
	JOIN agents f ON f.id = o.from_agent_id LEFT JOIN agents r ON r.id = o.to_agent_id `

// readOffers returns the offers o that a condition selects.
func readOffers(ctx context.Context, db rawQuerier, where string, args ...any) ([]Offer, error) {
	var stored []storedOffer
	err := db.NewRaw(selectOffers+where, args...).Scan(ctx, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	offers := make([]Offer, len(stored))
	for i := range stored {
		offers[i] = stored[i].Offer
		offers[i].UserName = displayName(stored[i].KnownName, stored[i].UserID)
	}
	return offers, err
}

// readOffer returns the first offer that a condition selects, and false when there is none.
func readOffer(ctx context.Context, db rawQuerier, where string, args ...any) (*Offer, bool, error) {
	offers, err := readOffers(ctx, db, where+` LIMIT 1`, args...)
	if err != nil || len(offers) == 0 {
		return nil, false, err
	}
	return &offers[0], true, nil
}

// OpenOffers returns the open offers to and from the actor, the next to expire first.
func (d *Desk) OpenOffers(ctx context.Context, actor Actor) ([]Offer, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	offers, err := readOffers(ctx, d.db, `WHERE o.state = 'open' AND ? IN (o.from_agent_id, o.to_agent_id)
		ORDER BY o.expires_at, o.id`, actor.ID)
	return offers, translate(err)
}

// offersOf is OffersOf for several agents.
func (d *Desk) offersOf(ctx context.Context, agentIDs []string, ids []int64) ([]Offer, error) {
	return readOffers(ctx, d.db, `WHERE o.id IN (SELECT id FROM transfer_offers WHERE state = 'open'
			UNION ALL SELECT id FROM transfer_offers WHERE state <> 'open' AND answered_at > now() - interval '20 seconds'
			UNION ALL SELECT id FROM transfer_offers WHERE id IN (?1))
		AND (o.from_agent_id IN (?0) OR o.to_agent_id IN (?0)) ORDER BY o.id`, bunIn(agentIDs), bunIn(append([]int64{0}, ids...)))
}

// OffersOf returns the offers to and from an agent that are open, were answered in the last 20 seconds or have one of the
// ids, for streams.
func (d *Desk) OffersOf(ctx context.Context, agentID string, ids []int64) ([]Offer, error) {
	offers, err := d.offersOf(ctx, []string{agentID}, ids)
	return offers, translate(err)
}

// OfferedMessage is a message as the receiver of an offer reads it: without files and what else belongs to the chat.
type OfferedMessage struct {
	SenderType SenderType  `bun:"sender_type"`
	Type       MessageType `bun:"message_type"`
	Content    string      `bun:"content"`
	CreatedAt  time.Time   `bun:"created_at"`
	Withdrawn  bool        `bun:"is_withdrawn"`
}

// OfferedChat is an open offer with what its receiver reads of the chat.
type OfferedChat struct {
	Offer
	PageURL, PageTitle *string
	ChatDepartment     *string    // that the user asked for
	StartedAt          time.Time  // of the chat
	AwaitingReplySince *time.Time // nil when the user was answered
	Messages           []OfferedMessage
}

// offeredMessages is how many messages the receiver of an offer reads.
const offeredMessages = 8

// OfferedChat returns the open offer of a chat, with the last messages, to its receiver and to its sender. Once it is
// answered or has expired it is 404 offer_not_found, to all others 404 chat_not_found.
func (d *Desk) OfferedChat(ctx context.Context, actor Actor, chatID string) (*OfferedChat, error) {
	o, found, err := readOffer(ctx, d.db, `WHERE o.chat_id = ? AND ? IN (o.from_agent_id, o.to_agent_id)
		ORDER BY o.id DESC`, chatID, actor.ID)
	switch {
	case err != nil:
		return nil, translate(err)
	case !found || !actor.IsAgent():
		return nil, d.noOffer(ctx, actor, chatID)
	case o.State != OfferOpen:
		return nil, ErrOfferNotFound
	}
	c := &OfferedChat{Offer: *o}
	err = d.db.NewRaw(`SELECT page_url, page_title, department, created_at, awaiting_since FROM chats
		WHERE id = ? AND status = 'active' AND agent_id = ? AND (SELECT clock_timestamp()) < ?`, chatID, o.FromID, o.ExpiresAt).
		Scan(ctx, &c.PageURL, &c.PageTitle, &c.ChatDepartment, &c.StartedAt, &c.AwaitingReplySince)
	if errors.Is(err, sql.ErrNoRows) { // the sweep has not closed it yet
		return nil, ErrOfferNotFound
	}
	if err != nil {
		return nil, translate(err)
	}
	err = d.db.NewRaw(`SELECT * FROM (SELECT id, sender_type, message_type, content, created_at, withdrawn_at IS NOT NULL AS is_withdrawn
			FROM messages WHERE chat_id = ? AND message_type <> 'system' AND sender_type <> 'system' ORDER BY id DESC LIMIT ?) latest
		ORDER BY id`, chatID, offeredMessages).Scan(ctx, &c.Messages)
	return c, translate(err)
}

// noOffer returns offer_not_found to agents who may read the chat, and chat_not_found to all others.
func (d *Desk) noOffer(ctx context.Context, actor Actor, chatID string) error {
	if _, err := d.readableChat(ctx, actor, chatID); err != nil {
		return err
	}
	return ErrOfferNotFound
}

// HandOver returns the offer by which a chat was handed over last, and false for a chat that was never handed over by
// one. It is for those who may read the chat, without users; to all others it is 404 chat_not_found.
func (d *Desk) HandOver(ctx context.Context, actor Actor, chatID string) (*Offer, bool, error) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, false, err
	}
	if !actor.IsAgent() {
		return nil, false, ErrChatNotFound
	}
	o, found, err := readOffer(ctx, d.db, `WHERE o.chat_id = ? AND o.handed_over_at IS NOT NULL ORDER BY o.id DESC`, c.ID)
	return o, found, translate(err)
}
