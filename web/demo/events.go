package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// event is one live event. The id is the cursor, which the listener keeps.
type event struct {
	Name string
	Data []byte
}

// read decodes the event's object.
func (e event) read(out any) bool { return json.Unmarshal(e.Data, out) == nil }

// streamTimeout is after how long without any data, not even a comment, a stream counts as broken.
const streamTimeout = 45 * time.Second

// listen keeps a stream open and calls handle with each event, until ctx is done or the stream is permanently refused. After an
// interruption it reconnects with the last cursor, so that no event is missed. An event may arrive twice.
func (c *client) listen(ctx context.Context, path string, handle func(event)) error {
	cursor, retry := "", 2*time.Second
	for {
		err := c.listenOnce(ctx, path, &cursor, &retry, handle)
		var p *problem
		if ctx.Err() == nil && errors.As(err, &p) && p.Status < 500 && p.Status != http.StatusTooManyRequests {
			return err
		}
		if !sleep(ctx, max(retry, retryDelay(err, 1))) {
			return nil
		}
	}
}

func (c *client) listenOnce(ctx context.Context, path string, cursor *string, retry *time.Duration, handle func(event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watchdog := time.AfterFunc(streamTimeout, cancel)
	defer watchdog.Stop()
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	if *cursor != "" {
		req.Header.Set("Last-Event-ID", *cursor)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refusal(res)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	var now event
	id := *cursor
	for lines.Scan() {
		watchdog.Reset(streamTimeout)
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			now.Name = value
		case "data":
			now.Data = append(now.Data, value...)
		case "id":
			id = value
		case "retry":
			if ms, err := time.ParseDuration(value + "ms"); err == nil {
				*retry = ms
			}
		}
		if lines.Text() != "" {
			continue
		}
		if now.Name != "" {
			handle(now)
		}
		*cursor, now = id, event{} // handled, so not requested again
	}
	return lines.Err()
}
