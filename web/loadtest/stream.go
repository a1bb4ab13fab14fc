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
	"sync/atomic"
	"time"
)

// arrival is one message from a user or agent that a stream received.
type arrival struct {
	key string // its client_message_id
	id  int64
	at  time.Time
}

// stream is an open event stream.
type stream struct {
	c net.Conn
	r *bufio.Reader

	bytes atomic.Int64 // received so far

	mu       sync.Mutex
	received []arrival
	ended    error
}

// openStream opens a stream and returns once the response headers have arrived. A status other than 200 is an error.
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
	s := &stream{c: c}
	buffered := bufio.NewReader(countingReader{c, &s.bytes})
	status, _, chunked, err := readHead(buffered)
	if err == nil && status != 200 {
		err = fmt.Errorf("a stream was refused: %d", status)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	if s.r = buffered; chunked {
		s.r = bufio.NewReader(httputil.NewChunkedReader(buffered))
	}
	return s, c.SetDeadline(time.Time{})
}

// countingReader counts the bytes read.
type countingReader struct {
	io.Reader
	n *atomic.Int64
}

func (c countingReader) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func (s *stream) close() { _ = s.c.Close() }

// read records received messages until the stream ends.
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

// eachLine calls do with the field and value of each line of a stream. The empty line that ends an event has an empty field.
func eachLine(r *bufio.Reader, do func(field string, value []byte)) error {
	for {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull { //nolint:errorlint // bufio returns it unwrapped
			begin := bytes.Clone(line) // the next read overwrites the buffer
			rest, more := r.ReadBytes('\n')
			line, err = append(begin, rest...), more
		}
		if err != nil {
			if err == io.EOF { //nolint:errorlint // io returns it unwrapped
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		field, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		switch string(field) { // the compiler does not copy the bytes here
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

// record records a message from a user or agent. System messages have no key and are ignored.
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

// numberAfter returns the integer that follows a name, or 0 if there is none.
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

// take returns the messages received since the previous call.
func (s *stream) take() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	received := s.received
	s.received = nil
	return received
}

// count returns the number of messages received since the last take, and the error with which the stream ended, if it has.
func (s *stream) count() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received), s.ended
}
