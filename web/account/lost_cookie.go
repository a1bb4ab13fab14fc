package account

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/views/login"
	"parley/views/text"
	"parley/web/present"
)

// signedInParam marks the sign-in page as the target after a correct password, for a browser that has not yet shown that it keeps cookies.
const signedInParam = "signed_in"

// reportLostCookie explains on the page and in the log why a correct password did not sign the agent in: the browser dropped the cookie.
// It does so for a Secure cookie over plain http, where PUBLIC_URL is https, and where cookies are blocked. The Referer has the address
// that the browser uses; the request itself may come from a proxy that terminates TLS.
func (h *Handlers) reportLostCookie(c echo.Context, f *login.Form) {
	ctx := c.Request().Context()
	currentPath := ""
	if from, err := url.Parse(c.Request().Referer()); err == nil && from.Host != "" {
		currentPath = from.Scheme + "://" + from.Host
	}
	if h.PublicURL == nil || currentPath == "" && strings.EqualFold(c.Request().Host, h.PublicURL.Host) ||
		sameAddress(currentPath, h.PublicURL) {
		f.Error = text.T(ctx, "login.cookie_lost")
		h.Log.Warn(
			"sign-in failed with a correct password: the browser did not keep the cookie",
			"opened_at",
			present.Shorten(currentPath, 200),
		)
		return
	}
	f.Error, f.Instead = text.T(ctx, "login.wrong_address"), h.BaseURL(c)+"/login"
	h.Log.Warn("sign-in failed with a correct password: the browser did not keep the cookie, the page was not opened at PUBLIC_URL",
		"opened_at", present.Shorten(currentPath, 200), "public_url", h.BaseURL(c))
}

// sameAddress reports whether an origin, as a browser writes it, is the origin of a URL.
func sameAddress(origin string, of *url.URL) bool {
	host := of.Host
	if port := of.Port(); of.Scheme == "https" && port == "443" || of.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return strings.EqualFold(origin, of.Scheme+"://"+host)
}
