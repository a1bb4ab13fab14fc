package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// respondSecondFactor responds with the state of the caller's second factor. The secret of a pending one is only in the response to
// BeginSecondFactor.
func (h *Handlers) respondSecondFactor(c echo.Context) error {
	ctx := c.Request().Context()
	factor, err := h.Desk.SecondFactorOf(ctx, kit.ActorOf(c), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	_, err = h.Desk.PendingSecondFactor(ctx, kit.ActorOf(c))
	isPending := err == nil
	if err != nil && !errors.Is(err, models.ErrSecondFactorNotBegun) {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		api.SecondFactor
		IsPending api.IntBool `json:"is_pending"`
	}{api.SecondFactorOf(factor), api.IntBool(isPending)}})
}

// respondSecondFactorSetup responds with the secret for an authenticator app.
func (h *Handlers) respondSecondFactorSetup(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := h.Desk.PendingSecondFactor(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Message    string `json:"message"`
		Secret     string `json:"secret"`
		OTPAuthURL string `json:"otpauth_url"`
	}{text.T(ctx, "done.second_factor_begun"), e.Secret, e.URL}})
}

// MySessions lists the caller's sessions for programs; the account page shows the same list.
func (h *Handlers) MySessions(c echo.Context) error {
	caller := kit.CallerOf(c)
	sessions, err := h.Desk.Sessions(c.Request().Context(), caller.Actor, caller.Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(sessions, func(m *models.Session) api.AgentSession {
		out := api.AgentSession{SessionID: m.ID, UserAgent: m.UserAgent, CreatedAt: api.Time(m.CreatedAt), SeenAt: api.Time(m.SeenAt),
			IsCurrent: api.IntBool(m.Current)}
		if m.Address != "" {
			out.Address = &m.Address
		}
		return out
	})})
}
