package account

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/account"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// notices are what the account's page says was just done; only these are said.
var notices = map[string]string{
	"password": "account.done.password", "session": "account.done.session", "sessions": "account.done.sessions", "off": "account.done.off",
}

// AccountPage shows the caller's account, sessions and second factor, or answers programs with them.
func (h *Handlers) AccountPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		a, err := h.Desk.AgentByID(c.Request().Context(), kit.ActorOf(c).ID)
		if err != nil {
			return err
		}
		return h.RespondAgent(c, a)
	}
	return h.accountWith(c, http.StatusOK, "", nil)
}

// accountWith draws the account, with one of its forms refused for the reasons in words.
func (h *Handlers) accountWith(c echo.Context, status int, form string, words view.Errors) error {
	ctx := c.Request().Context()
	who := kit.CallerOf(c)
	sessions, err := h.Desk.Sessions(ctx, who.Actor, who.Session)
	if err != nil {
		return err
	}
	factor, err := h.Desk.SecondFactorOf(ctx, who.Actor, who.Actor.ID)
	if err != nil {
		return err
	}
	now, err := h.Desk.Now(ctx)
	if err != nil {
		return err
	}
	page := view.Page{Frame: h.AdminFrame(c, "account", text.T(ctx, "account.title")), Refused: form, Errors: words,
		Factor: view.Factor{On: factor.On, Since: factor.Since, CodesLeft: factor.CodesLeft}}
	if key := notices[c.QueryParam("done")]; key != "" && form == "" {
		page.Notice = text.T(ctx, key)
	}
	for i := range sessions {
		page.Sessions = append(page.Sessions, sessionOf(ctx, &sessions[i], now))
	}
	return h.Render(c, status, view.AccountPage(page))
}

// refusedForm draws the account again where a form can be mended; anything else is an error.
func (h *Handlers) refusedForm(c echo.Context, form string, err error) error {
	words, ok := accountRefusal(c.Request().Context(), err)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	return h.accountWith(c, kit.ProblemOf(c.Request().Context(), err).Status, form, words)
}

// guarded does something that asks for a password or a code; wrong ones count as failed sign-ins do.
func (h *Handlers) guarded(c echo.Context, do func(context.Context) error) error {
	return h.LimitFailures(c, kit.AgentOf(c).Email, do)
}

