package account

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type signInInput struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Code     string `json:"code"`
	Next     string `json:"next"`
	Step     string `json:"step"` // of the page that asks for the code
}

// SignIn takes everything at once from programs. The page asks for the code of a second factor in a step of its own.
func (h *Handlers) SignIn(c echo.Context) error {
	var in signInInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	switch {
	case kit.Format(c) == kit.JSON:
		return h.signInProgram(c, in)
	case in.Step != "":
		return h.finishSignIn(c, in)
	}
	var token, step string
	var a *models.Agent
	err := h.checkFilled(in)
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
	return h.signedIn(c, token, a, in.Next)
}

func (h *Handlers) signInProgram(c echo.Context, in signInInput) error {
	if err := h.checkFilled(in); err != nil {
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

// finishSignIn takes the code from the page that asked for it.
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
	return h.signedIn(c, token, a, in.Next)
}

func (h *Handlers) signedIn(c echo.Context, token string, a *models.Agent, next string) error {
	h.SetCookie(c, kit.AgentCookie, token, kit.AgentCookieAge)
	to := kit.LocalPath(kit.Inside(c.Request(), next), kit.FrontPage(a))
	keeps := h.Cookie(c, kit.TryCookie) != "" || h.Cookie(c, kit.AgentCookie) != ""
	if header := c.Request().Header; !keeps && (header.Get(echo.HeaderOrigin) != "" || header.Get("Sec-Fetch-Site") != "") {
		to = "/login?" + url.Values{afterSignIn: {"1"}, "next": {to}}.Encode() // a browser that may keep no cookie; the page looks
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (h *Handlers) credentials(c echo.Context, in signInInput) models.Credentials {
	return models.Credentials{Email: in.Email, Password: in.Password, Code: in.Code, UserAgent: kit.UserAgent(c), Address: c.RealIP(), Held: h.Cookie(c, kit.AgentCookie)}
}

func (h *Handlers) checkFilled(in signInInput) error {
	switch {
	case in.Email == "":
		return kit.InvalidField("email", "required", "Enter your e-mail address.")
	case in.Password == "":
		return kit.InvalidField("password", "required", "Enter your password.")
	}
	return nil
}

// SignOut ends the caller's session and takes its cookie back.
func (h *Handlers) SignOut(c echo.Context) error {
	who := kit.CallerOf(c)
	if err := h.Desk.SignOut(c.Request().Context(), who.Token); err != nil {
		return err
	}
	if who.ByCookie {
		h.SetCookie(c, kit.AgentCookie, "", -1)
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.signed_out")}, Redirect: "/login"})
}
