package demo

import (
	"context"
	"net/http"
	"slices"
	"time"

	"parley/models"
)

// offer is a chat that one agent offers to another.
type offer struct {
	ChatID    string            `json:"chat_id"`
	FromID    string            `json:"from_service_id"`
	ServiceID string            `json:"service_id"`
	State     models.OfferState `json:"state"`
}

const (
	linesPerOffer    = 8        // how many lines of an agent there are to one chat that is offered to another agent
	offersPerDecline = 4        // how many offers an agent answers before declining one
	offerDuty        = "offer " // begins the name of the duty to answer the offer of a chat, in sampleAgent.due
	mostWants        = 200      // characters of the user's question that an offer quotes
	readingOffer     = 8 * time.Second
)

// offerChat offers a chat in which the agent has written to the agent of the least load who can take it, once in
// linesPerOffer lines. It returns false if the chat was not offered, so that the agent goes on.
func (p *sampleAgent) offerChat(ctx context.Context, chatID string, messages []message) (bool, error) {
	i := slices.IndexFunc(messages, func(m message) bool { return m.SenderType == byAgent })
	if i < 0 || p.sentLines < p.offerAt || p.offered[chatID] {
		return false, nil
	}
	to, err := p.freestColleague(ctx, chatID)
	if to == nil || err != nil {
		return false, p.ignoreEnded(err)
	}
	err = p.post(ctx, chatID, "/offer", map[string]string{
		"service_id": to.ID,
		"wants":      models.Beginning(messages[0].Content, mostWants),
		"tried":      models.Beginning(messages[i].Content, mostWants),
	})
	switch codeOf(err) {
	case "agent_at_capacity", "agent_not_online", "offer_exists":
		return false, nil
	}
	if err == nil {
		p.offerAt, p.offered[chatID] = p.sentLines+linesPerOffer, true
		p.Log.Info("offers a chat", "who", p.me.Name, "to", to.Name)
	}
	return true, p.ignoreEnded(err)
}

// freestColleague returns the agent of the least load who can take a chat, nil if there is none.
func (p *sampleAgent) freestColleague(ctx context.Context, chatID string) (*service, error) {
	var options struct {
		Agents []struct {
			Service service `json:"service"`
			Load    int     `json:"load"`
		} `json:"agents"`
	}
	err := p.call(ctx, http.MethodGet, ofAgent+"/chats/"+chatID+"/transfer-options", nil, &options)
	if err != nil || len(options.Agents) == 0 {
		return nil, err
	}
	freest := &options.Agents[0]
	for i := range options.Agents {
		if a := &options.Agents[i]; a.Load < freest.Load {
			freest = a
		}
	}
	return &freest.Service, nil
}

// handleOffer plans the answer to an offer to this agent, and goes on in a chat whose offer was not accepted.
func (p *sampleAgent) handleOffer(o offer) {
	switch {
	case o.State == models.OfferOpen && o.ServiceID == p.me.ID:
		p.schedule(offerDuty+o.ChatID, readingOffer)
	case o.State != models.OfferOpen && o.FromID == p.me.ID && o.State != models.OfferAccepted:
		p.schedule(o.ChatID, 2*time.Second)
	case o.State == models.OfferAccepted && o.FromID == p.me.ID:
		delete(p.openChats, o.ChatID)
		delete(p.due, o.ChatID)
	}
}

// answerOffer accepts a chat that is offered to this agent, or declines it now and then.
func (p *sampleAgent) answerOffer(ctx context.Context, chatID string) error {
	var err error
	if p.answers++; p.answers%offersPerDecline == 0 {
		err = p.post(ctx, chatID, "/offer/decline", map[string]string{"reason": "I am about to take my break."})
	} else {
		err = p.post(ctx, chatID, "/offer/accept", nil)
	}
	switch codeOf(err) {
	case "offer_not_found", "offer_expired", "offer_closed": // withdrawn, or too late
		return nil
	}
	return p.ignoreEnded(err)
}
