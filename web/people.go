package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/limit"
)

type signInInput struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Next     string `json:"next"`
}

func (s *Server) signIn(c echo.Context) error {
	var in signInInput
	if err := bind(c, &in); err != nil {
		return err
	}
	token, a, err := s.checkPassword(c, in)
	if wanted(c) != asJSON {
		if err != nil {
			return s.signInFailed(c, in, err)
		}
		s.setCookie(c, agentCookie, token, agentCookieAge)
		return c.Redirect(http.StatusSeeOther, localPath(in.Next, frontPage(a)))
	}
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: struct {
		Token   string       `json:"token"`
		Service *serviceJSON `json:"service"`
	}{token, serviceOf(a.Card())}})
}

// checkPassword counts failures only. Tries for one account, and tries from one address, go one at a time, so that many at
// once cannot all look before the first is counted.
func (s *Server) checkPassword(c echo.Context, in signInInput) (string, *models.Agent, error) {
	switch {
	case in.Email == "":
		return "", nil, invalidField("email", "required", "Write your e-mail address.")
	case in.Password == "":
		return "", nil, invalidField("password", "required", "Write your password.")
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(in.Email))))
	account, address := hex.EncodeToString(sum[:16]), network(c.RealIP())
	ctx := c.Request().Context()
	for _, key := range []string{"address " + address, "account " + account} { // always in this order: no two wait for each other
		done, err := s.turns.Wait(ctx, key)
		if err != nil {
			return "", nil, err
		}
		defer done()
	}
	claims := []limit.Claim{{Action: limit.SignIn, Who: account + "@" + address}, {Action: limit.SignInAddress, Who: address}, {Action: limit.SignInAccount, Who: account}}
	if v := s.limit.Look(ctx, claims...); !v.OK {
		return "", nil, tooMany(v)
	}
	token, a, err := s.desk.SignIn(ctx, strings.TrimSpace(in.Email), in.Password, userAgent(c))
	if models.CodeOf(err) == "wrong_credentials" {
		s.limit.Note(ctx, claims...)
	}
	return token, a, err
}

// userAgent is the program of the caller, as far as it can be stored.
func userAgent(c echo.Context) string { return strings.ToValidUTF8(c.Request().UserAgent(), "?") }

func (s *Server) signOut(c echo.Context) error {
	who := callerOf(c)
	if err := s.desk.SignOut(c.Request().Context(), who.token); err != nil {
		return err
	}
	if who.byCookie {
		s.setCookie(c, agentCookie, "", -1)
	}
	return s.answer(c, result{JSON: said{text.T(c.Request().Context(), "done.signed_out")}, Redirect: "/login"})
}

// frontPage is where a role begins its day.
func frontPage(a *models.Agent) string {
	if models.AgentActor(a).AtLeast(models.RoleSupervisor) {
		return "/supervisor"
	}
	return "/workbench"
}

// presence is the handler of one choice.
func presence(choice models.Presence) func(*Server, echo.Context) error {
	return func(s *Server, c echo.Context) error {
		ctx := c.Request().Context()
		a, err := s.desk.SetPresence(ctx, actorOf(c), choice)
		if err != nil {
			return err
		}
		return s.answerBench(c, result{JSON: struct {
			Message  string `json:"message"`
			IsOnline flag   `json:"is_online"`
			Presence string `json:"presence"`
		}{presenceWord(ctx, a.Presence), a.Presence == models.Online, string(a.Presence)}}, "", "")
	}
}

func presenceWord(ctx context.Context, p models.Presence) string {
	switch p {
	case models.Online:
		return text.T(ctx, "done.online")
	case models.Away:
		return text.T(ctx, "done.away")
	}
	return text.T(ctx, "done.offline")
}

func (s *Server) agentStatus(c echo.Context) error {
	a, err := s.desk.AgentByID(c.Request().Context(), actorOf(c).ID)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: struct {
		IsOnline      flag         `json:"is_online"`
		Presence      string       `json:"presence"`
		Load          int          `json:"load"`
		MaxConcurrent int          `json:"max_concurrent"`
		Service       *serviceJSON `json:"service"`
		Role          string       `json:"role"`
	}{a.Presence == models.Online, string(a.Presence), a.Load, a.MaxConcurrent, serviceOf(a.Card()), string(a.Role)}})
}

func (s *Server) rating(c echo.Context) error {
	a, err := s.desk.Ratings(c.Request().Context(), actorOf(c), pathID(c, "service_id"))
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: ratingOf(a)})
}

func (s *Server) allRatings(c echo.Context) error {
	agents, err := s.desk.AllRatings(c.Request().Context(), actorOf(c))
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: each(agents, ratingOf)})
}
