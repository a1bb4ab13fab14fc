package chat

import (
	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type rateInput struct {
	Rating  *float64      `json:"rating"`
	Comment string        `json:"comment"`
	Reasons []kit.FormInt `json:"reasons"`
}

// RatingReasons lists the reasons that users can choose for a rating.
func (h *Handlers) RatingReasons(c echo.Context) error {
	reasons, err := h.Desk.RatingReasons(c.Request().Context())
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(reasons, api.RatingReasonOf)})
}

// Rate stores the rating of an ended chat, from 1 to 5 in steps of 0.5, with the reasons that the user chose. A chat can be rated once; the
// second time is 409 already_rated.
func (h *Handlers) Rate(c echo.Context) error {
	id := kit.ChatID(c)
	var in rateInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Rating == nil {
		return kit.InvalidField("rating", "required", "Send a rating from 1 to 5.")
	}
	reasons := make([]int64, len(in.Reasons))
	for i, reason := range in.Reasons {
		reasons[i] = int64(reason.Int())
	}
	if err := h.Desk.RateWithReasons(c.Request().Context(), kit.ActorOf(c), id, *in.Rating, in.Comment, reasons); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.rated")}})
}
