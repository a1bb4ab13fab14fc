package live

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// writeTime is how long a reader may take for one write; slower ones are cut off and come back with their cursor.
const writeTime = 5 * time.Second

// wire is where a stream is written to, in one write for each flush.
type wire interface {
	io.Writer
	SetWriteDeadline(t time.Time) error
}

// SSE writes a text/event-stream.
type SSE struct {
	wire wire
	buf  *bytes.Buffer // nil while there is nothing to write
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is used again.
const maxKept = 64 << 10

func streamHeader(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // else nginx holds events back
}

// Hijack takes the connection of a request from the server and sends the head of a stream on it: what the server keeps for a request would
// be most of what an idle stream costs. The stream ends where the connection does; whoever hijacked it closes it. Where connections cannot be
// taken, as over HTTP/2, it returns nil.
func Hijack(w http.ResponseWriter) *SSE {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	_ = conn.SetDeadline(time.Time{}) // those of the request would end the stream
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

// NewSSE sends the head of a stream that the server keeps.
func NewSSE(w http.ResponseWriter) *SSE {
	s := &SSE{wire: response{w, http.NewResponseController(w)}}
	streamHeader(w.Header())
	w.WriteHeader(http.StatusOK)
	s.writer().WriteString("retry: 2000\n\n")
	return s
}

// response is the wire of a stream that the server keeps.
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

// Close closes a hijacked connection.
func (s *SSE) Close() error {
	if conn, ok := s.wire.(net.Conn); ok {
		return conn.Close()
	}
	return nil
}

// Disconnected tells that the other end of a hijacked connection is no longer there; nobody reads from it who would notice.
func (s *SSE) Disconnected() bool {
	conn, ok := s.wire.(net.Conn)
	return ok && peerClosed(conn)
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Send adds one event. A line break inside the data begins another data line, so that nothing in it can end the event or
// forge a field.
func (s *SSE) Send(f Frame, id string) error {
	buf := s.writer()
	if id != "" {
		buf.WriteString("id: ")
		buf.WriteString(id)
		buf.WriteByte('\n')
	}
	if f.Event == "" { // only the id: the client keeps it and says nothing to its page
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

// Retry tells the client when to come back.
func (s *SSE) Retry(after time.Duration) error {
	fmt.Fprintf(s.writer(), "retry: %d\n\n", after.Milliseconds())
	return nil
}

// Heartbeat writes a comment line: the stream lives.
func (s *SSE) Heartbeat() error {
	s.writer().WriteString(": live\n\n")
	return s.Flush()
}

// Flush puts on the wire what was added.
func (s *SSE) Flush() error {
	if s.buf == nil {
		return nil
	}
	// Where deadlines are not known (a test's recorder) there is nobody slow.
	_ = s.wire.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.wire.Write(s.buf.Bytes()); err != nil {
		return err
	}
	if s.buf.Cap() <= maxKept {
		s.buf.Reset()
		buffers.Put(s.buf)
	}
	s.buf = nil
	return nil
}
