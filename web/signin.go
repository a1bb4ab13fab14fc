package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/limit"
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
	if err := bind(c, &in); err != nil {
		return err
	}
	switch {
	case wanted(c) == asJSON:
		return s.signInProgram(c, in)
	case in.Step != "":
		return s.finishSignIn(c, in)
	}
	var token, step string
	var a *models.Agent
	err := s.checkFilled(in)
	if err == nil {
		err = s.proved(c, in.Email, func(ctx context.Context) (err error) {
			token, a, step, err = s.desk.BeginSignIn(ctx, s.credentials(c, in))
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
	err := s.proved(c, in.Email, func(ctx context.Context) (err error) {
		token, a, err = s.desk.SignInWith(ctx, s.credentials(c, in))
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: struct {
		Token   string       `json:"token"`
		Service *serviceJSON `json:"service"`
	}{token, serviceOf(a.Card())}})
}

// finishSignIn takes the code from the page that asked for it.
func (s *Server) finishSignIn(c echo.Context, in signInInput) error {
	email, err := s.desk.SignInStep(c.Request().Context(), in.Step)
	if err != nil {
		return s.signInFailed(c, in, err)
	}
	in.Email = email
	if strings.TrimSpace(in.Code) == "" {
		return s.codeForm(c, http.StatusUnprocessableEntity, in, text.T(c.Request().Context(), "login.required"))
	}
	var token string
	var a *models.Agent
	err = s.proved(c, email, func(ctx context.Context) (err error) {
		token, a, err = s.desk.FinishSignIn(ctx, in.Step, s.credentials(c, in))
		return err
	})
	if err != nil {
		return s.signInFailed(c, in, err)
	}
	return s.signedIn(c, token, a, in.Next)
}

func (s *Server) signedIn(c echo.Context, token string, a *models.Agent, next string) error {
	s.setCookie(c, agentCookie, token, agentCookieAge)
	to := localPath(inside(c.Request(), next), frontPage(a))
	keeps := s.cookie(c, tryCookie) != "" || s.cookie(c, agentCookie) != ""
	if h := c.Request().Header; !keeps && (h.Get(echo.HeaderOrigin) != "" || h.Get("Sec-Fetch-Site") != "") {
		to = "/login?" + url.Values{afterSignIn: {"1"}, "next": {to}}.Encode() // a browser that may keep no cookie; the page looks
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (s *Server) credentials(c echo.Context, in signInInput) models.Credentials {
	return models.Credentials{Email: in.Email, Password: in.Password, Code: in.Code, UserAgent: userAgent(c), Address: c.RealIP(), Held: s.cookie(c, agentCookie)}
}

func (s *Server) checkFilled(in signInInput) error {
	switch {
	case in.Email == "":
		return invalidField("email", "required", "Write your e-mail address.")
	case in.Password == "":
		return invalidField("password", "required", "Write your password.")
	}
	return nil
}

// proved does what proves who somebody is, and counts failures only. Tries for one account, and tries from one address, go one at a time,
// so that many at once cannot all look before the first is counted.
func (s *Server) proved(c echo.Context, email string, prove func(context.Context) error) error {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	account, address := hex.EncodeToString(sum[:16]), network(c.RealIP())
	ctx := c.Request().Context()
	for _, key := range []string{"address " + address, "account " + account} { // always in this order: no two wait for each other
		done, err := s.turns.Wait(ctx, key)
		if err != nil {
			return err
		}
		defer done()
	}
	claims := []limit.Claim{{Action: limit.SignIn, Who: account + "@" + address}, {Action: limit.SignInAddress, Who: address}, {Action: limit.SignInAccount, Who: account}}
	if v := s.limit.Look(ctx, claims...); !v.OK {
		return tooMany(v)
	}
	err := prove(ctx)
	if provedWrong(err) {
		s.limit.Note(ctx, claims...)
	}
	return err
}

// provedWrong tells whether a password or a code was wrong, on the sign-in page or in a form of one's own account.
func provedWrong(err error) bool {
	var refused *models.Error
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range refused.Fields {
		if code == "wrong" {
			return true
		}
	}
	return refused.Code == "wrong_credentials" || refused.Code == "wrong_code"
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