// ChangePassword sets a new password and ends the caller's other sessions. A wrong old password is 422 and counts as a failed sign-in.
func (h *Handlers) ChangePassword(c echo.Context) error {
	var in struct {
		Old   string `json:"old_password"`
		Fresh string `json:"password"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	who := kit.CallerOf(c)
	err := h.guarded(c, func(ctx context.Context) error {
		return h.Desk.ChangePassword(ctx, who.Actor, who.Session, in.Old, in.Fresh)
	})
	if err != nil {
		return h.refusedForm(c, "password", err)
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "account.done.password")}, Redirect: "/account?done=password"})
}

// EndMySession ends one session of the caller; another agent's is 404.
func (h *Handlers) EndMySession(c echo.Context) error {
	who := kit.CallerOf(c)
	ctx := c.Request().Context()
	if err := h.Desk.EndSession(ctx, who.Actor, kit.PathID(c, "session_id")); err != nil {
		return err
	}
	if live, err := h.Desk.LiveSessions(ctx, [][]byte{who.Session}); err == nil && !live[string(who.Session)] { // it was this one
		if who.ByCookie {
			h.SetCookie(c, kit.AgentCookie, "", -1)
		}
		return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.signed_out")}, Redirect: "/login"})
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "account.done.session")}, Redirect: "/account?done=session"})
}

// EndMyOtherSessions ends every session of the caller but this one.
func (h *Handlers) EndMyOtherSessions(c echo.Context) error {
	who := kit.CallerOf(c)
	ended, err := h.Desk.EndOtherSessions(c.Request().Context(), who.Actor, who.Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.EndedSessions{Message: text.T(c.Request().Context(), "account.done.sessions"), EndedSessions: ended}, Redirect: "/account?done=sessions"})
}

type factorInput struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// BeginFactor makes a secret, and leads to where it is shown.
func (h *Handlers) BeginFactor(c echo.Context) error {
	var in factorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.guarded(c, func(ctx context.Context) error { return h.Desk.BeginSecondFactor(ctx, kit.ActorOf(c), in.Password) })
	if err != nil {
		return h.refusedForm(c, "setup", err)
	}
	if kit.Format(c) == kit.JSON {
		return h.answerSetUp(c)
	}
	return h.Respond(c, kit.Result{Redirect: "/account/second-factor"})
}

// SecondFactor shows the key of a second factor that is being set up.
func (h *Handlers) SecondFactor(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		return h.answerSecondFactor(c)
	}
	return h.factorWith(c, http.StatusOK, "")
}

// factorWith shows the secret while it waits for its first code; before and after that there is nothing to show.
func (h *Handlers) factorWith(c echo.Context, status int, refused string) error {
	ctx := c.Request().Context()
	e, err := h.Desk.PendingSecondFactor(ctx, kit.ActorOf(c))
	if errors.Is(err, models.ErrSecondFactorNotBegun) {
		return c.Redirect(http.StatusSeeOther, "/account")
	}
	if err != nil {
		return err
	}
	picture, err := qrOf(e.URL)
	if err != nil {
		return err
	}
	return h.Render(c, status, view.SetUpPage(view.SetUp{Frame: h.AdminFrame(c, "account", text.T(ctx, "account.setup.title")),
		QR: picture, Secret: inGroups(e.Secret), URL: e.URL, Error: refused}))
}

// ConfirmFactor switches the second factor on by a code of the authenticator app and shows the recovery codes, once.
func (h *Handlers) ConfirmFactor(c echo.Context) error {
	var in factorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	var codes []string
	err := h.guarded(c, func(ctx context.Context) (err error) {
		codes, err = h.Desk.ConfirmSecondFactor(ctx, kit.ActorOf(c), in.Code)
		return err
	})
	switch {
	case err == nil:
		return h.codesPage(c, codes, false)
	case errors.Is(err, models.ErrSecondFactorNotBegun):
		return h.refusedForm(c, "setup", err)
	}
	words, ok := accountRefusal(c.Request().Context(), err)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	return h.factorWith(c, kit.ProblemOf(c.Request().Context(), err).Status, words["code"]+words[""])
}

// RenewCodes replaces the recovery codes. It asks for the password and a code.
func (h *Handlers) RenewCodes(c echo.Context) error {
	var in factorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	var codes []string
	err := h.guarded(c, func(ctx context.Context) (err error) {
		codes, err = h.Desk.RenewRecoveryCodes(ctx, kit.ActorOf(c), in.Password, in.Code)
		return err
	})
	if err != nil {
		return h.refusedForm(c, "codes", err)
	}
	return h.codesPage(c, codes, true)
}

// codesPage answers the form itself, since nobody can ask for the codes again.
func (h *Handlers) codesPage(c echo.Context, codes []string, fresh bool) error {
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.RecoveryCodes{Message: text.T(c.Request().Context(), "done.recovery_codes"), RecoveryCodes: codes}})
	}
	frame := h.AdminFrame(c, "account", text.T(c.Request().Context(), "account.codes.title"))
	return h.Render(c, http.StatusOK, view.CodesPage(view.Codes{Frame: frame, Codes: codes, Fresh: fresh}))
}

// EndFactor switches the second factor off. It asks for the password and a code.
func (h *Handlers) EndFactor(c echo.Context) error {
	var in factorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.guarded(c, func(ctx context.Context) error {
		return h.Desk.EndSecondFactor(ctx, kit.ActorOf(c), in.Password, in.Code)
	})
	if err != nil {
		return h.refusedForm(c, "off", err)
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "account.done.off")}, Redirect: "/account?done=off"})
}
