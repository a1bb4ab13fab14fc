package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/login"
	"parley/views/text"
	"parley/web/kit"
)

func (s *Server) loginPage(c echo.Context) error {
	next := kit.LocalPath(kit.Inside(c.Request(), c.QueryParam("next")), "")
	if token := s.Cookie(c, kit.AgentCookie); token != "" {
		if who, err := s.AgentBySession(c, token); err == nil {
			return c.Redirect(http.StatusSeeOther, kit.LocalPath(next, kit.FrontPage(who.Agent)))
		}
	}
	f := login.Form{Next: next}
	if c.QueryParam(afterSignIn) != "" && s.Cookie(c, kit.AgentCookie) == "" && s.Cookie(c, kit.TryCookie) == "" {
		s.tellCookieLost(c, &f)
	}
	return s.loginForm(c, http.StatusOK, f)
}

func (s *Server) loginForm(c echo.Context, status int, f login.Form) error {
	if s.Cookie(c, kit.TryCookie) == "" {
		s.SetCookie(c, kit.TryCookie, "1", 0)
	}
	f.Page = s.PublicFrame(c, text.T(c.Request().Context(), "login.title"), "login.meta_description")
	return s.Render(c, status, login.SignIn(f))
}

// codeForm asks for the code of the second factor, once address and password were right.
func (s *Server) codeForm(c echo.Context, status int, in signInInput, refused string) error {
	f := login.CodeForm{Page: s.PublicFrame(c, text.T(c.Request().Context(), "login.code.title"), "login.meta_description"), Email: in.Email, Step: in.Step, Next: kit.LocalPath(kit.Inside(c.Request(), in.Next), ""), Error: refused}
	return s.Render(c, status, login.Code(f))
}

// signInFailed shows the form again, with what was typed and why it did not work.
func (s *Server) signInFailed(c echo.Context, in signInInput, err error) error {
	ctx := c.Request().Context()
	p := kit.ProblemOf(ctx, err)
	f := login.Form{Email: in.Email, Next: kit.LocalPath(kit.Inside(c.Request(), in.Next), "")}
	var refused *models.Error
	switch {
	case p.Code == "wrong_credentials":
		f.Error = text.T(ctx, "login.wrong")
	case p.Code == "wrong_code" && kit.Format(c) == kit.Page:
		return s.codeForm(c, p.Status, in, text.T(ctx, "login.code.wrong"))
	case p.Code == "sign_in_expired":
		f.Error = text.T(ctx, "login.code.expired")
	case errors.As(err, &refused) && refused.Kind == models.TooMany:
		f.Error = text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, refused.RetryAfter))
		if in.Step != "" && kit.Format(c) == kit.Page {
			return s.codeForm(c, p.Status, in, f.Error)
		}
	case p.Errors["email"] != "":
		f.EmailError = text.T(ctx, "login.required")
	case p.Errors["password"] != "":
		f.PasswordError = text.T(ctx, "login.required")
	default:
		s.Log.Error("a sign-in failed", "error", err)
		f.Error = text.T(ctx, "login.failed")
	}
	if kit.Format(c) == kit.Fragment {
		return err
	}
	return s.loginForm(c, p.Status, f)
}

type preferencesInput struct {
	Lang  string `json:"lang"`
	Theme string `json:"theme"`
	Next  string `json:"next"`
}

// setPreferences keeps language and theme in this browser. "auto" goes back to what the browser prefers.
func (s *Server) setPreferences(c echo.Context) error {
	var in preferencesInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	keep := func(name, value string, known ...string) {
		for _, k := range known {
			if value == k {
				c.SetCookie(&http.Cookie{Name: name, Value: value, Path: cmp.Or(s.Base(), "/"), MaxAge: int(kit.ChoiceAge / time.Second), SameSite: http.SameSiteLaxMode, Secure: s.OverTLS(c)})
			}
		}
		if value == "auto" {
			c.SetCookie(&http.Cookie{Name: name, Path: cmp.Or(s.Base(), "/"), MaxAge: -1})
		}
	}
	keep(kit.LangCookie, in.Lang, text.English, text.Chinese)
	keep(kit.ThemeCookie, in.Theme, "light", "dark")
	return s.Respond(c, kit.Result{Redirect: kit.LocalPath(kit.Inside(c.Request(), in.Next), "")})
}
