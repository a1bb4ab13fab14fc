package api

import "parley/models"

// Stats are the figures of a period.
type Stats struct {
	From           Time     `json:"from"`
	To             Time     `json:"to"`
	Started        int      `json:"started"`
	Assigned       int      `json:"assigned"`
	Ended          int      `json:"ended"`
	Abandoned      int      `json:"abandoned"`
	Cancelled      int      `json:"cancelled"`
	Timeouts       int      `json:"timeouts"`
	BotOnlyChats   int      `json:"bot_only_chats"`
	WaitSeconds    spread   `json:"wait_seconds"`
	FirstResponse  spread   `json:"first_response_seconds"`
	HandleSeconds  *float64 `json:"handle_seconds_mean"`
	WrapUpSeconds  *float64 `json:"wrap_up_seconds_mean"`
	Messages       int      `json:"messages"`
	Ratings        int      `json:"ratings"`
	RatingMean     *float64 `json:"rating_mean"`
	CSAT           *float64 `json:"csat"`
	PredictedError *float64 `json:"predicted_error_seconds_mean"`

	RatingReasons []RatingReasonCount `json:"rating_reasons"`
	Outcomes      []NameCount         `json:"outcomes"`
	Tags          []NameCount         `json:"tags"`
}

// NameCount is how many chats have an outcome or a tag.
type NameCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func nameCountOf(n *models.NameCount) NameCount { return NameCount(*n) }

// RatingReasonCount is how many ratings have a reason.
type RatingReasonCount struct {
	ReasonName
	Count int `json:"count"`
}

type spread struct {
	Mean *float64 `json:"mean"`
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
}

// StatsOf returns the body of the figures.
func StatsOf(s *models.Stats) Stats {
	return Stats{
		From: Time(s.From), To: Time(s.To), Started: s.Started, Assigned: s.Assigned, Ended: s.Ended, Abandoned: s.Abandoned,
		Cancelled: s.Cancelled, Timeouts: s.Timeouts, BotOnlyChats: s.BotOnly, WaitSeconds: spread{s.WaitMean, s.WaitP50, s.WaitP90},
		FirstResponse: spread{s.ResponseMean, s.ResponseP50, s.ResponseP90}, HandleSeconds: s.HandleMean, WrapUpSeconds: s.WrapUpMean,
		Messages: s.Messages, Ratings: s.Ratings, RatingMean: s.RatingMean, CSAT: s.CSAT, PredictedError: s.PredictedError,
		RatingReasons: Map(s.RatingReasons, func(n *models.RatingReasonCount) RatingReasonCount {
			return RatingReasonCount{*reasonNameOf(&n.ReasonName), n.Count}
		}),
		Outcomes: Map(s.Outcomes, nameCountOf), Tags: Map(s.Tags, nameCountOf),
	}
}
