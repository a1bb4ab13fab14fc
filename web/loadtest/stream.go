package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"sync"
	"time"
)

// arrival is one message of a person that came over a stream.
type arrival struct {
	key string // its client_message_id
	id  int64
	at  time.Time
}

// stream is a stream of events that is read to its end.
type stream struct {
	c net.Conn
	r *bufio.Reader

	mu       sync.Mutex
	received []arrival
	ended    error
}

// openStream returns when the head of the answer is there.
func openStream(ctx context.Context, addr string, r request) (*stream, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(responseTimeout)); err != nil {
		return nil, err
	}
	if _, err := c.Write(append(r.head(addr), "Accept: text/event-stream\r\n\r\n"...)); err != nil {
		return nil, err
	}
	buffered := bufio.NewReader(c)
	status, _, chunked, err := readHead(buffered)
	if err == nil && status != 200 {
		err = fmt.Errorf("a stream was refused: %d", status)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	s := &stream{c: c, r: buffered}
	if chunked {
		s.r = bufio.NewReader(httputil.NewChunkedReader(buffered))
	}
	return s, c.SetDeadline(time.Time{})
}

func (s *stream) close() { _ = s.c.Close() }

// read keeps the messages that come, until the stream ends.
func (s *stream) read() {
	event := ""
	err := eachLine(s.r, func(field string, value []byte) {
		switch field {
		case "event":
			event = string(value)
		case "data":
			if event == "message" {
				s.record(value)
			}
		case "":
			event = ""
		}
	})
	s.mu.Lock()
	s.ended = err
	s.mu.Unlock()
}

// eachLine reads a stream's lines, split into field and value; the line that ends an event has neither.
func eachLine(r *bufio.Reader, do func(field string, value []byte)) error {
	for {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull { //nolint:errorlint // as bufio documents it
			begin := bytes.Clone(line) // what is read next takes its place
			rest, more := r.ReadBytes('\n')
			line, err = append(begin, rest...), more
		}
		if err != nil {
			if err == io.EOF { //nolint:errorlint // as io documents it
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		field, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		switch string(field) { // the compiler makes no copies here
		case "event":
			do("event", bytes.TrimPrefix(value, []byte(" ")))
		case "data":
			do("data", bytes.TrimPrefix(value, []byte(" ")))
		case "":
			if len(value) == 0 {
				do("", nil)
			}
		}
	}
}

var keyName, idName = []byte(`"client_message_id":"`), []byte(`"id":`)

// record keeps a message that a person wrote; those of the house carry no key.
func (s *stream) record(data []byte) {
	now := time.Now()
	at := bytes.Index(data, keyName)
	if at < 0 {
		return
	}
	key, _, _ := bytes.Cut(data[at+len(keyName):], []byte(`"`))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, arrival{string(key), numberAfter(data, idName), now})
}

// numberAfter reads the whole number behind a name, 0 when there is none.
func numberAfter(data, name []byte) int64 {
	at := bytes.Index(data, name)
	if at < 0 {
		return 0
	}
	digits := data[at+len(name):]
	end := 0
	for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(string(digits[:end]), 10, 64)
	return n
}

// take returns what came since the last take.
func (s *stream) take() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.received
	s.received = nil
	return heard
}

// count tells how many came since the last take, and whether the stream still stands.
func (s *stream) count() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received), s.ended
}
