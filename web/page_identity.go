package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/web/api"
	"parley/web/kit"
)

// introductions is how often a minute somebody may say who they are without a proof.
const introductions = 10

// panelSession is what the scripts of the panel get of a session: the token itself only where the browser keeps no cookie for the frame.
type panelSession struct {
	Token string `json:"token,omitempty"`
	CSRF  string `json:"csrf"`
	User  string `json:"user"` // as draftKey names them
}

// beginSession makes the panel's user an anonymous one, unless they are somebody already. With "bearer" the token is not trusted to a
// cookie: one was set before, and did not come back.
func (s *Server) beginSession(c echo.Context) error {
	var in struct {
		Bearer string `json:"bearer"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	who, err := s.Guest(c)
	switch {
	case err != nil:
		return err
	case who != nil:
		return s.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(who.Token), User: draftKey(who.Actor.ID)}})
	case in.Bearer == "" && s.KeepsCookies(c):
		if who, err = s.StartGuestSession(c); err != nil {
			return err
		}
		return s.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(who.Token), User: draftKey(who.Actor.ID)}})
	}
	token, u, err := s.NewAnonymousUser(c)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: panelSession{token, kit.CSRFFor(token), draftKey(u.ID)}})
}

// identifyUser makes the panel's user the one that the host site's token names, and takes along what this browser said before. It answers
// 204 when the user is that one already, and else the new session: as panelSession, or 205 where it is in the cookie.
func (s *Server) identifyUser(c echo.Context) error {
	var in struct {
		Token string `json:"token"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id, _, err := s.VerifyUserToken(c, in.Token)
	if err != nil {
		return err
	}
	held, _ := s.SessionToken(c)
	token, _, err := s.Desk.Identify(c.Request().Context(), id, held, kit.UserAgent(c))
	switch {
	case err != nil:
		return err
	case token == "":
		return c.NoContent(http.StatusNoContent)
	case s.KeepsCookies(c):
		s.SetCookie(c, kit.UserCookie, token, 0) // until the browser is closed: a signed identity is not for the next person
		return c.NoContent(http.StatusResetContent)
	}
	return s.Respond(c, kit.Result{JSON: panelSession{token, kit.CSRFFor(token), draftKey(id.ID)}})
}

type introduceInput struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// introduceUser keeps what is said of an anonymous user without a proof. Agents see it marked "not verified".
func (s *Server) introduceUser(c echo.Context) error {
	var in introduceInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	u, err := s.Desk.IntroduceUser(c.Request().Context(), kit.ActorOf(c).ID, in.Name, in.Email)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: struct {
		UserID         string      `json:"user_id"`
		UserName       *string     `json:"user_name"`
		UserEmail      *string     `json:"user_email"`
		UserIsVerified api.IntBool `json:"user_is_verified"`
	}{u.ID, u.Name, u.Email, api.IntBool(u.IsVerified)}})
}

// forgetUser ends the panel's session; the next page makes an anonymous one.
func (s *Server) forgetUser(c echo.Context) error {
	if token, _ := s.SessionToken(c); token != "" {
		if err := s.Desk.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	s.SetCookie(c, kit.UserCookie, "", -time.Second)
	return c.NoContent(http.StatusResetContent)
}
