package api

import "parley/models"

// Offer is a chat that an agent offers to another one, in an answer or a live event.
type Offer struct {
	OfferID         int64   `json:"offer_id"`
	ChatID          string  `json:"chat_id"`
	UserName        string  `json:"user_name"`
	FromServiceID   string  `json:"from_service_id"`
	FromServiceName string  `json:"from_service_name"`
	ServiceID       *string `json:"service_id"` // the receiver; null when the chat went to a queue
	ServiceName     *string `json:"service_name"`
	Department      *string `json:"department"` // to which it was offered; null for an agent
	Wants           string  `json:"wants"`
	Tried           string  `json:"tried"`
	Promised        string  `json:"promised"`
	MadeAt          Time    `json:"made_at"`
	ExpiresAt       Time    `json:"expires_at"`
	State           string  `json:"state"`
	Reason          string  `json:"reason"`
	AnsweredAt      *Time   `json:"answered_at"`
	HandedOverAt    *Time   `json:"handed_over_at"`
}

// OfferOf returns the body of an offer.
func OfferOf(o *models.Offer) Offer {
	out := Offer{
		OfferID: o.ID, ChatID: o.ChatID, UserName: o.UserName, FromServiceID: o.FromID, FromServiceName: o.FromName,
		Department: o.Department, Wants: o.Wants, Tried: o.Tried, Promised: o.Promised, MadeAt: Time(o.MadeAt),
		ExpiresAt: Time(o.ExpiresAt), State: string(o.State), Reason: o.Reason, AnsweredAt: OptionalTime(o.AnsweredAt),
		HandedOverAt: OptionalTime(o.HandedOverAt),
	}
	if o.ToID != "" {
		out.ServiceID, out.ServiceName = &o.ToID, &o.ToName
	}
	return out
}

// OfferEvent returns the name of the event of an offer: that it was made, or that it was closed in any way.
func OfferEvent(o *models.Offer) string {
	if o.State == models.OfferOpen {
		return "transfer_offered"
	}
	return "transfer_answered"
}

// OfferedMessage is a message as the receiver of an offer reads it.
type OfferedMessage struct {
	SenderType  string  `json:"sender_type"`
	MessageType string  `json:"message_type"`
	Content     string  `json:"content"`
	IsWithdrawn IntBool `json:"is_withdrawn"`
	CreatedAt   Time    `json:"created_at"`
}

// OfferedChat is an open offer with what its receiver reads of the chat.
type OfferedChat struct {
	Offer          Offer            `json:"offer"`
	PageURL        *string          `json:"page_url"`
	PageTitle      *string          `json:"page_title"`
	ChatDepartment *string          `json:"chat_department"`
	StartedAt      Time             `json:"started_at"`
	AwaitingSince  *Time            `json:"awaiting_since"`
	Messages       []OfferedMessage `json:"messages"`
}

// OfferedChatOf returns the body of an open offer for its receiver.
func OfferedChatOf(c *models.OfferedChat) OfferedChat {
	return OfferedChat{
		Offer: OfferOf(&c.Offer), PageURL: c.PageURL, PageTitle: c.PageTitle, ChatDepartment: c.ChatDepartment,
		StartedAt: Time(c.StartedAt), AwaitingSince: OptionalTime(c.AwaitingReplySince),
		Messages: Map(c.Messages, func(m *models.OfferedMessage) OfferedMessage {
			return OfferedMessage{string(m.SenderType), string(m.Type), m.Content, IntBool(m.Withdrawn), Time(m.CreatedAt)}
		}),
	}
}

// OfferMade answers a request that made, accepted, declined or withdrew an offer.
type OfferMade struct {
	Message string `json:"message"`
	Offer   Offer  `json:"offer"`
}

// OfferMoved is OfferMade with the chat as it is now.
type OfferMoved struct {
	OfferMade
	Chat Chat `json:"chat"`
}

// TransferOptions are the agents and queues that can be offered a chat now.
type TransferOptions struct {
	Agents      []TransferAgent      `json:"agents"`
	Departments []TransferDepartment `json:"departments"`
}

// TransferAgent is an agent who can take a chat.
type TransferAgent struct {
	Service       *Service `json:"service"`
	Load          int      `json:"load"`
	Reserved      int      `json:"reserved"`
	MaxConcurrent int      `json:"max_concurrent"`
	Departments   []string `json:"departments"`
}

// TransferDepartment is a department with its staff and its queue.
type TransferDepartment struct {
	Department string `json:"department"`
	Name       string `json:"name"`
	Online     int    `json:"online_count"`
	Free       int    `json:"free_count"`
	Waiting    int    `json:"waiting"`
}

// TransferOptionsOf returns the body of the options of a transfer.
func TransferOptionsOf(o *models.TransferOptions) TransferOptions {
	return TransferOptions{
		Agents: Map(o.Agents, func(a *models.Agent) TransferAgent {
			return TransferAgent{ServiceOf(a.Card()), a.Load, a.Reserved, a.MaxConcurrent, append([]string{}, a.Departments...)}
		}),
		Departments: Map(o.Departments, func(d *models.TransferDepartment) TransferDepartment {
			return TransferDepartment{d.Slug, d.Name, d.Online, d.Free, d.Waiting}
		}),
	}
}
