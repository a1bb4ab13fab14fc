package kit

import "github.com/labstack/echo/v4"

// OverTLS tells whether people reach this over https. X-Forwarded-Proto is not asked: PUBLIC_URL says it better.
func (k *Kit) OverTLS(c echo.Context) bool {
	if k.PublicURL != nil {
		return k.PublicURL.Scheme == "https"
	}
	return c.Request().TLS != nil
}

// BaseURL is where people reach Parley, without a slash at its end: PUBLIC_URL, or where this request came to.
func (k *Kit) BaseURL(c echo.Context) string { return k.Origin(c) + k.BasePath() }

// Origin is the origin of that address.
func (k *Kit) Origin(c echo.Context) string {
	if k.PublicURL != nil {
		return k.PublicURL.Scheme + "://" + k.PublicURL.Host
	}
	scheme := "http"
	if c.Scheme() == "https" { // which anybody's X-Forwarded-Proto may say, and nothing else
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}
