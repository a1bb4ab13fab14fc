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

// The names of cookies, before the prefix of their host, and how long each is kept.
const (
	AgentCookie = "parley_session"
	UserCookie  = "parley_user"
	ProbeCookie = "parley_probe" // holds nothing; whether it comes back tells whether the browser keeps cookies for the frame
	TryCookie   = "parley_try"   // holds nothing either; set by the sign-in page, with all that the session's cookie has
	LangCookie  = "parley_lang"
	ThemeCookie = "parley_theme"

	AgentCookieAge = models.AgentSessionTTL
	UserCookieAge  = models.UserSessionTTL
	ChoiceAge      = 365 * 24 * time.Hour
)

// cookieName is the name with the prefix that binds a cookie to this very host, where that is possible. Such a cookie has the path "/", so
// below the path of PUBLIC_URL the name tells the Parleys of one host apart.
func (k *Kit) cookieName(c echo.Context, name string) string {
	if base := k.Base(); base != "" {
		sum := sha256.Sum256([]byte(base))
		name += "_" + hex.EncodeToString(sum[:4])
	}
	if k.OverTLS(c) {
		return "__Host-" + name
	}
	return name
}

// Cookie is the value of a cookie, "" for none.
func (k *Kit) Cookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(k.cookieName(c, name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetCookie keeps a credential; an empty value and a negative age take it away. The user's cookie must reach the widget
// inside a frame on another site, so over https it may cross sites, partitioned by the site.
func (k *Kit) SetCookie(c echo.Context, name, value string, age time.Duration) {
	cookie := &http.Cookie{Name: k.cookieName(c, name), Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: k.OverTLS(c), SameSite: http.SameSiteLaxMode}
	if age < 0 {
		cookie.MaxAge = -1
	}
	if (name == UserCookie || name == ProbeCookie) && cookie.Secure {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	}
	c.SetCookie(cookie)
}

// KeepsCookies tells whether the frame's browser sends our cookies back. Whoever sends a header has learnt that it does not.
func (k *Kit) KeepsCookies(c echo.Context) bool {
	return Bearer(c) == "" && (k.Cookie(c, ProbeCookie) != "" || k.Cookie(c, UserCookie) != "")
}

// CSRFFor is the token that belongs to a session: whoever cannot read the cookie cannot make it, and nothing is stored.
func CSRFFor(session string) string {
	if session == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("parley csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CSRFToken is for the head of the page that is being drawn. A page that was asked for with a header needs none, but its scripts tell by it
// which tabs are the same person's.
func CSRFToken(c echo.Context) string {
	who, _ := c.Get(CallerKey).(*Caller)
	if who == nil {
		return ""
	}
	return CSRFFor(who.Token)
}

// CheckCSRF refuses a request that does not come with the token of its session, in a header or in its form.
func CheckCSRF(c echo.Context, session string) error {
	sent := c.Request().Header.Get("X-CSRF-Token")
	if sent == "" {
		if err := readForm(c); statusOf(err) != 0 { // too large or too slow; a form that makes no sense has no token
			return err
		}
		sent = c.Request().PostForm.Get("csrf_token")
	}
	if !hmac.Equal([]byte(sent), []byte(CSRFFor(session))) {
		return Forbidden("csrf_failed", "This page is out of date. Reload it and try again.")
	}
	return nil
}
