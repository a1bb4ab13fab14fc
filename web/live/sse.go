package live

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// writeTime is how long one write may take. A slower client is disconnected and connects again with its cursor.
const writeTime = 5 * time.Second

// wire is the connection or response under an SSE, which gets one write for each flush.
type wire interface {
	io.Writer
	SetWriteDeadline(t time.Time) error
}

// SSE is the Transport that writes a text/event-stream. Everything is buffered until Flush.
type SSE struct {
	wire wire
	buf  *bytes.Buffer // nil while there is nothing to write
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is used again, and the size from which Send flushes by itself.
const maxKept = 64 << 10

func streamHeader(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // else nginx buffers events
}

// Hijack takes the connection of a request from the server and buffers the header of a stream for it: what the server
// keeps for a request would be most of the memory of an idle stream. The caller closes the SSE. Hijack returns nil for
// connections that cannot be taken, as with HTTP/2; use NewSSE then.
func Hijack(w http.ResponseWriter) *SSE {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	_ = conn.SetDeadline(time.Time{}) // the request's deadlines would end the stream
	s := &SSE{wire: conn}
	h := w.Header()
	streamHeader(h)
	h.Set("Connection", "close") // the end of the body is the end of the connection
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	s.writer().WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(s.buf)
	s.buf.WriteString("\r\nretry: 2000\n\n")
	return s
}

// NewSSE sends the header of a stream on a response that the server keeps.
func NewSSE(w http.ResponseWriter) *SSE {
	s := &SSE{wire: response{w, http.NewResponseController(w)}}
	streamHeader(w.Header())
	w.WriteHeader(http.StatusOK)
	s.writer().WriteString("retry: 2000\n\n")
	return s
}

// response is the wire of NewSSE.
type response struct {
	http.ResponseWriter
	*http.ResponseController
}

func (r response) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	if err != nil {
		return n, err
	}
	return n, r.Flush()
}

func (s *SSE) writer() *bytes.Buffer {
	if s.buf == nil {
		s.buf = buffers.Get().(*bytes.Buffer)
	}
	return s.buf
}

// Close closes a hijacked connection; with NewSSE it does nothing.
func (s *SSE) Close() error {
	if conn, ok := s.wire.(net.Conn); ok {
		return conn.Close()
	}
	return nil
}

// Disconnected reports whether the client closed a hijacked connection. No goroutine reads from it that would notice.
// With NewSSE it is always false: the request's context ends instead.
func (s *SSE) Disconnected() bool {
	conn, ok := s.wire.(net.Conn)
	return ok && peerClosed(conn)
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Send buffers one event. A line break in the data begins another data line, so that data cannot end the event or forge a
// field.
func (s *SSE) Send(f Frame, id string) error {
	buf := s.writer()
	if id != "" {
		buf.WriteString("id: ")
		buf.WriteString(id)
		buf.WriteByte('\n')
	}
	if f.Event == "" { // only the id: the browser keeps it without an event for the page
		buf.WriteByte('\n')
		return nil
	}
	buf.WriteString("event: ")
	buf.WriteString(f.Event)
	buf.WriteByte('\n')
	if bytes.ContainsAny(f.Data, "\r\n") {
		for line := range strings.SplitSeq(lineBreaks.Replace(string(f.Data)), "\n") {
			buf.WriteString("data: ")
			buf.WriteString(line)
			buf.WriteByte('\n')
		}
	} else {
		buf.WriteString("data: ")
		buf.Write(f.Data)
		buf.WriteByte('\n')
	}
	buf.WriteByte('\n')
	if buf.Len() > maxKept {
		return s.Flush()
	}
	return nil
}

// Retry buffers the time after which the client connects again.
func (s *SSE) Retry(after time.Duration) error {
	fmt.Fprintf(s.writer(), "retry: %d\n\n", after.Milliseconds())
	return nil
}

// Heartbeat writes a comment line, which clients ignore.
func (s *SSE) Heartbeat() error {
	s.writer().WriteString(": live\n\n")
	return s.Flush()
}

// Flush writes what is buffered.
func (s *SSE) Flush() error {
	if s.buf == nil {
		return nil
	}
	// A wire without deadlines, as a test's recorder, is never slow.
	_ = s.wire.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.wire.Write(s.buf.Bytes()); err != nil {
		return err
	}
	s.release()
	return nil
}

// HasUnsent implements inlineTransport.
func (s *SSE) HasUnsent() bool { return s.buf != nil }

// TryFlush implements inlineTransport. It is false for all but hijacked connections.
func (s *SSE) TryFlush() (all bool) {
	conn, ok := s.wire.(syscall.Conn)
	if s.buf == nil || !ok {
		return s.buf == nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	err = raw.Control(func(fd uintptr) { n, err = syscall.Write(int(fd), s.buf.Bytes()) }) // which never waits, and needs no deadline
	if err != nil || n < s.buf.Len() {
		s.buf.Next(max(n, 0))
		return false
	}
	s.release()
	return true
}

// release gives the buffer back once it is written.
func (s *SSE) release() {
	if s.buf.Cap() <= maxKept {
		s.buf.Reset()
		buffers.Put(s.buf)
	}
	s.buf = nil
}
