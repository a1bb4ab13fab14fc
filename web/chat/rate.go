package chat

import (
	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type rateInput struct {
	Rating  *float64 `json:"rating"`
	Comment string   `json:"comment"`
}

// Rate stores the rating of an ended chat, from 1 to 5 in steps of 0.5. A chat can be rated once; the second time is 409 already_rated.
func (h *Handlers) Rate(c echo.Context) error {
	id := kit.ChatID(c)
	var in rateInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Rating == nil {
		return kit.InvalidField("rating", "required", "Send a rating from 1 to 5.")
	}
	if err := h.Desk.Rate(c.Request().Context(), kit.ActorOf(c), id, *in.Rating, in.Comment); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.rated")}})
}
