package kit

import (
	"github.com/labstack/echo/v4"

	"parley/web/api"
)

// FileLinks signs links for programs, which need the whole address.
func (k *Kit) FileLinks(c echo.Context) api.FileLinks {
	return api.FileLinks{Base: k.BaseURL(c), Key: k.FileKey}
}

// PageFileLinks signs links for Parley's own pages, relative to their origin.
func (k *Kit) PageFileLinks() api.FileLinks { return api.FileLinks{Key: k.FileKey} }
