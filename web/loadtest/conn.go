package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// responseTimeout limits how long one response may take.
const responseTimeout = 20 * time.Second

// conn is one HTTP/1.1 connection. It writes and parses HTTP itself: the load generator shares the machine with the server, so an
// expensive client would distort the results.
type conn struct {
	addr string
	c    net.Conn
	r    *bufio.Reader
	body bytes.Buffer
}

// request is the fixed part of a request.
type request struct{ method, path, token string }

// head returns the request line and the headers that do not depend on the body.
func (r request) head(addr string) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.path, addr)
	if r.token != "" {
		head += "Authorization: Bearer " + r.token + "\r\n"
	}
	return []byte(head)
}

// withBody returns the complete request: head, the headers of the body, and the body.
func withBody(head, body []byte) []byte {
	out := make([]byte, 0, len(head)+len(body)+80)
	out = append(out, head...)
	if body != nil {
		out = append(out, "Content-Type: application/json\r\n"...)
	}
	out = append(out, "Content-Length: "...)
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, "\r\n\r\n"...)
	return append(out, body...)
}

func (c *conn) close() {
	if c.c != nil {
		_ = c.c.Close()
		c.c = nil
	}
}

// do sends a complete request and returns the response; body is valid until the next call. If a reused connection fails, do reconnects and
// sends the request again, so requests must be idempotent.
func (c *conn) do(ctx context.Context, raw []byte) (status int, body []byte, err error) {
	reused := c.c != nil
	if status, err = c.once(ctx, raw); err != nil {
		c.close()
		if reused && ctx.Err() == nil {
			if status, err = c.once(ctx, raw); err != nil {
				c.close()
			}
		}
	}
	return status, c.body.Bytes(), err
}

func (c *conn) once(ctx context.Context, raw []byte) (int, error) {
	if c.c == nil {
		var dialer net.Dialer
		opened, err := dialer.DialContext(ctx, "tcp", c.addr)
		if err != nil {
			return 0, err
		}
		c.c, c.r = opened, bufio.NewReader(opened)
	}
	if err := c.c.SetDeadline(time.Now().Add(responseTimeout)); err != nil {
		return 0, err
	}
	if _, err := c.c.Write(raw); err != nil {
		return 0, err
	}
	status, length, chunked, err := readHead(c.r)
	if err != nil {
		return 0, err
	}
	c.body.Reset()
	switch {
	case chunked:
		_, err = c.body.ReadFrom(httputil.NewChunkedReader(c.r))
		if err == nil {
			_, err = c.r.Discard(2) // the line break after the empty trailer
		}
	case length > 0:
		_, err = io.CopyN(&c.body, c.r, int64(length))
	}
	return status, err
}

var errNotHTTP = errors.New("not an HTTP/1.1 response")

// readHead reads the status line and the headers of a response.
func readHead(r *bufio.Reader) (status, length int, chunked bool, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, false, errNotHTTP
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, false, errNotHTTP
	}
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, 0, false, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return status, length, chunked, nil
		}
		switch name, value, _ := bytes.Cut(line, []byte(":")); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, false, errNotHTTP
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked"))
		}
	}
}
