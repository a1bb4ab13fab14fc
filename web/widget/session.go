package widget

import (
	"github.com/labstack/echo/v4"

	"parley/web/kit"
)

// panelSession is what the scripts of the panel get of a session: the token itself only where the browser keeps no cookie for the frame.
type panelSession struct {
	Token string `json:"token,omitempty"`
	CSRF  string `json:"csrf"`
	User  string `json:"user"` // as draftKey names them
}

// BeginSession makes the panel's user an anonymous one, unless they are somebody already. With "bearer" the token is not trusted to a
// cookie: one was set before, and did not come back.
func (h *Handlers) BeginSession(c echo.Context) error {
	var in struct {
		Bearer string `json:"bearer"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	who, found, err := h.Guest(c)
	switch {
	case err != nil:
		return err
	case found:
		return h.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(who.Token), User: draftKey(who.Actor.ID)}})
	case in.Bearer == "" && h.KeepsCookies(c):
		if who, err = h.StartGuestSession(c); err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: panelSession{CSRF: kit.CSRFFor(who.Token), User: draftKey(who.Actor.ID)}})
	}
	token, u, err := h.NewAnonymousUser(c)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: panelSession{token, kit.CSRFFor(token), draftKey(u.ID)}})
}
