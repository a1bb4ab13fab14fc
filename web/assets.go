package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"parley/static"
	"parley/web/kit"
)

const (
	cacheMinutes = "max-age=300"
	cacheForever = "max-age=31536000, immutable"
)

// staticFile serves the built files. An address with the hash of the content may be kept for ever.
func (s *Server) staticFile(c echo.Context) error {
	keep := cacheMinutes
	if c.QueryParam("v") != "" {
		keep = cacheForever
	}
	return s.serveBuiltFile(c, c.Param("*"), keep)
}

// loader is what customers' pages load, as a script or as a module. It is fetched anew often enough that a new version arrives within
// minutes.
//
// Any page may read it: a browser runs a module of another site only with leave, and at that time nobody has asked us which sites are on the
// list. It is the same for everybody, holds no secret and is sent without regard to cookies, so that there is nothing to win. What depends on
// who asks is answered to the sites of the list alone, in allowSites.
func (s *Server) loader(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderAccessControlAllowOrigin, "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages with a Cross-Origin-Embedder-Policy ask for it
		return s.serveBuiltFile(c, name, cacheMinutes)
	}
}

// pageOnlyHeaders are headers that mean nothing for a script or a sheet. Customers' pages pay for each byte of them.
var pageOnlyHeaders = []string{"Content-Security-Policy", "X-Frame-Options", "Permissions-Policy", "Referrer-Policy", echo.HeaderXRequestID}

// serveBuiltFile sends a built file, packed as the browser likes it. What the build has packed is the same for everybody, so its length tells nothing.
func (s *Server) serveBuiltFile(c echo.Context, name, keep string) error {
	f, found := static.Get(name, c.Request().Header.Get(echo.HeaderAcceptEncoding))
	if !found {
		return kit.StatusError(http.StatusNotFound)
	}
	h := c.Response().Header()
	h.Del(echo.HeaderVary) // it speaks no language
	h.Del("Content-Language")
	if !f.Drawn {
		for _, name := range pageOnlyHeaders {
			h.Del(name)
		}
	}
	if f.Varies {
		h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
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
