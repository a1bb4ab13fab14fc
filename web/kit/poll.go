package kit

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

// PollsPerMinute is the rate limit of polls for one caller: enough for five tabs that poll every second.
const PollsPerMinute = 300

type (
	// pollBody is the JSON form of live.PollAnswer.
	pollBody struct {
		Events      []polledEvent `json:"events"`
		LastEventID string        `json:"last_event_id"`
		PollAfterMS int64         `json:"poll_after_ms"`
	}
	polledEvent struct {
		ID    string `json:"id,omitempty"`
		Event string `json:"event"`
		Data  any    `json:"data"`
	}
)

// isPoll reports whether a request to a stream's route has ?poll=1, and so wants the events since its last poll in one response.
func isPoll(c echo.Context) (bool, error) { return QueryFlag(c, "poll") }

// poll responds with the events since the previous poll. The response is short, has a Content-Length and is no event stream, so it passes
// proxies that buffer event streams.
func (k *Kit) poll(c echo.Context, to live.Receiver, renderer live.Renderer) error {
	seconds, err := QueryInt(c, "wait", 0)
	if err == nil && (seconds < 0 || seconds > int64(live.MaxPollWait/time.Second)) {
		err = InvalidField("wait", "out_of_bounds", "wait must be a number of seconds from 0 to 20.")
	}
	if err != nil {
		return err
	}
	q := live.Poll{Receiver: to, Scope: pollScope(c), Wait: time.Duration(seconds) * time.Second}
	return k.RateLimited(c, limit.Poll, func() error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), RequestTimeout+q.Wait)
		defer cancel()
		answer, err := k.Poller.Poll(ctx, q, localizedRenderer{renderer, ctx})
		if err != nil {
			return err
		}
		return writePoll(c, answer)
	})
}

// pollScope returns the key of a poll's stream: the route with its filters, the page to which it belongs, and the language. Two polls
// with the same key continue the same stream.
func pollScope(c echo.Context) string {
	filters := url.Values{}
	for name, values := range c.QueryParams() {
		switch name {
		case "poll", "wait", "last_event_id", "ticket":
		default:
			filters[name] = values
		}
	}
	return c.Request().URL.Path + "?" + filters.Encode() + " " + RefererPage(c) + " " + text.Lang(c.Request().Context())
}

// writePoll sets Content-Length itself: with a length a proxy need not wait for the end of the body.
func writePoll(c echo.Context, answer *live.PollAnswer) error {
	body := pollBody{
		Events:      make([]polledEvent, len(answer.Events)),
		LastEventID: answer.LastEventID,
		PollAfterMS: answer.After.Milliseconds(),
	}
	for i, e := range answer.Events {
		body.Events[i] = polledEvent{ID: e.ID, Event: e.Event, Data: string(e.Data)} // HTML, as text like in a stream
		if IsAPI(c.Request().URL.Path) {
			body.Events[i].Data = json.RawMessage(e.Data)
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(raw)))
	return c.Blob(http.StatusOK, JSONType, raw)
}

// localizedRenderer renders in the language and with the texts of the request that opened the stream.
type localizedRenderer struct {
	live.Renderer
	asked context.Context //nolint:containedctx // of the request, for its language and texts
}

// Render implements live.Renderer.
func (r localizedRenderer) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	return r.Renderer.Render(text.Like(ctx, r.asked), item)
}

// StartStream runs a stream in the background until it ends or the server stops. Polls read from such streams.
func (k *Kit) StartStream(run func(context.Context)) {
	k.Streams.Go(func() {
		defer k.recoverStream("poll")
		run(k.StreamContext)
	})
}
