package chat

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// QueueStatus responds with the caller's position and estimated wait, or that the caller does not wait.
func (h *Handlers) QueueStatus(c echo.Context) error {
	status, err := h.Desk.QueueStatus(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.QueueStatusOf(status)})
}

// CancelQueue takes the caller out of the queue; 409 not_in_queue if the caller does not wait.
func (h *Handlers) CancelQueue(c echo.Context) error {
	if err := h.Desk.CancelQueue(c.Request().Context(), kit.ActorOf(c).ID); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.left_queue")}})
}

type availabilityJSON struct {
	Available     bool        `json:"available"`
	OnlineCount   int         `json:"online_count"`
	Message       string      `json:"message"`
	IsOpen        api.IntBool `json:"is_open"`
	NextOpeningAt *api.Time   `json:"next_opening_at"`
	MessageOffer  string      `json:"message_offer"`
	ConsentText   string      `json:"consent_text"`
	ConsentURL    string      `json:"consent_url"`
	// AssistantNotice is 1 if users are to be told that agents may write with an assistant.
	AssistantNotice api.IntBool `json:"is_assistant_used"`
}

// Availability responds with the number of agents who are online, and whether the department of the query is open.
func (h *Handlers) Availability(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Desk.Availability(ctx, c.QueryParam("department"), time.Now())
	if err != nil {
		return err
	}
	message := text.T(ctx, "done.somebody_online", "Count", a.Online)
	if a.Online == 0 {
		message = text.T(ctx, "done.nobody_online")
	}
	s := h.Desk.Settings()
	return h.Respond(c, kit.Result{JSON: availabilityJSON{
		a.Online > 0,
		a.Online,
		message,
		api.IntBool(a.IsOpen),
		api.OptionalTime(a.NextOpeningAt),
		string(a.MessageOffer),
		s.MessageConsent,
		s.ConsentURL,
		api.IntBool(h.Assistant != nil && s.AssistantNotice),
	}})
}
