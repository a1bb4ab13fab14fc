package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/login"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/limit"
	"parley/web/sso"
)

const (
	ssoStartPath    = "/login/sso"
	ssoCallbackPath = "/login/sso/callback"
)

// ssoCookieAge is how long a browser may take at the provider.
const ssoCookieAge = 10 * time.Minute

// maxSSOParam is the greatest length of a parameter of the provider's answer.
const maxSSOParam = 4096

// StartSSO sends the browser to the provider. While that is away the sign-in page says so.
func (h *Handlers) StartSSO(c echo.Context) error {
	if h.SSO == nil {
		return kit.StatusError(http.StatusNotFound)
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	ctx := c.Request().Context()
	next := kit.LocalPath(kit.InternalPath(c.Request(), c.QueryParam("next")), "")
	if len(next) > maxSSOParam || !kit.Storable(next) {
		next = ""
	}
	if v := h.Limits.Allow(ctx, limit.Claim{Action: limit.SSO, Who: kit.NetworkOf(c.RealIP())}); !v.OK {
		return h.ssoFailed(c, next, kit.TooMany(v))
	}
	// Before anything is stored, because the provider may be away.
	if err := h.SSO.Check(ctx); err != nil {
		return h.ssoFailed(c, next, err)
	}
	flow := sso.NewFlow(h.BaseURL(c) + ssoCallbackPath)
	state, browser, err := h.Desk.BeginSSO(ctx, models.SSOFlow{
		Nonce: flow.Nonce, Verifier: flow.Verifier, RedirectURI: flow.RedirectURI, Next: next,
	}, h.Cookie(c, kit.SSOCookie))
	if err != nil {
		return h.ssoFailed(c, next, err)
	}
	to, err := h.SSO.AuthURL(ctx, flow, state)
	if err != nil {
		return h.ssoFailed(c, next, err)
	}
	h.SetCookie(c, kit.SSOCookie, browser, ssoCookieAge)
	return c.Redirect(http.StatusSeeOther, to)
}

// errSSORefused is the error for an answer of the provider that cannot be used.
var errSSORefused = errors.New("the answer of the provider cannot be used")

// FinishSSO signs in the agent that the provider sent back, if this browser began that sign-in.
func (h *Handlers) FinishSSO(c echo.Context) error {
	if h.SSO == nil {
		return kit.StatusError(http.StatusNotFound)
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK) // what checks a link must not use up the sign-in
	}
	ctx := c.Request().Context()
	failure := limit.Claim{Action: limit.SignInAddress, Who: kit.NetworkOf(c.RealIP())}
	if v := h.Limits.Peek(ctx, failure); !v.OK {
		return h.ssoFailed(c, "", kit.TooMany(v))
	}
	token, agent, next, err := h.finishSSO(c)
	if err != nil {
		if !errors.Is(err, sso.ErrAway) {
			h.Limits.Record(ctx, failure)
		}
		return h.ssoFailed(c, next, err)
	}
	return h.completeSignIn(c, token, agent, next)
}

func (h *Handlers) finishSSO(c echo.Context) (token string, agent *models.Agent, next string, err error) {
	ctx := c.Request().Context()
	query := c.QueryParams()
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(query[name]) > 1 || len(query.Get(name)) > maxSSOParam {
			return "", nil, "", errSSORefused
		}
	}
	browser := h.Cookie(c, kit.SSOCookie)
	if query.Get("state") == "" || browser == "" {
		return "", nil, "", models.ErrSignInExpired
	}
	flow, err := h.Desk.TakeSSO(ctx, query.Get("state"), browser)
	if err != nil {
		return "", nil, "", err
	}
	next = flow.Next
	if err := h.SSO.CheckIssuer(ctx, query.Get("iss")); err != nil {
		return "", nil, next, wrapSSO(err)
	}
	if query.Get("error") != "" || query.Get("code") == "" {
		return "", nil, next, errSSORefused
	}
	who, err := h.SSO.Finish(ctx, sso.Flow{Nonce: flow.Nonce, Verifier: flow.Verifier, RedirectURI: flow.RedirectURI}, query.Get("code"))
	if err != nil {
		return "", nil, next, wrapSSO(err)
	}
	token, agent, err = h.Desk.SignInSSO(ctx, models.SSOIdentity{
		SSOSession: models.SSOSession{Issuer: who.Issuer, Subject: who.Subject, SID: who.SessionID, IDToken: who.IDToken},
		Email:      who.Email, IsEmailVerified: who.IsEmailVerified, Name: who.Name, Groups: who.Groups,
	}, h.credentials(c, signInInput{}))
	return token, agent, next, err
}

