package account

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/login"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type signInInput struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Code     string `json:"code"`
	Next     string `json:"next"`
	Step     string `json:"step"` // token of the page that asks for the code
}

// SignIn signs an agent in. Programs send address, password and code at once; the page asks for the code in a second step. Wrong
// credentials are 401 wrong_credentials or wrong_code; too many attempts are 429.
func (h *Handlers) SignIn(c echo.Context) error {
	var in signInInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	switch {
	case kit.Format(c) == kit.JSON:
		return h.signInJSON(c, in)
	case in.Step != "":
		return h.finishSignIn(c, in)
	}
	var token, step string
	var a *models.Agent
	err := h.requireFields(in)
	if err == nil {
		err = h.LimitFailures(c, in.Email, func(ctx context.Context) (err error) {
			token, a, step, err = h.Desk.BeginSignIn(ctx, h.credentials(c, in))
			return err
		})
	}
	switch {
	case err != nil:
		return h.signInFailed(c, in, err)
	case step != "":
		in.Step = step
		return h.codeForm(c, http.StatusOK, in, "")
	}
	return h.completeSignIn(c, token, a, in.Next)
}

func (h *Handlers) signInJSON(c echo.Context, in signInInput) error {
	if err := h.requireFields(in); err != nil {
		return err
	}
	var token string
	var a *models.Agent
	err := h.LimitFailures(c, in.Email, func(ctx context.Context) (err error) {
		token, a, err = h.Desk.SignInWith(ctx, h.credentials(c, in))
		return err
	})
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Token   string       `json:"token"`
		Service *api.Service `json:"service"`
	}{token, api.ServiceOf(a.Card())}})
}

// finishSignIn completes a sign-in with the code of the second factor.
func (h *Handlers) finishSignIn(c echo.Context, in signInInput) error {
	email, err := h.Desk.SignInStep(c.Request().Context(), in.Step)
	if err != nil {
		return h.signInFailed(c, in, err)
	}
	in.Email = email
	if strings.TrimSpace(in.Code) == "" {
		return h.codeForm(c, http.StatusUnprocessableEntity, in, text.T(c.Request().Context(), "login.required"))
	}
	var token string
	var a *models.Agent
	err = h.LimitFailures(c, email, func(ctx context.Context) (err error) {
		token, a, err = h.Desk.FinishSignIn(ctx, in.Step, h.credentials(c, in))
		return err
	})
	if err != nil {
		return h.signInFailed(c, in, err)
	}
	return h.completeSignIn(c, token, a, in.Next)
}

func (h *Handlers) completeSignIn(c echo.Context, token string, a *models.Agent, next string) error {
	h.SetCookie(c, kit.AgentCookie, token, kit.AgentCookieAge)
	to := kit.LocalPath(kit.InternalPath(c.Request(), next), kit.HomePage(a))
	cookiesWork := h.Cookie(c, kit.SignInProbeCookie) != "" || h.Cookie(c, kit.AgentCookie) != ""
	if header := c.Request().Header; !cookiesWork && (header.Get(echo.HeaderOrigin) != "" || header.Get("Sec-Fetch-Site") != "") {
		to = "/login?" + url.Values{signedInParam: {"1"}, "next": {to}}.Encode() // the page checks whether the browser kept the cookie
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (h *Handlers) credentials(c echo.Context, in signInInput) models.Credentials {
	return models.Credentials{
		Email: in.Email, Password: in.Password, Code: in.Code, UserAgent: kit.UserAgent(c), Address: c.RealIP(),
		Held: h.Cookie(c, kit.AgentCookie),
	}
}

func (h *Handlers) requireFields(in signInInput) error {
	switch {
	case in.Email == "":
		return kit.InvalidField("email", "required", "Enter your e-mail address.")
	case in.Password == "":
		return kit.InvalidField("password", "required", "Enter your password.")
	}
	return nil
}

// SignOut ends the caller's session and deletes its cookie. A browser whose session was opened at the provider goes on to sign out there.
func (h *Handlers) SignOut(c echo.Context) error {
	caller := kit.CallerOf(c)
	provider := ""
	if caller.ByCookie && kit.Format(c) != kit.JSON {
		provider = h.endAtProvider(c.Request().Context(), c, caller.Token)
	}
	if err := h.Desk.SignOut(c.Request().Context(), caller.Token); err != nil {
		return err
	}
	if caller.ByCookie {
		h.SetCookie(c, kit.AgentCookie, "", -1)
	}
	if provider != "" {
		return h.Render(c, http.StatusOK, login.SignedOut(login.SignOut{
			Page: h.PublicFrame(c, text.T(c.Request().Context(), "login.sso.signing_out"), "login.meta_description"), Provider: provider,
		}))
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.signed_out")}, Redirect: "/login"})
}
