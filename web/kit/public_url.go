package kit

import "github.com/labstack/echo/v4"

// OverTLS reports whether browsers reach this server over https: by PUBLIC_URL, and without one by the connection itself.
// X-Forwarded-Proto does not count, since any client can send it.
func (k *Kit) OverTLS(c echo.Context) bool {
	if k.PublicURL != nil {
		return k.PublicURL.Scheme == "https"
	}
	return c.Request().TLS != nil
}

// BaseURL returns the address of Parley without a slash at its end: PUBLIC_URL, and without one the host of the request.
func (k *Kit) BaseURL(c echo.Context) string { return k.Origin(c) + k.BasePath() }

// Origin returns the origin of BaseURL, as in "https://chat.example.com".
func (k *Kit) Origin(c echo.Context) string {
	if k.PublicURL != nil {
		return k.PublicURL.Scheme + "://" + k.PublicURL.Host
	}
	scheme := "http"
	if c.Scheme() == "https" { // Scheme returns any value of X-Forwarded-Proto; an address has one of these two
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}
