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

// notices has the texts of ?done= on the account page; other values are ignored.
var notices = map[string]string{
	"password": "account.done.password", "session": "account.done.session", "sessions": "account.done.sessions", "off": "account.done.off",
	"reminders": "account.done.reminders",
	"push":      "account.done.push", "push_removed": "account.done.push_removed", "push_tested": "account.done.push_tested",
}

// AccountPage shows the caller's account, sessions and second factor.
func (h *Handlers) AccountPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		a, err := h.Desk.AgentByID(c.Request().Context(), kit.ActorOf(c).ID)
		if err != nil {
			return err
		}
		return h.RespondAgent(c, a)
	}
	return h.renderAccount(c, http.StatusOK, "", nil)
}

// renderAccount draws the account, with the errors of the form that was refused, if any.
func (h *Handlers) renderAccount(c echo.Context, status int, form string, fieldErrors view.Errors) error {
	ctx := c.Request().Context()
	caller := kit.CallerOf(c)
	sessions, err := h.Desk.Sessions(ctx, caller.Actor, caller.Session)
	if err != nil {
		return err
	}
	factor, err := h.Desk.SecondFactorOf(ctx, caller.Actor, caller.Actor.ID)
	if err != nil {
		return err
	}
	now, err := h.Desk.Now(ctx)
	if err != nil {
		return err
	}
	reminders, err := h.remindersForm(c)
	if err != nil {
		return err
	}
	push, err := h.pushView(c)
	if err != nil {
		return err
	}
	page := view.Page{
		Reminders: reminders, Push: push,
		Frame: h.AdminFrame(c, "account", text.T(ctx, "account.title")), Refused: form, Errors: fieldErrors,
		Factor: view.Factor{On: factor.On, Since: factor.Since, CodesLeft: factor.CodesLeft},
	}
	page.Frame.Words = []string{"account.push.state."}
	if key := notices[c.QueryParam("done")]; key != "" && form == "" {
		page.Notice = text.T(ctx, key)
	}
	for i := range sessions {
		page.Sessions = append(page.Sessions, sessionView(ctx, &sessions[i], now))
	}
	return h.Render(c, status, view.AccountPage(page))
}

// redrawForm draws the account again with the errors of a form. For programs, and for errors that a form cannot show, it returns the error.
func (h *Handlers) redrawForm(c echo.Context, form string, err error) error {
	fieldErrors, ok := formErrors(c.Request().Context(), err)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	return h.renderAccount(c, kit.ProblemOf(c.Request().Context(), err).Status, form, fieldErrors)
}

// limitAttempts runs an action that requires a password or a code. Wrong ones count as failed sign-ins; too many are 429.
func (h *Handlers) limitAttempts(c echo.Context, do func(context.Context) error) error {
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
	caller := kit.CallerOf(c)
	err := h.limitAttempts(c, func(ctx context.Context) error {
		return h.Desk.ChangePassword(ctx, caller.Actor, caller.Session, in.Old, in.Fresh)
	})
	if err != nil {
		return h.redrawForm(c, "password", err)
	}
	return h.Respond(c, kit.Result{
		JSON:     api.Done{Message: text.T(c.Request().Context(), "account.done.password")},
		Redirect: "/account?done=password",
	})
}

// EndMySession ends one session of the caller; another agent's is 404.
func (h *Handlers) EndMySession(c echo.Context) error {
	caller := kit.CallerOf(c)
	ctx := c.Request().Context()
	if err := h.Desk.EndSession(ctx, caller.Actor, kit.PathID(c, "session_id")); err != nil {
		return err
	}
	// it was the caller's own
	if live, err := h.Desk.LiveSessions(ctx, [][]byte{caller.Session}); err == nil && !live[string(caller.Session)] {
		if caller.ByCookie {
			h.SetCookie(c, kit.AgentCookie, "", -1)
		}
		return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.signed_out")}, Redirect: "/login"})
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "account.done.session")}, Redirect: "/account?done=session"})
}

// EndMyOtherSessions ends every session of the caller but this one.
func (h *Handlers) EndMyOtherSessions(c echo.Context) error {
	caller := kit.CallerOf(c)
	ended, err := h.Desk.EndOtherSessions(c.Request().Context(), caller.Actor, caller.Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.EndedSessions{
		Message:       text.T(c.Request().Context(), "account.done.sessions"),
		EndedSessions: ended,
	}, Redirect: "/account?done=sessions"})
}

