package faulttest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// requestPatience is how long a client waits for one answer.
const requestPatience = 15 * time.Second

// opPatience is how long a client repeats a request: in the long forms outages of twenty seconds follow one another.
var opPatience = form(time.Minute, 3*time.Minute)

var transport = edge("")

// caller sends the requests of one user or agent: to its own instance as long as that one responds, then to the next.
type caller struct {
	plant *plant
	id    string
	token string
	at    int
}

// answer is a response.
type answer struct {
	status     int
	code       string
	retryAfter string
	requestID  string
	body       []byte
	tries      int // how often the request was made
}

// into decodes the body.
func (a answer) into(out any) { _ = json.Unmarshal(a.body, out) }

// once makes one request and records it in the ledger.
func (c *caller) once(ctx context.Context, kind, method, path string, in any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.plant.patience, requestPatience))
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	door, number := c.plant.door(c.at)
	req, err := http.NewRequestWithContext(ctx, method, door+"/api"+path, body)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	note := call{instance: number, kind: kind, began: time.Now()}
	defer func() { note.took = time.Since(note.began); c.plant.ledger.called(note) }()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After"), requestID: res.Header.Get("X-Request-Id"), body: raw}
	if a.status >= 400 {
		var problem struct{ Code string }
		a.into(&problem)
		a.code = problem.Code
	}
	note.status, note.code, note.retryAfter = a.status, a.code, a.retryAfter
	return a, nil
}

// ask repeats a request until it gets a final response, like a client that receives 503 or no response. A request that is not idempotent
// must have a key.
func (c *caller) ask(kind, method, path string, in any) (answer, error) {
	ctx, cancel := context.WithTimeout(c.plant.ctx, opPatience)
	defer cancel()
	for tries := 1; ; tries++ {
		a, err := c.once(ctx, kind, method, path, in)
		a.tries = tries
		if err == nil && a.status < 500 {
			return a, nil
		}
		if err == nil {
			err = fmt.Errorf("%d %s", a.status, a.code)
		}
		c.at++
		if !pause(ctx, 50*time.Millisecond) {
			return a, fmt.Errorf("%s %s was not answered for good in %s: %w", method, path, opPatience, err)
		}
	}
}
