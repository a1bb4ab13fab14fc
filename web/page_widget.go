package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/live"
)

// loaderScript is what customers' pages load. It is fetched anew often enough that a new version arrives within minutes.
func (s *Server) loaderScript(c echo.Context) error {
	script, err := widget.Loader()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(script)
	h := c.Response().Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	if c.Request().Header.Get("If-None-Match") == h.Get("ETag") {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", script)
}

// widgetPage is the panel in the frame. Whoever comes without a session gets one: the frame is only made when somebody
// opens it.
func (s *Server) widgetPage(c echo.Context) error {
	if err := s.welcome(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := s.newPanel(c)
	if err := p.read(ctx); err != nil {
		return err
	}
	v, err := p.view(ctx)
	if err != nil {
		return err
	}
	if err := p.withMessages(ctx, &v); err != nil {
		return err
	}
	frame := s.frame(c, text.T(ctx, "widget.title_default"))
	frame.Framed, frame.HTMLClass = true, "w-page"
	frame.Scripts, frame.Words = []string{"widget.js"}, widget.Words
	frame.Stream = "/widget/events?last_event_id=" + p.cursor()
	return s.page(c, http.StatusOK, widget.Page(frame, v))
}

// welcome finds who opened the panel, or makes them an anonymous user.
func (s *Server) welcome(c echo.Context) error {
	if who := s.guest(c); who != nil {
		c.Set(callerKey, who)
		return nil
	}
	ctx := c.Request().Context()
	token, u, err := s.desk.StartUserSession(ctx, text.Lang(ctx), userAgent(c))
	if err != nil {
		return err
	}
	s.setCookie(c, userCookie, token, userCookieAge)
	c.Set(callerKey, &caller{Actor: models.UserActor(u.ID), User: u, token: token, byCookie: true})
	return nil
}

// guest is the user of the cookie, nil for none.
func (s *Server) guest(c echo.Context) *caller {
	token := s.cookie(c, userCookie)
	if token == "" {
		return nil
	}
	who, err := s.byToken(c, models.KindUser, token)
	if err != nil || !who.Actor.IsUser() {
		return nil
	}
	who.byCookie = true
	return who
}

// widgetEvents is what happens in the user's chat, live, as parts of the page.
func (s *Server) widgetEvents(c echo.Context) error {
	return s.stream(c, live.Receiver{View: live.Own, Board: true}, &panelFrames{panel: s.newPanel(c), lang: text.Lang(c.Request().Context())})
}

// panelParts are what the scripts of the panel get of an action, so that its effect is seen even while the stream is away.
func (s *Server) panelParts(c echo.Context) (templ.Component, error) {
	p := s.newPanel(c)
	ctx := c.Request().Context()
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	v, err := p.view(ctx)
	return widget.Parts(v), err
}

type identifyInput struct {
	Token string `json:"token"`
}

// identifyUser makes the panel's user the one that the host site's token names. It answers 205 when the page must be
// drawn anew. An open chat is finished by whoever began it.
func (s *Server) identifyUser(c echo.Context) error {
	var in identifyInput
	if err := bind(c, &in); err != nil {
		return err
	}
	who, err := s.bySignature(c, in.Token)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if now := s.guest(c); now != nil {
		open, err := s.desk.OpenChats(ctx, now.Actor)
		if err != nil {
			return err
		}
		if now.Actor.ID == who.Actor.ID || len(open) > 0 && !now.User.IsVerified {
			return c.NoContent(http.StatusNoContent)
		}
	}
	token, err := s.desk.OpenUserSession(ctx, who.Actor.ID, userAgent(c))
	if err != nil {
		return err
	}
	s.setCookie(c, userCookie, token, 0) // until the browser is closed: a signed identity is not for the next person
	return c.NoContent(http.StatusResetContent)
}

// forgetUser ends the panel's session; the next page makes an anonymous one.
func (s *Server) forgetUser(c echo.Context) error {
	if token := s.cookie(c, userCookie); token != "" {
		if err := s.desk.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	s.setCookie(c, userCookie, "", -time.Second)
	return c.NoContent(http.StatusResetContent)
}