type secondFactorInput struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// BeginSecondFactor creates the secret of a second factor and redirects to the page that shows it. It asks for the password.
func (h *Handlers) BeginSecondFactor(c echo.Context) error {
	var in secondFactorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.limitAttempts(c, func(ctx context.Context) error { return h.Desk.BeginSecondFactor(ctx, kit.ActorOf(c), in.Password) })
	if err != nil {
		return h.redrawForm(c, "setup", err)
	}
	if kit.Format(c) == kit.JSON {
		return h.respondSecondFactorSetup(c)
	}
	return h.Respond(c, kit.Result{Redirect: "/account/second-factor"})
}

// SecondFactor shows the secret of a second factor that is being set up, or responds to programs with the state of the second factor.
func (h *Handlers) SecondFactor(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		return h.respondSecondFactor(c)
	}
	return h.renderSecondFactorSetup(c, http.StatusOK, "")
}

// renderSecondFactorSetup shows the secret until the first code has confirmed it; at any other time it redirects to the account.
func (h *Handlers) renderSecondFactorSetup(c echo.Context, status int, refused string) error {
	ctx := c.Request().Context()
	e, err := h.Desk.PendingSecondFactor(ctx, kit.ActorOf(c))
	if errors.Is(err, models.ErrSecondFactorNotBegun) {
		return c.Redirect(http.StatusSeeOther, "/account")
	}
	if err != nil {
		return err
	}
	code, err := qrCode(e.URL)
	if err != nil {
		return err
	}
	return h.Render(c, status, view.SetUpPage(view.SetUp{
		Frame: h.AdminFrame(c, "account", text.T(ctx, "account.setup.title")),
		QR:    code, Secret: groupSecret(e.Secret), URL: e.URL, Error: refused,
	}))
}

// ConfirmSecondFactor enables the second factor by a code of the authenticator app and shows the recovery codes, once.
func (h *Handlers) ConfirmSecondFactor(c echo.Context) error {
	var in secondFactorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	var codes []string
	err := h.limitAttempts(c, func(ctx context.Context) (err error) {
		codes, err = h.Desk.ConfirmSecondFactor(ctx, kit.ActorOf(c), in.Code)
		return err
	})
	switch {
	case err == nil:
		return h.recoveryCodesPage(c, codes, false)
	case errors.Is(err, models.ErrSecondFactorNotBegun):
		return h.redrawForm(c, "setup", err)
	}
	fieldErrors, ok := formErrors(c.Request().Context(), err)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	return h.renderSecondFactorSetup(c, kit.ProblemOf(c.Request().Context(), err).Status, fieldErrors["code"]+fieldErrors[""])
}

// RenewRecoveryCodes replaces the recovery codes. It asks for the password and a code.
func (h *Handlers) RenewRecoveryCodes(c echo.Context) error {
	var in secondFactorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	var codes []string
	err := h.limitAttempts(c, func(ctx context.Context) (err error) {
		codes, err = h.Desk.RenewRecoveryCodes(ctx, kit.ActorOf(c), in.Password, in.Code)
		return err
	})
	if err != nil {
		return h.redrawForm(c, "codes", err)
	}
	return h.recoveryCodesPage(c, codes, true)
}

// recoveryCodesPage shows the codes in the response to the form, without a redirect, since they cannot be read again.
func (h *Handlers) recoveryCodesPage(c echo.Context, codes []string, fresh bool) error {
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.RecoveryCodes{
			Message:       text.T(c.Request().Context(), "done.recovery_codes"),
			RecoveryCodes: codes,
		}})
	}
	frame := h.AdminFrame(c, "account", text.T(c.Request().Context(), "account.codes.title"))
	return h.Render(c, http.StatusOK, view.CodesPage(view.Codes{Frame: frame, Codes: codes, Fresh: fresh}))
}

// EndSecondFactor disables the second factor. It asks for the password and a code.
func (h *Handlers) EndSecondFactor(c echo.Context) error {
	var in secondFactorInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.limitAttempts(c, func(ctx context.Context) error {
		return h.Desk.EndSecondFactor(ctx, kit.ActorOf(c), in.Password, in.Code)
	})
	if err != nil {
		return h.redrawForm(c, "off", err)
	}
	return h.Respond(
		c,
		kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "account.done.off")}, Redirect: "/account?done=off"},
	)
}
