package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/views/demo"
	"parley/views/text"
	"parley/web/kit"
)

// demoHome serves a page of an imaginary company with the widget on it; demoHelp serves a second one.
func (s *Server) demoHome(c echo.Context) error {
	return s.RenderEmbedded(c, kit.Embedding{FrameSource: s.Origin(c)}, http.StatusOK, demo.Home(s.demoSite(c, "/demo")))
}

func (s *Server) demoHelp(c echo.Context) error {
	return s.RenderEmbedded(c, kit.Embedding{FrameSource: s.Origin(c)}, http.StatusOK, demo.Help(s.demoSite(c, "/demo/help")))
}

func (s *Server) demoSite(c echo.Context, currentPath string) demo.Site {
	site := demo.Site{Here: currentPath, Theme: kit.Theme(c), Snippet: s.EmbedCode(c)}
	if lang := c.QueryParam("lang"); lang != "" {
		site.Lang = text.Lang(c.Request().Context())
	}
	return site
}
