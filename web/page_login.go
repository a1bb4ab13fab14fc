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
	"parley/views/ui"
)

// frame is what every page needs beside its content.
func (s *Server) frame(c echo.Context, title string) ui.Page {
	return ui.Page{Title: title, CSRF: csrfToken(c), Theme: theme(c)}
}

// publicFrame is frame for a page that needs no sign-in, with its description in the catalogue.
func (s *Server) publicFrame(c echo.Context, title, description string) ui.Page {
	page := s.frame(c, title)
	page.Description = text.T(c.Request().Context(), description)
	return page
}

// theme is "light", "dark", or "" for what the system says: ?theme=, then the cookie.
func theme(c echo.Context) string {
	chosen := c.QueryParam("theme")
	if cookie, err := c.Cookie(themeCookie); chosen == "" && err == nil {
		chosen = cookie.Value
	}
	if chosen == "light" || chosen == "dark" {
		return chosen
	}
	return ""
}

func (s *Server) loginPage(c echo.Context) error {
	next := localPath(inside(c.Request(), c.QueryParam("next")), "")
	if token := s.cookie(c, agentCookie); token != "" {
		if who, err := s.agentBySession(c, token); err == nil {
			return c.Redirect(http.StatusSeeOther, localPath(next, frontPage(who.Agent)))
		}
	}
	f := login.Form{Next: next}
	if c.QueryParam(afterSignIn) != "" && s.cookie(c, agentCookie) == "" && s.cookie(c, tryCookie) == "" {
		s.tellCookieLost(c, &f)
	}
	return s.loginForm(c, http.StatusOK, f)
}

func (s *Server) loginForm(c echo.Context, status int, f login.Form) error {
	if s.cookie(c, tryCookie) == "" {
		s.setCookie(c, tryCookie, "1", 0)
	}
	f.Page = s.publicFrame(c, text.T(c.Request().Context(), "login.title"), "login.meta_description")
	return s.page(c, status, login.SignIn(f))
}

// codeForm asks for the code of the second factor, once address and password were right.
func (s *Server) codeForm(c echo.Context, status int, in signInInput, refused string) error {
	f := login.CodeForm{Page: s.publicFrame(c, text.T(c.Request().Context(), "login.code.title"), "login.meta_description"), Email: in.Email, Step: in.Step, Next: localPath(inside(c.Request(), in.Next), ""), Error: refused}
	return s.page(c, status, login.Code(f))
}

// signInFailed shows the form again, with what was typed and why it did not work.
func (s *Server) signInFailed(c echo.Context, in signInInput, err error) error {
	ctx := c.Request().Context()
	p := problemOf(ctx, err)
	f := login.Form{Email: in.Email, Next: localPath(inside(c.Request(), in.Next), "")}
	var refused *models.Error
	switch {
	case p.Code == "wrong_credentials":
		f.Error = text.T(ctx, "login.wrong")
	case p.Code == "wrong_code" && wanted(c) == asPage:
		return s.codeForm(c, p.Status, in, text.T(ctx, "login.code.wrong"))
	case p.Code == "sign_in_expired":
		f.Error = text.T(ctx, "login.code.expired")
	case errors.As(err, &refused) && refused.Kind == models.TooMany:
		f.Error = text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, refused.RetryAfter))
		if in.Step != "" && wanted(c) == asPage {
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
	if wanted(c) == asFragment {
		return err
	}
	return s.loginForm(c, p.Status, f)
}

// problemPage is an error as a page.
func (s *Server) problemPage(c echo.Context, p problem) error {
	page := login.Problem{Page: s.publicFrame(c, text.T(c.Request().Context(), "error.title"), "error.meta_description"), Detail: p.Detail, RequestID: p.RequestID, Back: "/"}
	if c.Request().Method != http.MethodGet {
		page.Back = pageBehind(c)
	}
	return s.page(c, p.Status, login.ProblemPage(page))
}

type preferencesInput struct {
	Lang  string `json:"lang"`
	Theme string `json:"theme"`
	Next  string `json:"next"`
}

// setPreferences keeps language and theme in this browser. "auto" goes back to what the browser prefers.
func (s *Server) setPreferences(c echo.Context) error {
	var in preferencesInput
	if err := bind(c, &in); err != nil {
		return err
	}
	keep := func(name, value string, known ...string) {
		for _, k := range known {
			if value == k {
				c.SetCookie(&http.Cookie{Name: name, Value: value, Path: cmp.Or(s.base(), "/"), MaxAge: int(choiceAge / time.Second), SameSite: http.SameSiteLaxMode, Secure: s.overTLS(c)})
			}
		}
		if value == "auto" {
			c.SetCookie(&http.Cookie{Name: name, Path: cmp.Or(s.base(), "/"), MaxAge: -1})
		}
	}
	keep(langCookie, in.Lang, text.English, text.Chinese)
	keep(themeCookie, in.Theme, "light", "dark")
	return s.answer(c, result{Redirect: localPath(inside(c.Request(), in.Next), "")})
}
