package widget

import (
	"context"
	"sync"
	"time"

	"parley/models"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/present"
)

// offerTTL is how long the offer for users without a chat is cached, while their panels are open.
const offerTTL = 5 * time.Second

// offers caches which messages are offered to users without a chat, by department, so that open panels share the reading.
type offers struct {
	mu sync.Mutex
	of map[string]cachedOffer
}

type cachedOffer struct {
	offer  models.MessageOffer
	readAt time.Time
}

// get returns the offer for a department. If it cannot be read, it returns the one that was read last.
func (o *offers) get(ctx context.Context, desk *models.Desk, department string) models.MessageOffer {
	o.mu.Lock()
	defer o.mu.Unlock()
	known, now := o.of[department], time.Now()
	if now.Sub(known.readAt) < offerTTL {
		return known.offer
	}
	offer, err := desk.MessageOffer(ctx, department, now)
	if err != nil {
		return known.offer
	}
	if o.of == nil || len(o.of) > 1000 { // sites may name departments that do not exist
		o.of = map[string]cachedOffer{}
	}
	o.of[department] = cachedOffer{offer, now}
	return offer
}

// addMessage adds the offer to leave a message, or the message that was left, to a panel in that state.
func (p *panel) addMessage(ctx context.Context, v *widget.Panel) error {
	switch {
	case p.chat == nil && v.State != widget.Locked:
		offer, err := p.desk.MessageOffer(ctx, v.Department, p.readAt)
		if err != nil {
			return err
		}
		p.offered = offer
	case v.State != widget.Waiting:
		return nil
	case p.chat.IsMessage():
		v.Left = &widget.Left{
			Email: present.Deref(p.chat.ContactEmail), ByEmail: p.desk.CanMail(), HasTranscript: p.chat.TotalMessages > 0,
		}
		v.Queue = nil
		return nil
	}
	if p.offered == "" {
		return nil
	}
	s := p.desk.Settings()
	o := &widget.Offer{
		Reason: string(p.offered), ByEmail: p.desk.CanMail(), Consent: s.MessageConsent, ConsentURL: s.ConsentURL,
		NeedsQuestion: p.chat == nil || p.chat.AwaitingReplySince == nil,
	}
	v.Offer = o
	if !p.isAnonymous() {
		u, err := p.desk.UserByID(ctx, p.user.ID)
		if err != nil {
			return err
		}
		if o.Email, o.Name = present.Deref(u.Email), present.Deref(u.Name); u.IsVerified {
			o.Known = o.Email
		}
	}
	if p.isMessage && p.refused != nil {
		o.Email, o.Name, o.Message = p.typed.Get("email"), p.typed.Get("name"), p.typed.Get("message")
		o.HasConsented = p.typed.Get("consent") == "1"
		o.Errors = p.refused
	}
	return nil
}

// leaveError returns the text for a refused field of a message.
func leaveError(ctx context.Context, field, code string) string {
	switch {
	case field == "email":
		return text.T(ctx, "leave.error.email")
	case field == "consent":
		return text.T(ctx, "leave.error.consent")
	}
	return questionError(ctx, field, code)
}
