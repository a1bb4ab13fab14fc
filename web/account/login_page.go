package account

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/login"
	"parley/views/text"
	"parley/web/kit"
)

// LoginPage shows the sign-in form, or redirects an agent who is signed in already.
func (h *Handlers) LoginPage(c echo.Context) error {
	next := kit.LocalPath(kit.InternalPath(c.Request(), c.QueryParam("next")), "")
	if token := h.Cookie(c, kit.AgentCookie); token != "" {
		if caller, err := h.CallerByAgentSession(c, token); err == nil {
			return c.Redirect(http.StatusSeeOther, kit.LocalPath(next, kit.HomePage(caller.Agent)))
		}
	}
	f := login.Form{Next: next}
	if c.QueryParam(signedInParam) != "" && h.Cookie(c, kit.AgentCookie) == "" && h.Cookie(c, kit.SignInProbeCookie) == "" {
		h.reportLostCookie(c, &f)
	}
	return h.loginForm(c, http.StatusOK, f)
}

func (h *Handlers) loginForm(c echo.Context, status int, f login.Form) error {
	if h.Cookie(c, kit.SignInProbeCookie) == "" {
		h.SetCookie(c, kit.SignInProbeCookie, "1", 0)
	}
	f.HasSSO, f.SSOName, f.OnlySSO = h.SSO != nil, h.SSOName, h.Desk.OnlySSO()
	f.Page = h.PublicFrame(c, text.T(c.Request().Context(), "login.title"), "login.meta_description")
	return h.Render(c, status, login.SignIn(f))
}

// codeForm asks for the code of the second factor after address and password were correct.
func (h *Handlers) codeForm(c echo.Context, status int, in signInInput, refused string) error {
	f := login.CodeForm{
		Page: h.PublicFrame(c, text.T(c.Request().Context(), "login.code.title"), "login.meta_description"), Email: in.Email,
		Step: in.Step, Next: kit.LocalPath(kit.InternalPath(c.Request(), in.Next), ""), Error: refused,
	}
	return h.Render(c, status, login.Code(f))
}

// signInFailed shows the sign-in form again with what was typed and why it failed.
func (h *Handlers) signInFailed(c echo.Context, in signInInput, err error) error {
	ctx := c.Request().Context()
	p := kit.ProblemOf(ctx, err)
	f := login.Form{Email: in.Email, Next: kit.LocalPath(kit.InternalPath(c.Request(), in.Next), "")}
	var modelErr *models.Error
	switch {
	case errors.Is(err, models.ErrWrongCredentials):
		f.Error = text.T(ctx, "login.wrong")
	case errors.Is(err, models.ErrSSORequired):
		f.Error = text.T(ctx, "login.sso.required")
	case errors.Is(err, models.ErrWrongCode) && kit.Format(c) == kit.Page:
		return h.codeForm(c, p.Status, in, text.T(ctx, "login.code.wrong"))
	case errors.Is(err, models.ErrSignInExpired):
		f.Error = text.T(ctx, "login.code.expired")
	case errors.As(err, &modelErr) && modelErr.Kind == models.TooMany:
		f.Error = text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, modelErr.RetryAfter))
		if in.Step != "" && kit.Format(c) == kit.Page {
			return h.codeForm(c, p.Status, in, f.Error)
		}
	case p.Errors["email"] != "":
		f.EmailError = text.T(ctx, "login.required")
	case p.Errors["password"] != "":
		f.PasswordError = text.T(ctx, "login.required")
	default:
		h.Log.Error("sign-in failed", "error", err)
		f.Error = text.T(ctx, "login.failed")
	}
	if kit.Format(c) == kit.Fragment {
		return err
	}
	return h.loginForm(c, p.Status, f)
}
