package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"parley/static"
	"parley/views/text"
	"parley/web/kit"
)

const (
	cacheMinutes = "max-age=300"
	cacheForever = "max-age=31536000, immutable"
)

// staticFile serves the built files. An address with the hash of the content in ?v= may be cached for ever.
func (s *Server) staticFile(c echo.Context) error {
	keep := cacheMinutes
	if c.QueryParam("v") != "" {
		keep = cacheForever
	}
	return s.serveBuiltFile(c, c.Param("*"), keep)
}

// loader serves the script or module that sites load, with what administrators made of the button of each site. It is cached for minutes
// only, so that a new version arrives soon.
//
// Any origin may read it: a browser runs a module of another site only with CORS headers, and the loader is requested before Parley knows
// the site. It is the same for every caller with the same language, holds no secret and does not depend on cookies. Responses that depend
// on the caller are readable for allowed sites only; see cors.
func (s *Server) loader(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderAccessControlAllowOrigin, "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // required by pages with a Cross-Origin-Embedder-Policy
		r := c.Request()
		f, found := s.loaders.Get(
			name,
			text.Match(r.Header.Get("Accept-Language"), c.QueryParam("lang")),
			r.Header.Get(echo.HeaderAcceptEncoding),
			s.Desk,
		)
		f.IsTranslated = true
		return serveFile(c, f, found, cacheMinutes)
	}
}

// loaderWords serves the texts of the loader in the language of the site's page, where that is not the language of the browser.
func (s *Server) loaderWords(c echo.Context) error {
	h, r := c.Response().Header(), c.Request()
	h.Set(echo.HeaderAccessControlAllowOrigin, "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	lang := text.Match(r.Header.Get("Accept-Language"), c.QueryParam("lang"))
	f, found := static.Get("words."+lang+".mjs", r.Header.Get(echo.HeaderAcceptEncoding))
	f.IsTranslated = true
	return serveFile(c, f, found, cacheMinutes)
}

// pageOnlyHeaders have no effect on a script or a style sheet. Sites load the widget on every page, so each byte counts.
var pageOnlyHeaders = []string{"Content-Security-Policy", "X-Frame-Options", "Permissions-Policy", "Referrer-Policy", echo.HeaderXRequestID}

// serveBuiltFile sends a built file in the best encoding that the browser accepts, or 404. Built files are public, so their compressed
// length reveals nothing.
func (s *Server) serveBuiltFile(c echo.Context, name, keep string) error {
	f, found := static.Get(name, c.Request().Header.Get(echo.HeaderAcceptEncoding))
	return serveFile(c, f, found, keep)
}

func serveFile(c echo.Context, f static.File, found bool, keep string) error {
	if !found {
		return kit.StatusError(http.StatusNotFound)
	}
	h := c.Response().Header()
	h.Del(echo.HeaderVary)
	h.Del("Content-Language")
	if !f.Drawn {
		for _, name := range pageOnlyHeaders {
			h.Del(name)
		}
	}
	switch {
	case f.Varies && f.IsTranslated:
		h.Set(echo.HeaderVary, "Accept-Encoding, Accept-Language")
	case f.Varies:
		h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
	case f.IsTranslated:
		h.Set(echo.HeaderVary, "Accept-Language")
	}
	h.Set("ETag", f.ETag)
	h.Set("Cache-Control", keep)
	if c.Request().Header.Get("If-None-Match") == f.ETag {
		return c.NoContent(http.StatusNotModified)
	}
	if f.Coding != "" {
		h.Set(echo.HeaderContentEncoding, f.Coding)
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(f.Body)))
	return c.Blob(http.StatusOK, f.Type, f.Body)
}
