package kit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// The names of cookies, without the prefix that cookieName adds, and how long each is kept.
const (
	AgentCookie       = "parley_session"
	UserCookie        = "parley_user"
	FrameProbeCookie  = "parley_probe" // empty; if it is sent back, the browser keeps cookies for the frame
	SignInProbeCookie = "parley_try"   // holds nothing either; set by the sign-in page, with all that the session's cookie has
	SSOCookie         = "parley_sso"   // a secret that binds a sign-in at the provider to the browser
	LangCookie        = "parley_lang"
	ThemeCookie       = "parley_theme"

	AgentCookieAge      = models.AgentSessionTTL
	UserCookieAge       = models.UserSessionTTL
	PreferenceCookieAge = 365 * 24 * time.Hour
)

// cookieName returns the full name of a cookie. Over https it has the prefix __Host-, which binds the cookie to this host but requires the
// path "/". Several installations below paths of one host are therefore told apart by a hash of the path in the name.
func (k *Kit) cookieName(c echo.Context, name string) string {
	if base := k.BasePath(); base != "" {
		sum := sha256.Sum256([]byte(base))
		name += "_" + hex.EncodeToString(sum[:4])
	}
	if k.OverTLS(c) {
		return "__Host-" + name
	}
	return name
}

// Cookie returns the value of a cookie, "" if there is none.
func (k *Kit) Cookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(k.cookieName(c, name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetCookie sets a cookie for a credential; a negative age deletes it, 0 keeps it until the browser is closed. The user's cookie must reach
// the widget in a frame of another site, so over https it is SameSite=None, partitioned by that site.
func (k *Kit) SetCookie(c echo.Context, name, value string, age time.Duration) {
	cookie := &http.Cookie{
		Name: k.cookieName(c, name), Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: k.OverTLS(c), SameSite: http.SameSiteLaxMode,
	}
	if age < 0 {
		cookie.MaxAge = -1
	}
	if (name == UserCookie || name == FrameProbeCookie) && cookie.Secure {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	}
	c.SetCookie(cookie)
}

// KeepsCookies reports whether the browser sends cookies back from the widget's frame. A script that sends a bearer token has found that it
// does not.
func (k *Kit) KeepsCookies(c echo.Context) bool {
	return Bearer(c) == "" && (k.Cookie(c, FrameProbeCookie) != "" || k.Cookie(c, UserCookie) != "")
}

// CSRFFor returns the CSRF token of a session, "" for no session. It is derived from the session's token, so nothing is stored and only a
// page that knows the session can have it.
func CSRFFor(session string) string {
	if session == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("parley csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CSRFToken returns the token for the head of a page. A page that was requested with a bearer token does not need one, but its scripts
// recognize tabs of the same session by it.
func CSRFToken(c echo.Context) string {
	caller, _ := c.Get(CallerKey).(*Caller)
	if caller == nil {
		return ""
	}
	return CSRFFor(caller.Token)
}

// CheckCSRF returns 403 csrf_failed unless the request has the CSRF token of its session, in X-CSRF-Token or in the form field csrf_token.
func CheckCSRF(c echo.Context, session string) error {
	sent := c.Request().Header.Get("X-CSRF-Token")
	if sent == "" {
		if err := parseForm(c); statusOf(err) != 0 { // too large or too slow; a malformed form just has no token
			return err
		}
		sent = c.Request().PostForm.Get("csrf_token")
	}
	if !hmac.Equal([]byte(sent), []byte(CSRFFor(session))) {
		return Forbidden("csrf_failed", "This page is out of date. Reload it and try again.")
	}
	return nil
}
