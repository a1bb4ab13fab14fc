package live

import (
	"context"
	"time"

	"parley/models"
)

// keepAnsweredOffer is how long a stream remembers that it sent the answer to an offer: longer than comparisons find it.
const keepAnsweredOffer = time.Minute

// sentOffer is the state of an offer that the client of a stream has received.
type sentOffer struct {
	state models.OfferState
	at    time.Time
}

// applyOffer sends an offer, unless the client has received it in this state or a later one: an offer is open first and is
// closed once.
func (s *Stream) applyOffer(ctx context.Context, o *models.Offer) error {
	if s.to.View != Own || !s.to.Actor.IsAgent() {
		return nil
	}
	if before, known := s.offers[o.ID]; known && (before.state != models.OfferOpen || o.State == models.OfferOpen) {
		return nil
	}
	if err := s.sendItem(ctx, OfferChanged{*o}); err != nil {
		return err
	}
	s.recordOffer(o)
	return nil
}

// recordOffer records an offer as received, and forgets those that were answered a while ago.
func (s *Stream) recordOffer(o *models.Offer) {
	now := time.Now()
	if s.offers == nil {
		s.offers = map[int64]sentOffer{}
	}
	for id, sent := range s.offers {
		if sent.state != models.OfferOpen && now.Sub(sent.at) > keepAnsweredOffer {
			delete(s.offers, id)
		}
	}
	s.offers[o.ID] = sentOffer{o.State, now}
}

// compareOffers sends the offers that differ from those sent. Of the answered ones, those from before the stream were never
// shown by it.
func (s *Stream) compareOffers(ctx context.Context, offers []models.Offer) error {
	for i := range offers {
		o := &offers[i]
		if _, known := s.offers[o.ID]; !known && o.AnsweredAt != nil && o.AnsweredAt.Before(s.openedAt) {
			continue
		}
		if err := s.applyOffer(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// readAndCompareOffers is compareOffers with what PostgreSQL has: also of offers that the client has as open and that were
// answered a longer time ago.
func (s *Stream) readAndCompareOffers(ctx context.Context) error {
	if s.to.View != Own || !s.to.Actor.IsAgent() {
		return nil
	}
	var open []int64
	for id, sent := range s.offers {
		if sent.state == models.OfferOpen {
			open = append(open, id)
		}
	}
	offers, err := s.hub.desk.OffersOf(ctx, s.to.Actor.ID, open)
	if err != nil {
		return err
	}
	return s.compareOffers(ctx, offers)
}
