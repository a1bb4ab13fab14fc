package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// client calls the public endpoints of a Parley as one user or agent.
type client struct {
	base, token, lang string
	http              *http.Client
}

// The objects of the JSON interface, as far as the demo needs them.
type (
	service struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	chat struct {
		ChatID string `json:"chat_id"`
		Status string `json:"status"`
	}
	message struct {
		ID         int64  `json:"id"`
		ChatID     string `json:"chat_id"`
		SenderType string `json:"sender_type"`
		Type       string `json:"message_type"`
		Content    string `json:"content"`
	}
	queueStatus struct {
		ChatID   string `json:"chat_id"`
		Status   string `json:"status"`
		Position int    `json:"position"`
	}
)

const (
	byUser  = "user"
	byAgent = "customer_service"
)

// problem is an error response.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	after  time.Duration
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// codeOf returns the code of an error response, "" for any other error.
func codeOf(err error) string {
	var p *problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

const callTries = 6

// call sends a request and decodes the response into out, unless out is nil. After a 429 or 503 response it waits for the time that the
// response requests and tries again. It also tries again after a refused connection.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	for try := 1; ; try++ {
		err := c.once(ctx, method, path, in, out)
		wait := retryDelay(err, try)
		if wait == 0 || try == callTries {
			return err
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// retryDelay returns how long to wait before the request is sent again, 0 if it must not be.
func retryDelay(err error, try int) time.Duration {
	var p *problem
	var netErr *net.OpError
	switch {
	case errors.As(err, &p) && (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable):
		return min(max(p.after, time.Second), time.Minute)
	case errors.As(err, &netErr) && netErr.Op == "dial": // the request was never sent
		return time.Duration(try) * 500 * time.Millisecond
	}
	return 0
}

func (c *client) once(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return refusal(res)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func (c *client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/api"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", c.lang)
	req.Header.Set("User-Agent", "parley-demo")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

func refusal(res *http.Response) error {
	p := &problem{Status: res.StatusCode}
	_ = json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(p) // an answer without a body has its status
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		p.after = time.Duration(seconds) * time.Second
	}
	return p
}

// sleep waits and returns false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
