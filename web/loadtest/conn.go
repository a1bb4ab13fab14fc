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

// responseTimeout is how long one answer may take.
const responseTimeout = 20 * time.Second

// conn is one HTTP/1.1 connection. It is written and read by hand: on a machine that carries the load and the loaded, what a client
// costs is taken from what is measured.
type conn struct {
	addr string
	c    net.Conn
	r    *bufio.Reader
	body bytes.Buffer
}

// request is the fixed part of a request.
type request struct{ method, path, token string }

// head is everything up to the length of the body.
func (r request) head(addr string) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.path, addr)
	if r.token != "" {
		head += "Authorization: Bearer " + r.token + "\r\n"
	}
	return []byte(head)
}

// withBody completes a head.
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

// do sends a whole request and returns the answer; body is good until the next call. A kept connection that the server has closed
// meanwhile is opened anew, so what is sent must bear to be sent twice.
func (c *conn) do(ctx context.Context, whole []byte) (status int, body []byte, err error) {
	kept := c.c != nil
	if status, err = c.once(ctx, whole); err != nil {
		c.close()
		if kept && ctx.Err() == nil {
			if status, err = c.once(ctx, whole); err != nil {
				c.close()
			}
		}
	}
	return status, c.body.Bytes(), err
}

func (c *conn) once(ctx context.Context, whole []byte) (int, error) {
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
	if _, err := c.c.Write(whole); err != nil {
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
			_, err = c.r.Discard(2) // the end of the empty trailer
		}
	case length > 0:
		_, err = io.CopyN(&c.body, c.r, int64(length))
	}
	return status, err
}

var errAnswer = errors.New("this is no answer of HTTP/1.1")

// readHead reads up to the body.
func readHead(r *bufio.Reader) (status, length int, chunked bool, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, false, errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, false, errAnswer
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
				return 0, 0, false, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked"))
		}
	}
}
