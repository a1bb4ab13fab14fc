package live

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// writeTime is how long a reader may take for one write; slower ones are cut off and come back with their cursor.
const writeTime = 5 * time.Second

// SSE writes a text/event-stream.
type SSE struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	buf bytes.Buffer
}

// NewSSE sends the head of a stream.
func NewSSE(w http.ResponseWriter) *SSE {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // else nginx holds events back
	s := &SSE{w: w, rc: http.NewResponseController(w)}
	_ = s.rc.SetReadDeadline(time.Time{}) // the server's deadline for reading a request would end the stream
	w.WriteHeader(http.StatusOK)
	s.buf.WriteString("retry: 2000\n\n")
	return s
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Send adds one event. A line break inside the data begins another data line, so that nothing in it can end the event or
// forge a field.
func (s *SSE) Send(f Frame, id string) error {
	if id != "" {
		fmt.Fprintf(&s.buf, "id: %s\n", id)
	}
	if f.Event == "" { // only the id: the client keeps it and says nothing to its page
		s.buf.WriteByte('\n')
		return nil
	}
	fmt.Fprintf(&s.buf, "event: %s\n", f.Event)
	for line := range strings.SplitSeq(lineBreaks.Replace(string(f.Data)), "\n") {
		s.buf.WriteString("data: ")
		s.buf.WriteString(line)
		s.buf.WriteByte('\n')
	}
	s.buf.WriteByte('\n')
	if s.buf.Len() > 64<<10 {
		return s.Flush()
	}
	return nil
}

// Retry tells the client when to come back.
func (s *SSE) Retry(after time.Duration) error {
	fmt.Fprintf(&s.buf, "retry: %d\n\n", after.Milliseconds())
	return nil
}

// Beat writes a comment line: the stream lives.
func (s *SSE) Beat() error {
	s.buf.WriteString(": live\n\n")
	return s.Flush()
}

// Flush puts on the wire what was added.
func (s *SSE) Flush() error {
	if s.buf.Len() == 0 {
		return nil
	}
	// Where deadlines are not known (a test's recorder) there is nobody slow.
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	s.buf.Reset()
	return s.rc.Flush()
}
