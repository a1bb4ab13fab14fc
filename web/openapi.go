package web

import "github.com/labstack/echo/v4"

func (s *Server) openAPI(c echo.Context) error { return refuse(501) }
