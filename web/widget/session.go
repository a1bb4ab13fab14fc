package widget

import (
	"github.com/labstack/echo/v4"

	"parley/web/kit"
)

// panelSession is a session for the scripts of the panel. Token is set only if the browser keeps no cookies for the frame.
type panelSession struct {
	Token string `json:"token,omitempty"`
	CSRF  string `json:"csrf"`
	User  string `json:"user"` // draftKey of the user
}

// BeginSession creates an anonymous user for the panel, or returns the session that it already has. With "bearer" the scripts report that
// the browser did not send the cookie back, so the response has the token itself.
func (h *Handlers) BeginSession(c echo.Context) error {
	var in struct {
		Bearer string `json:"bearer"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	caller, found, err := h.Guest(c)
	switch {
	case err != nil:
		return err
	case found:
		return h.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(caller.Token), User: draftKey(caller.Actor.ID)}})
	case in.Bearer == "" && h.KeepsCookies(c):
		if caller, err = h.StartGuestSession(c); err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(caller.Token), User: draftKey(caller.Actor.ID)}})
	}
	token, u, err := h.NewAnonymousUser(c)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: panelSession{token, kit.CSRFFor(token), draftKey(u.ID)}})
}