// wrapSSO tells an answer that cannot be used from a provider that is away. The reason is for the log.
func wrapSSO(err error) error {
	if errors.Is(err, sso.ErrAway) {
		return err
	}
	return errors.Join(errSSORefused, err)
}

// ssoFailed shows the sign-in page with the reason in words.
func (h *Handlers) ssoFailed(c echo.Context, next string, err error) error {
	ctx := c.Request().Context()
	p := kit.ProblemOf(ctx, err)
	f := login.Form{Next: next}
	var refused *models.Error
	switch {
	case errors.Is(err, sso.ErrAway):
		p.Status, f.Error = http.StatusServiceUnavailable, text.T(ctx, "login.sso.away")
	case errors.Is(err, errSSORefused):
		h.Log.Warn("single sign-on failed", "error", err)
		p.Status, f.Error = http.StatusUnauthorized, text.T(ctx, "login.sso.refused")
	case errors.Is(err, models.ErrSignInExpired):
		f.Error = text.T(ctx, "login.sso.expired")
	case errors.As(err, &refused) && refused.Kind == models.TooMany:
		f.Error = text.T(ctx, "login.too_many", "Time", text.Spoken(ctx, refused.RetryAfter))
	case errors.As(err, &refused) && refused.Kind == models.Forbidden:
		f.Error = p.Detail // in the language of the page
	default:
		h.Log.Error("single sign-on failed", "error", err)
		f.Error = text.T(ctx, "login.failed")
	}
	return h.loginForm(c, p.Status, f)
}

// ReceiveLogout ends the sessions that a logout token of the provider names.
func (h *Handlers) ReceiveLogout(c echo.Context) error {
	var in struct {
		Token string `json:"logout_token"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if h.SSO == nil {
		return kit.StatusError(http.StatusNotFound)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	ctx := c.Request().Context()
	failure := limit.Claim{Action: limit.SignInAddress, Who: kit.NetworkOf(c.RealIP())}
	if v := h.Limits.Peek(ctx, failure); !v.OK {
		return kit.TooMany(v)
	}
	logout, err := h.SSO.VerifyLogout(ctx, in.Token)
	if err == nil {
		var ended int
		if ended, err = h.Desk.EndSSOSessions(ctx, *logout); err == nil {
			h.Log.Info("the provider signed out", "sessions", ended)
			return c.NoContent(http.StatusOK)
		}
	}
	if errors.Is(err, sso.ErrAway) {
		return models.ErrSSOUnavailable
	}
	var refused *models.Error
	if !errors.As(err, &refused) || refused.Kind == models.Conflict {
		h.Limits.Record(ctx, failure)
		h.Log.Warn("a logout token was refused", "error", err)
		return kit.Malformed("The logout token cannot be used.")
	}
	return err
}

// endAtProvider returns where the browser signs out at the provider too, "" if the session of the token was not opened there.
func (h *Handlers) endAtProvider(ctx context.Context, c echo.Context, token string) string {
	if h.SSO == nil {
		return ""
	}
	session, err := h.Desk.SSOSession(ctx, token)
	if err != nil || session == nil || session.Issuer != h.SSO.Issuer() {
		return ""
	}
	return h.SSO.EndSessionURL(ctx, session.IDToken, h.BaseURL(c)+"/login")
}
