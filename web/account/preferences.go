package account

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/kit"
)

type preferencesInput struct {
	Lang  string `json:"lang"`
	Theme string `json:"theme"`
	Next  string `json:"next"`
}

// SetPreferences stores language and theme in cookies. "auto" deletes the cookie, so that the browser's own preference counts.
func (h *Handlers) SetPreferences(c echo.Context) error {
	var in preferencesInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	keep := func(name, value string, known ...string) {
		for _, k := range known {
			if value == k {
				c.SetCookie(&http.Cookie{Name: name, Value: value, Path: cmp.Or(h.BasePath(), "/"),
					MaxAge: int(kit.PreferenceCookieAge / time.Second), SameSite: http.SameSiteLaxMode, Secure: h.OverTLS(c)})
			}
		}
		if value == "auto" {
			c.SetCookie(&http.Cookie{Name: name, Path: cmp.Or(h.BasePath(), "/"), MaxAge: -1})
		}
	}
	keep(kit.LangCookie, in.Lang, text.English, text.Chinese)
	keep(kit.ThemeCookie, in.Theme, "light", "dark")
	return h.Respond(c, kit.Result{Redirect: kit.LocalPath(kit.InternalPath(c.Request(), in.Next), "")})
}
