package web

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
)

type secondFactorJSON struct {
	IsOn              flag    `json:"is_on"`
	ConfirmedAt       *moment `json:"confirmed_at"`
	RecoveryCodesLeft int     `json:"recovery_codes_left"`
}

func secondFactorOf(f *models.SecondFactor) secondFactorJSON {
	out := secondFactorJSON{IsOn: flag(f.On), RecoveryCodesLeft: f.CodesLeft}
	if f.On {
		out.ConfirmedAt = momentOf(&f.Since)
	}
	return out
}

// answerSecondFactor answers programs with how the caller's own second factor stands. The secret of one that is being set up is in the answer to
// beginning it alone.
func (s *Server) answerSecondFactor(c echo.Context) error {
	ctx := c.Request().Context()
	factor, err := s.Desk.SecondFactorOf(ctx, actorOf(c), actorOf(c).ID)
	if err != nil {
		return err
	}
	_, err = s.Desk.PendingSecondFactor(ctx, actorOf(c))
	isPending := err == nil
	if err != nil && models.CodeOf(err) != "second_factor_not_begun" {
		return err
	}
	return s.answer(c, result{JSON: struct {
		secondFactorJSON
		IsPending flag `json:"is_pending"`
	}{secondFactorOf(factor), flag(isPending)}})
}

// answerSetUp answers programs with the secret that they put into an authenticator app.
func (s *Server) answerSetUp(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Desk.PendingSecondFactor(ctx, actorOf(c))
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: struct {
		Message    string `json:"message"`
		Secret     string `json:"secret"`
		OTPAuthURL string `json:"otpauth_url"`
	}{text.T(ctx, "done.second_factor_begun"), e.Secret, e.URL}})
}

type recoveryCodesJSON struct {
	Message       string   `json:"message"`
	RecoveryCodes []string `json:"recovery_codes"`
}

type endedSessionsJSON struct {
	Message       string `json:"message"`
	EndedSessions int    `json:"ended_sessions"`
}

type agentSessionJSON struct {
	SessionID string  `json:"session_id"`
	UserAgent string  `json:"user_agent"`
	Address   *string `json:"address"`
	CreatedAt moment  `json:"created_at"`
	SeenAt    moment  `json:"seen_at"`
	IsCurrent flag    `json:"is_current"`
}

// mySessions lists where the caller is signed in, for programs; people find the list on the page of their account.
func (s *Server) mySessions(c echo.Context) error {
	who := callerOf(c)
	sessions, err := s.Desk.Sessions(c.Request().Context(), who.Actor, who.session)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: each(sessions, func(m *models.Session) agentSessionJSON {
		out := agentSessionJSON{SessionID: m.ID, UserAgent: m.UserAgent, CreatedAt: moment(m.CreatedAt), SeenAt: moment(m.SeenAt), IsCurrent: flag(m.Current)}
		if m.Address != "" {
			out.Address = &m.Address
		}
		return out
	})})
}
