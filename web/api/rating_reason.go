package api

import "parley/models"

// RatingReason is a reason that users can choose for their rating, or for administrators also a retired one.
type RatingReason struct {
	ReasonName
	MinStars  int   `json:"min_stars"`
	MaxStars  int   `json:"max_stars"`
	RetiredAt *Time `json:"retired_at"`
}

// RatingReasonOf returns the body of a reason for ratings.
func RatingReasonOf(r *models.RatingReason) RatingReason {
	return RatingReason{*reasonNameOf(&r.ReasonName), r.MinStars, r.MaxStars, OptionalTime(r.RetiredAt)}
}

// ChosenReasons returns the reasons of a chat's rating, an empty list for none.
func ChosenReasons(c *models.Chat) []ReasonName {
	return Map(c.RatingReasons, func(n *models.ReasonName) ReasonName { return *reasonNameOf(n) })
}
