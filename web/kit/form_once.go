package kit

import (
	"context"
	"maps"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// FormContext returns the context for an action that adds something. A form that [ui.FormID] is part of adds one thing, however often it
// is sent; changed and sent again from the browser's history, it is another form. Programs add with every request.
func FormContext(c echo.Context) context.Context {
	ctx := c.Request().Context()
	if IsAPI(c.Request().URL.Path) {
		return ctx
	}
	form, err := Form(c)
	if err != nil || form.Get("form_id") == "" {
		return ctx
	}
	entered := maps.Clone(form)
	entered.Del("csrf_token")
	return models.WithForm(ctx, ActorOf(c).ID+" "+c.Request().URL.Path+" "+entered.Encode())
}
