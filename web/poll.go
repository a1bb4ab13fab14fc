package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/limit"
	"parley/web/live"
)

// polls is how many polls a minute one identity may make: five tabs that are told to come every second.
const polls = 300

type (
	pollJSON struct {
		Events      []polledEventJSON `json:"events"`
		LastEventID string            `json:"last_event_id"`
		PollAfterMS int64             `json:"poll_after_ms"`
	}
	polledEventJSON struct {
		ID    string `json:"id,omitempty"`
		Event string `json:"event"`
		Data  any    `json:"data"`
	}
)

// isPoll tells that a stream's route is asked for what has happened, in an answer that ends.
func isPoll(c echo.Context) (bool, error) {
	n, err := queryInt(c, "poll", 0)
	if err == nil && n != 0 && n != 1 {
		err = invalidField("poll", "out_of_bounds", "poll must be 0 or 1.")
	}
	return n == 1, err
}

// poll answers with the events since the poll before. The answer is short, has a length and is no event stream, so it comes through whatever holds
// those back.
func (s *Server) poll(c echo.Context, to live.Receiver, draw live.Renderer) error {
	seconds, err := queryInt(c, "wait", 0)
	if err == nil && (seconds < 0 || seconds > int64(live.MaxPollWait/time.Second)) {
		err = invalidField("wait", "out_of_bounds", "wait must be a number of seconds from 0 to 20.")
	}
	if err != nil {
		return err
	}
	q := live.Poll{Receiver: to, Scope: pollScope(c), Wait: time.Duration(seconds) * time.Second}
	return s.counted(c, limit.Poll, func() error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestTime+q.Wait)
		defer cancel()
		answer, err := s.Poller.Poll(ctx, q, inLanguage{draw, text.Lang(ctx)})
		if err != nil {
			return err
		}
		return writePoll(c, answer)
	})
}

// pollScope is what one stream shows: the route with its filters, the page that it belongs to, and the language.
func pollScope(c echo.Context) string {
	filters := url.Values{}
	for name, values := range c.QueryParams() {
		switch name {
		case "poll", "wait", "last_event_id", "ticket":
		default:
			filters[name] = values
		}
	}
	return c.Request().URL.Path + "?" + filters.Encode() + " " + pageBehind(c) + " " + text.Lang(c.Request().Context())
}

func writePoll(c echo.Context, answer *live.PollAnswer) error {
	body := pollJSON{Events: make([]polledEventJSON, len(answer.Events)), LastEventID: answer.LastEventID, PollAfterMS: answer.After.Milliseconds()}
	for i, e := range answer.Events {
		body.Events[i] = polledEventJSON{ID: e.ID, Event: e.Event, Data: string(e.Data)} // pages read it as they read a stream's
		if isAPI(c.Request().URL.Path) {
			body.Events[i].Data = json.RawMessage(e.Data)
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(raw)))
	return c.Blob(http.StatusOK, jsonType, raw)
}

// inLanguage draws in the language of the request that opened the stream.
type inLanguage struct {
	live.Renderer
	lang string
}

// Render is live.Renderer.
func (r inLanguage) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	return r.Renderer.Render(text.With(ctx, r.lang), item)
}

// startStream runs a stream that no request waits for.
func (s *Server) startStream(run func(context.Context)) {
	s.Streams.Go(func() {
		defer s.survive("poll")
		run(s.StreamLife)
	})
}
