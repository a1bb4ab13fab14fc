package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
)

func (s *Server) queue(c echo.Context) error {
	entries, _, err := s.Desk.Queue(c.Request().Context(), models.QueueFilter{})
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: each(entries, queueEntryOf)})
}

func (s *Server) load(c echo.Context) error {
	loads, err := s.Desk.Load(c.Request().Context())
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: each(loads, loadOf)})
}

func (s *Server) stats(c echo.Context) error {
	now := time.Now().UTC()
	to, err := queryTime(c, "to", now)
	if err != nil {
		return err
	}
	from, err := queryTime(c, "from", to.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	stats, err := s.Desk.Stats(c.Request().Context(), from, to)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: statsOf(stats)})
}

type assignByHandInput struct {
	ServiceID string `json:"service_id"`
}

func (s *Server) assignByHand(c echo.Context) error {
	id := chatID(c)
	var in assignByHandInput
	if err := bind(c, &in); err != nil {
		return err
	}
	chat, err := s.Desk.AssignByHand(c.Request().Context(), actorOf(c), id, in.ServiceID)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: moved{text.T(c.Request().Context(), "done.assigned"), chatOf(chat)}})
}

type priorityInput struct {
	Priority *whole `json:"priority"`
}

func (s *Server) setPriority(c echo.Context) error {
	id := chatID(c)
	var in priorityInput
	if err := bind(c, &in); err != nil {
		return err
	}
	if in.Priority == nil {
		return invalidField("priority", "required", "Name a priority from −100 to 100.")
	}
	priority := int(max(-1000, min(1000, *in.Priority))) // far out of bounds either way
	chat, err := s.Desk.SetPriority(c.Request().Context(), actorOf(c), id, priority)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: moved{text.T(c.Request().Context(), "done.prioritised"), chatOf(chat)}})
}

type statsJSON struct {
	From           moment   `json:"from"`
	To             moment   `json:"to"`
	Started        int      `json:"started"`
	Assigned       int      `json:"assigned"`
	Ended          int      `json:"ended"`
	Abandoned      int      `json:"abandoned"`
	Cancelled      int      `json:"cancelled"`
	Timeouts       int      `json:"timeouts"`
	WaitSeconds    spread   `json:"wait_seconds"`
	FirstResponse  spread   `json:"first_response_seconds"`
	HandleSeconds  *float64 `json:"handle_seconds_mean"`
	Messages       int      `json:"messages"`
	Ratings        int      `json:"ratings"`
	RatingMean     *float64 `json:"rating_mean"`
	CSAT           *float64 `json:"csat"`
	PredictedError *float64 `json:"predicted_error_seconds_mean"`
}

type spread struct {
	Mean *float64 `json:"mean"`
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
}

func statsOf(s *models.Stats) statsJSON {
	return statsJSON{From: moment(s.From), To: moment(s.To), Started: s.Started, Assigned: s.Assigned, Ended: s.Ended, Abandoned: s.Abandoned,
		Cancelled: s.Cancelled, Timeouts: s.Timeouts, WaitSeconds: spread{s.WaitMean, s.WaitP50, s.WaitP90},
		FirstResponse: spread{s.ResponseMean, s.ResponseP50, s.ResponseP90}, HandleSeconds: s.HandleMean, Messages: s.Messages,
		Ratings: s.Ratings, RatingMean: s.RatingMean, CSAT: s.CSAT, PredictedError: s.PredictedError}
}
