package faulttest_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// idleStream is a stream without events until its end.
type idleStream struct {
	lines chan []string // all of it, once it has ended
}

// idleStreams opens that many streams of users at one instance.
func (p *plant) idleStreams(t *testing.T, n int, at *instance) []*idleStream {
	t.Helper()
	var who *caller
	all := make([]*idleStream, 0, n)
	for i := range n {
		if i%10 == 0 {
			who = p.guest(t, at.number)
		}
		req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, at.url+"/api"+ofUser+"/events", nil)
		p.must(err)
		req.Header.Set("Authorization", "Bearer "+who.token)
		res, err := transport.RoundTrip(req)
		p.must(err)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("a stream is refused: %d", res.StatusCode)
		}
		s := &idleStream{lines: make(chan []string, 1)}
		all = append(all, s)
		p.work.Go(func() {
			defer res.Body.Close()
			var lines []string
			for scan := bufio.NewScanner(res.Body); scan.Scan(); {
				lines = append(lines, scan.Text())
			}
			s.lines <- lines
		})
	}
	return all
}

// toldToComeBack checks that the end of the stream contains the time until the reconnect.
func (s *idleStream) toldToComeBack(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	select {
	case <-ctx.Done():
		t.Error("a stream did not end")
	case lines := <-s.lines:
		said := strings.Join(lines, "\n")
		if at := strings.LastIndex(said, "retry:"); at <= strings.Index(said, "retry:") {
			t.Errorf("a stream ended without a word about coming back:\n%s", said)
		}
	}
}
