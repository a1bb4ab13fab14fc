package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCompareCountsErrors(t *testing.T) {
	acked := map[string]int64{"u1-1": 1, "u1-2": 2, "a1-1": 3, "a1-2": 4}
	at := func(key string, id int64) arrival { return arrival{key, id, time.Time{}} }
	for _, c := range []struct {
		name     string
		received []arrival
		want     tally
	}{
		{"all in order", []arrival{at("u1-1", 1), at("u1-2", 2), at("a1-1", 3), at("a1-2", 4)}, tally{}},
		{"one more that was not acknowledged", []arrival{at("u1-1", 1), at("u1-2", 2), at("a1-1", 3), at("a1-2", 4), at("a1-3", 5)}, tally{}},
		{"one lost", []arrival{at("u1-1", 1), at("a1-1", 3), at("a1-2", 4)}, tally{lost: 1}},
		{"one twice", []arrival{at("u1-1", 1), at("u1-2", 2), at("u1-2", 2), at("a1-1", 3), at("a1-2", 4)}, tally{doubled: 1}},
		{"one late", []arrival{at("u1-2", 2), at("u1-1", 1), at("a1-1", 3), at("a1-2", 4)}, tally{reordered: 1}},
		{"nothing", nil, tally{lost: 4}},
	} {
		if got := compare(acked, c.received); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestTheVersionIsOneWord(t *testing.T) {
	if got := versionIn("parley 1.2.3\ncommit  8c2357f\ngo      go1.26.8 linux/amd64\n"); got != "1.2.3" {
		t.Errorf("the version is %q", got)
	}
}

func TestSamples(t *testing.T) {
	if s := sampleOf(3, 1, 2, 10, 4); s != (Sample{Median: 3, Min: 1, Max: 10, Rounds: 5}) {
		t.Errorf("%+v", s)
	}
	if q := quantileOf([]float64{1, 2, 3, 4}, 0.5); q != 2.5 {
		t.Errorf("the median of four values is %v", q)
	}
	for v, want := range map[float64]string{1234.5: "1235", 0.12345: "0.123", 2: "2", 99.96: "100", 1e6: "1000000"} {
		if got := figure(v); got != want {
			t.Errorf("%v is formatted as %s, want %s", v, got, want)
		}
	}
}

func TestRowsHoldTheirBounds(t *testing.T) {
	b := &table{log: func(string, ...any) {}}
	b.atMost("", "", sampleOf(20), 20, "")
	b.atMost("", "", sampleOf(20.1), 20, "")
	b.atLeast("", "", sampleOf(1000), 1000, "")
	b.atLeast("", "", sampleOf(999), 1000, "")
	b.against("", "", sampleOf(3), sampleOf(5), 0.6, true, "")
	b.against("", "", sampleOf(2), sampleOf(5), 0.6, true, "")
	b.against("", "", sampleOf(10), sampleOf(5), 2, false, "")
	b.against("", "", sampleOf(11), sampleOf(5), 2, false, "")
	b.against("", "", sampleOf(1), Sample{}, 2, false, "")
	b.atMost("", "", Sample{}, 20, "")
	var ok []bool
	for _, r := range b.rows {
		ok = append(ok, r.OK)
	}
	if want := []bool{true, false, true, false, true, false, true, false, false, false}; !slices.Equal(ok, want) {
		t.Errorf("%v, want %v", ok, want)
	}
	if b.holds() {
		t.Error("a table with a missed row passes")
	}
}

// TestConnReadsResponses reads responses with a length, in chunks, and after the server has closed the connection.
func TestConnReadsResponses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		if r.URL.Path == "/chunks" {
			for range 3 {
				fmt.Fprintf(w, "%s %s;", r.Header.Get("Authorization"), body)
				w.(http.Flusher).Flush()
			}
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s", r.Method, body)
	}))
	defer server.Close()
	addr := strings.TrimPrefix(server.URL, "http://")
	c := &conn{addr: addr}
	defer c.close()
	for _, try := range []struct {
		path   string
		status int
		want   string
	}{{"/", 201, "POST hello"}, {"/chunks", 200, "Bearer t hello;Bearer t hello;Bearer t hello;"}, {"/close", 201, "POST hello"}, {"/", 201, "POST hello"}} {
		status, body, err := c.do(t.Context(), withBody(request{"POST", try.path, "t"}.head(addr), []byte("hello")))
		if err != nil || status != try.status || string(body) != try.want {
			t.Errorf("%s: %d %q %v", try.path, status, body, err)
		}
	}
}

func TestStreamsReadLinesOfAnyLength(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	s := &stream{
		r: bufio.NewReader(
			strings.NewReader(
				"retry: 2000\n\n: live\n\nid: 1\nevent: message\ndata: {\"id\":41,\"content\":\"" + long + "\",\"client_message_id\":\"u1-1\"}\n\n" +
					"event: message\ndata: {\"id\":42,\"client_message_id\":null}\n\nevent: typing\ndata: {\"id\":43,\"client_message_id\":\"u1-2\"}\n\n",
			),
		),
	}
	s.read()
	got := s.take()
	if len(got) != 1 || got[0].key != "u1-1" || got[0].id != 41 {
		t.Errorf("%+v", got)
	}
	if _, err := s.count(); err == nil {
		t.Error("a stream that has ended counts as open")
	}
}

func TestTheSendStatementIsFoundInTheLog(t *testing.T) {
	const bound = "2026-01-01 00:00:00 UTC [1] LOG:  execute <unnamed>: SELECT 1\n" +
		"2026-01-01 00:00:00 UTC [1] LOG:  execute stmtcache_1: WITH c AS (UPDATE chats SET version = version + 1\n" +
		"\t\tWHERE id = $1 AND user_id = $2), m AS (INSERT INTO messages VALUES ($3, $4)) SELECT 1\n" +
		"2026-01-01 00:00:00 UTC [1] DETAIL:  parameters: $1 = 'c1', $2 = 'u1', $3 = 'it''s', $4 = 'marked-for-pgbench'\n" +
		"2026-01-01 00:00:00 UTC [1] LOG:  statement: SELECT 2\n"
	const literal = "2026-01-01 00:00:00 UTC [1] LOG:  execute <unnamed>: WITH c AS (UPDATE chats SET version = version + 1\n" +
		"\t\tWHERE id = 'c1' AND user_id = 'u1'), m AS (INSERT INTO messages VALUES ('it''s', 'marked-for-pgbench')) SELECT 1\n"
	const want = "WITH c AS (UPDATE chats SET version = version + 1\n\tWHERE id = ('c' || (:client_id + 1)) AND user_id = ('u' || (:client_id + 1))), " +
		"m AS (INSERT INTO messages VALUES ('it''s', ('k' || :k))) SELECT 1"
	for name, log := range map[string]string{"bound": bound, "literal": literal} {
		if got, err := generaliseStatement(log); err != nil || got != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if _, err := generaliseStatement(strings.ReplaceAll(bound, marker, "another")); err == nil {
		t.Error("found a statement that is not in the log")
	}
}

func TestSubresourcesOfAPage(t *testing.T) {
	page := `<link rel="icon" href="/static/icon.svg"/><link rel="stylesheet" href="/static/app.css?v=1"/><script src="/static/htmx.js" defer></script><img src="https://elsewhere.example/x.png"/><img alt="" src="/a.png">`
	if got, want := subresources([]byte(page)), []string{"/static/app.css?v=1", "/static/htmx.js", "/a.png"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
