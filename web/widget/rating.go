package widget

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/kit"
)

// offeredReasons returns the reasons that the user can choose now.
func offeredReasons(ctx context.Context, desk *models.Desk) ([]widget.RatingReason, error) {
	reasons, err := desk.RatingReasons(ctx)
	lang := text.Lang(ctx)
	return api.Map(reasons, func(r *models.RatingReason) widget.RatingReason {
		return widget.RatingReason{ID: r.ID, Name: r.In(lang), MinStars: r.MinStars, MaxStars: r.MaxStars}
	}), err
}

// Rate wraps the handler that stores a rating: when it refuses the reasons, because one was retired after the panel was drawn, the scripts
// of the panel receive those that are offered now, with what is left of the choice, with 422.
func (h *Handlers) Rate(store echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := store(c)
		var refused *models.Error
		if kit.Format(c) != kit.Fragment || !errors.As(err, &refused) || refused.Fields["reasons"] == "" {
			return err
		}
		ctx := c.Request().Context()
		reasons, err := offeredReasons(ctx, h.Desk)
		if err != nil {
			return err
		}
		form, err := kit.Form(c)
		if err != nil {
			return err
		}
		for i := range reasons {
			reasons[i].IsChosen = slices.Contains(form["reasons"], strconv.FormatInt(reasons[i].ID, 10))
		}
		return h.Render(c, http.StatusUnprocessableEntity, widget.RatingReasons(reasons, text.T(ctx, "widget.rating.reasons_refused")))
	}
}
