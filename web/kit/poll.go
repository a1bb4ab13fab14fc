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

// PollsPerMinute is how many polls one identity may make in a minute: five tabs that poll every second.
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

// isPoll reports whether a request to a stream's route asks for one answer instead (?poll=1). It returns validation_failed for
// any value but 0 and 1.
func isPoll(c echo.Context) (bool, error) {
	n, err := QueryInt(c, "poll", 0)
	if err == nil && n != 0 && n != 1 {
		err = InvalidField("poll", "out_of_bounds", "poll must be 0 or 1.")
	}
	return n == 1, err
}

// poll answers with the events since the poll before. The answer is short, has a length and another content type than a
// stream, so proxies that buffer streams pass it on. It returns validation_failed for a wait that is no number from 0 to 20.
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
		ctx, cancel := context.WithTimeout(c.Request().Context(), RequestTime+q.Wait)
		defer cancel()
		answer, err := k.Poller.Poll(ctx, q, inLanguage{renderer, text.Lang(ctx)})
		if err != nil {
			return err
		}
		return writePoll(c, answer)
	})
}

// pollScope names what a stream shows: the route with its filters, the page behind it, and the language.
func pollScope(c echo.Context) string {
	filters := url.Values{}
	for name, values := range c.QueryParams() {
		switch name {
		case "poll", "wait", "last_event_id", "ticket":
		default:
			filters[name] = values
		}
	}
	return c.Request().URL.Path + "?" + filters.Encode() + " " + PageBehind(c) + " " + text.Lang(c.Request().Context())
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

// inLanguage renders in the language of the request that opened the stream: the stream outlives the request.
type inLanguage struct {
	live.Renderer
	lang string
}

// Render implements [live.Renderer].
func (r inLanguage) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	return r.Renderer.Render(text.With(ctx, r.lang), item)
}

// StartStream runs a stream that no request waits for, until it ends or the instance stops. It is for live.NewPoller.
func (k *Kit) StartStream(run func(context.Context)) {
	k.Streams.Go(func() {
		defer k.recoverStream("poll")
		run(k.StreamLife)
	})
}
