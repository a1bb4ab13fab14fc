package account

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/views/login"
	"parley/views/text"
	"parley/web/present"
)

// afterSignIn marks the sign-in page that a right password leads to when the browser has not shown yet that it keeps cookies.
const afterSignIn = "signed_in"

// tellCookieLost says on the page and in the log why a right password did not sign anybody in: the browser dropped the cookie. It does so for a
// Secure cookie over plain http, where PUBLIC_URL begins with https, and where cookies are forbidden. What the browser sees is told by its
// Referer; the request itself may have come from a proxy that speaks TLS to the browser.
func (h *Handlers) tellCookieLost(c echo.Context, f *login.Form) {
	ctx := c.Request().Context()
	here := ""
	if from, err := url.Parse(c.Request().Referer()); err == nil && from.Host != "" {
		here = from.Scheme + "://" + from.Host
	}
	if h.PublicURL == nil || here == "" && strings.EqualFold(c.Request().Host, h.PublicURL.Host) || sameAddress(here, h.PublicURL) {
		f.Error = text.T(ctx, "login.cookie_lost")
		h.Log.Warn("sign-in failed with a correct password: the browser did not keep the cookie", "opened_at", present.Shorten(here, 200))
		return
	}
	f.Error, f.Instead = text.T(ctx, "login.wrong_address"), h.Address(c)+"/login"
	h.Log.Warn("sign-in failed with a correct password: the browser did not keep the cookie, the page was not opened at PUBLIC_URL",
		"opened_at", present.Shorten(here, 200), "public_url", h.Address(c))
}

// sameAddress tells whether an origin as a browser writes it is that of a URL.
func sameAddress(origin string, of *url.URL) bool {
	host := of.Host
	if port := of.Port(); of.Scheme == "https" && port == "443" || of.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return strings.EqualFold(origin, of.Scheme+"://"+host)
}
