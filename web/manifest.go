package web

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/static"
	"parley/views/paths"
	"parley/views/text"
)

// manifestType is the media type of the W3C's Web Application Manifest.
const manifestType = "application/manifest+json; charset=utf-8"

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// manifest describes the workbench to browsers that install it. It is the same for every caller, except for its language. The colours are
// those of the light theme; pages have a theme colour for each.
func (s *Server) manifest(c echo.Context) error {
	ctx := c.Request().Context()
	at := func(path string) string { return string(paths.To(ctx, path)) }
	icon := func(name, sizes, kind, purpose string) manifestIcon {
		return manifestIcon{at(static.URL(name)), sizes, kind, purpose}
	}
	body, err := json.Marshal(map[string]any{
		"id":        at("/workbench"),
		"start_url": at("/workbench"),
		"scope":     at("/"),
		"display":   "standalone",
		"name": text.T(
			ctx,
			"install.app_name",
		),
		"short_name":       "Parley",
		"description":      text.T(ctx, "install.about"),
		"lang":             text.Lang(ctx),
		"theme_color":      "#f4f1ea",
		"background_color": "#f4f1ea",
		"categories":       []string{"business"},
		"icons": []manifestIcon{
			icon("icon-192.png", "192x192", "image/png", "any"), icon("icon-512.png", "512x512", "image/png", "any"),
			icon("icon-maskable-512.png", "512x512", "image/png", "maskable"), icon("icon.svg", "any", "image/svg+xml", "any"),
		},
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", cacheMinutes)
	return c.Blob(http.StatusOK, manifestType, body)
}
