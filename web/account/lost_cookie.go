package account

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/views/login"
	"parley/views/text"
	"parley/web/present"
)

// signedInParam marks the sign-in page that a right password leads to when the browser has not shown yet that it keeps cookies.
const signedInParam = "signed_in"

// reportLostCookie says on the page and in the log why a right password did not sign anybody in: the browser dropped the cookie. It does so for a
// Secure cookie over plain http, where PUBLIC_URL begins with https, and where cookies are forbidden. What the browser sees is told by its
// Referer; the request itself may have come from a proxy that speaks TLS to the browser.
func (h *Handlers) reportLostCookie(c echo.Context, f *login.Form) {
	ctx := c.Request().Context()
	currentPath := ""
	if from, err := url.Parse(c.Request().Referer()); err == nil && from.Host != "" {
		currentPath = from.Scheme + "://" + from.Host
	}
	if h.PublicURL == nil || currentPath == "" && strings.EqualFold(c.Request().Host, h.PublicURL.Host) || sameAddress(currentPath, h.PublicURL) {
		f.Error = text.T(ctx, "login.cookie_lost")
		h.Log.Warn("a right password signed nobody in: the browser kept no cookie", "opened_at", present.Shorten(currentPath, 200))
		return
	}
	f.Error, f.Instead = text.T(ctx, "login.wrong_address"), h.BaseURL(c)+"/login"
	h.Log.Warn("a right password signed nobody in: the browser kept no cookie, since this is not the address of PUBLIC_URL",
		"opened_at", present.Shorten(currentPath, 200), "public_url", h.BaseURL(c))
}

// sameAddress tells whether an origin as a browser writes it is that of a URL.
func sameAddress(origin string, of *url.URL) bool {
	host := of.Host
	if port := of.Port(); of.Scheme == "https" && port == "443" || of.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return strings.EqualFold(origin, of.Scheme+"://"+host)
}
