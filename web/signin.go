package web

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

// signIn takes everything at once from programs. The page asks for the code of a second factor in a step of its own.
func (s *Server) signIn(c echo.Context) error {
	var in signInInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	switch {
	case kit.Format(c) == kit.JSON:
		return s.signInProgram(c, in)
	case in.Step != "":
		return s.finishSignIn(c, in)
	}
	var token, step string
	var a *models.Agent
	err := s.checkFilled(in)
	if err == nil {
		err = s.LimitFailures(c, in.Email, func(ctx context.Context) (err error) {
			token, a, step, err = s.Desk.BeginSignIn(ctx, s.credentials(c, in))
			return err
		})
	}
	switch {
	case err != nil:
		return s.signInFailed(c, in, err)
	case step != "":
		in.Step = step
		return s.codeForm(c, http.StatusOK, in, "")
	}
	return s.signedIn(c, token, a, in.Next)
}

func (s *Server) signInProgram(c echo.Context, in signInInput) error {
	if err := s.checkFilled(in); err != nil {
		return err
	}
	var token string
	var a *models.Agent
	err := s.LimitFailures(c, in.Email, func(ctx context.Context) (err error) {
		token, a, err = s.Desk.SignInWith(ctx, s.credentials(c, in))
		return err
	})
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: struct {
		Token   string       `json:"token"`
		Service *api.Service `json:"service"`
	}{token, api.ServiceOf(a.Card())}})
}

// finishSignIn takes the code from the page that asked for it.
func (s *Server) finishSignIn(c echo.Context, in signInInput) error {
	email, err := s.Desk.SignInStep(c.Request().Context(), in.Step)
	if err != nil {
		return s.signInFailed(c, in, err)
	}
	in.Email = email
	if strings.TrimSpace(in.Code) == "" {
		return s.codeForm(c, http.StatusUnprocessableEntity, in, text.T(c.Request().Context(), "login.required"))
	}
	var token string
	var a *models.Agent
	err = s.LimitFailures(c, email, func(ctx context.Context) (err error) {
		token, a, err = s.Desk.FinishSignIn(ctx, in.Step, s.credentials(c, in))
		return err
	})
	if err != nil {
		return s.signInFailed(c, in, err)
	}
	return s.signedIn(c, token, a, in.Next)
}

func (s *Server) signedIn(c echo.Context, token string, a *models.Agent, next string) error {
	s.SetCookie(c, kit.AgentCookie, token, kit.AgentCookieAge)
	to := kit.LocalPath(kit.Inside(c.Request(), next), kit.FrontPage(a))
	if h := c.Request().Header; s.Cookie(c, kit.TryCookie) == "" && (h.Get(echo.HeaderOrigin) != "" || h.Get("Sec-Fetch-Site") != "") {
		to = "/login?" + url.Values{afterSignIn: {"1"}, "next": {to}}.Encode() // a browser that may keep no cookie; the page looks
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (s *Server) credentials(c echo.Context, in signInInput) models.Credentials {
	return models.Credentials{Email: in.Email, Password: in.Password, Code: in.Code, UserAgent: kit.UserAgent(c), Address: c.RealIP(), Held: s.Cookie(c, kit.AgentCookie)}
}

func (s *Server) checkFilled(in signInInput) error {
	switch {
	case in.Email == "":
		return kit.InvalidField("email", "required", "Write your e-mail address.")
	case in.Password == "":
		return kit.InvalidField("password", "required", "Write your password.")
	}
	return nil
}

func (s *Server) signOut(c echo.Context) error {
	who := kit.CallerOf(c)
	if err := s.Desk.SignOut(c.Request().Context(), who.Token); err != nil {
		return err
	}
	if who.ByCookie {
		s.SetCookie(c, kit.AgentCookie, "", -1)
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.signed_out")}, Redirect: "/login"})
}
