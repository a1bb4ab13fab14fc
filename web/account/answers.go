package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// answerSecondFactor answers programs with how the caller's own second factor stands. The secret of one that is being set up is in the answer to
// beginning it alone.
func (h *Handlers) answerSecondFactor(c echo.Context) error {
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

// answerSetUp answers programs with the secret that they put into an authenticator app.
func (h *Handlers) answerSetUp(c echo.Context) error {
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

// MySessions lists where the caller is signed in, for programs; people find the list on the page of their account.
func (h *Handlers) MySessions(c echo.Context) error {
	who := kit.CallerOf(c)
	sessions, err := h.Desk.Sessions(c.Request().Context(), who.Actor, who.Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(sessions, func(m *models.Session) api.AgentSession {
		out := api.AgentSession{SessionID: m.ID, UserAgent: m.UserAgent, CreatedAt: api.Time(m.CreatedAt), SeenAt: api.Time(m.SeenAt), IsCurrent: api.IntBool(m.Current)}
		if m.Address != "" {
			out.Address = &m.Address
		}
		return out
	})})
}
