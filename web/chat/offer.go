package chat

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type offerInput struct {
	ServiceID  string `json:"service_id"`
	Department string `json:"department"`
	Wants      string `json:"wants"`
	Tried      string `json:"tried"`
	Promised   string `json:"promised"`
	To         string `json:"to"` // of the page's form, which has one list: agent:<id>, department:<short name> or queue
}

// Offers lists the open offers to and from the caller.
func (h *Handlers) Offers(c echo.Context) error {
	offers, err := h.Desk.OpenOffers(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(offers, api.OfferOf)})
}

// OfferedChat responds with the open offer of a chat and what its receiver reads of the chat.
func (h *Handlers) OfferedChat(c echo.Context) error {
	o, err := h.Desk.OfferedChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.OfferedChatOf(o)})
}

// HandOver responds with the offer by which a chat was handed over last; 404 offer_not_found without one.
func (h *Handlers) HandOver(c echo.Context) error {
	o, found, err := h.Desk.HandOver(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	if !found {
		return models.ErrOfferNotFound.WithDetail("This chat was not handed over by an offer.")
	}
	return h.Respond(c, kit.Result{JSON: api.OfferOf(o)})
}

// TransferOptions lists the agents and queues that can be offered a chat now.
func (h *Handlers) TransferOptions(c echo.Context) error {
	options, err := h.Desk.TransferOptions(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.TransferOptionsOf(options)})
}

// OfferTransfer offers a chat of the caller's to another agent, to a department or to the queue.
func (h *Handlers) OfferTransfer(c echo.Context) error {
	id := kit.ChatID(c)
	var in offerInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	switch kind, target, _ := strings.Cut(in.To, ":"); kind {
	case "agent":
		in.ServiceID = target
	case "department":
		in.Department = target
	}
	o, chat, err := h.Desk.OfferTransfer(c.Request().Context(), kit.ActorOf(c), id, models.OfferRequest{
		ServiceID: in.ServiceID, Department: in.Department, Wants: in.Wants, Tried: in.Tried, Promised: in.Promised,
	})
	if err != nil {
		return err
	}
	message := text.T(c.Request().Context(), "done.offered", "Name", o.ToName)
	if o.State == models.OfferQueued {
		message = text.T(c.Request().Context(), "done.offer_queued")
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.OfferMoved{
		OfferMade: api.OfferMade{Message: message, Offer: api.OfferOf(o)}, Chat: api.ChatOf(chat),
	}})
}

// AcceptOffer takes over a chat that is offered to the caller.
func (h *Handlers) AcceptOffer(c echo.Context) error {
	o, chat, err := h.Desk.AcceptOffer(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	done := text.T(c.Request().Context(), "done.offer_accepted")
	return h.Respond(c, kit.Result{JSON: api.OfferMoved{
		OfferMade: api.OfferMade{Message: done, Offer: api.OfferOf(o)}, Chat: api.ChatOf(chat),
	}})
}

// DeclineOffer declines a chat that is offered to the caller.
func (h *Handlers) DeclineOffer(c echo.Context) error {
	id := kit.ChatID(c)
	var in struct {
		Reason string `json:"reason"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	o, err := h.Desk.DeclineOffer(c.Request().Context(), kit.ActorOf(c), id, in.Reason)
	if err != nil {
		return err
	}
	done := text.T(c.Request().Context(), "done.offer_declined")
	return h.Respond(c, kit.Result{JSON: api.OfferMade{Message: done, Offer: api.OfferOf(o)}})
}

// WithdrawOffer takes back the open offer of a chat of the caller's.
func (h *Handlers) WithdrawOffer(c echo.Context) error {
	o, err := h.Desk.WithdrawOffer(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	done := text.T(c.Request().Context(), "done.offer_withdrawn")
	return h.Respond(c, kit.Result{JSON: api.OfferMade{Message: done, Offer: api.OfferOf(o)}})
}
