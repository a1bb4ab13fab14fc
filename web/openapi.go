package web

import (
	_ "embed"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"parley/web/kit"
)

// The document is written by hand. Tests compare it with the route table and with every response that they get.
//
//go:embed openapi.yaml
var documentYAML []byte

// Document returns the OpenAPI 3.1 description of the JSON interface.
var Document = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(documentYAML)
})

var documentJSON = sync.OnceValues(func() ([]byte, error) {
	document, err := Document()
	if err != nil {
		return nil, err
	}
	return document.MarshalJSON()
})

// documentWithBase returns the document for a server below a path: the URLs of its servers begin with base.
func documentWithBase(base string) ([]byte, error) {
	document, err := openapi3.NewLoader().LoadFromData(documentYAML)
	if err != nil {
		return nil, err
	}
	move := func(servers *openapi3.Servers) {
		if servers == nil {
			return
		}
		for _, server := range *servers {
			server.URL = base + strings.TrimSuffix(server.URL, "/")
		}
	}
	move(&document.Servers)
	for _, item := range document.Paths.Map() {
		move(&item.Servers)
		for _, operation := range item.Operations() {
			move(operation.Servers)
		}
	}
	return document.MarshalJSON()
}

func (s *Server) openAPI(c echo.Context) error {
	raw, err := documentJSON()
	if base := s.BasePath(); base != "" && err == nil {
		raw, err = documentWithBase(base)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.Blob(http.StatusOK, kit.JSONType, raw)
}
