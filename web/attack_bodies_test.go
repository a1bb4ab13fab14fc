package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
	"parley/web"
)

// listens starts the server of the program, optionally with a request timeout short enough for a test.
func (s *stage) listens(patience time.Duration) string {
	s.t.Helper()
	server := s.server.HTTP()
	for what, got := range map[string]struct{ is, most time.Duration }{
		"head": {server.ReadHeaderTimeout, 5 * time.Second}, "request": {server.ReadTimeout, 30 * time.Second},
		"answer": {server.WriteTimeout, 30 * time.Second}, "idle": {server.IdleTimeout, 2 * time.Minute},
	} {
		if got.is <= 0 || got.is > got.most {
			s.t.Errorf("the time for the %s is %s", what, got.is)
		}
	}
	if server.MaxHeaderBytes <= 0 || server.MaxHeaderBytes > 32<<10 {
		s.t.Errorf("a head may have %d bytes", server.MaxHeaderBytes)
	}
	if patience > 0 {
		server.ReadHeaderTimeout, server.ReadTimeout = patience, patience
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	go func() { _ = server.Serve(listener) }()
	s.t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

const hurry = 700 * time.Millisecond

// wire sends raw bytes, then more every few milliseconds, and returns status and body of the response and the number of bytes that were
// accepted. Status 0 means that the connection was closed without a response. A connection that lasts longer than 20 s is an error.
func wire(t *testing.T, address, begin, more string, every time.Duration) (status int, body string, sent int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return 0, "", 0
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, begin); err != nil {
		t.Error(err)
	}
	var writing sync.WaitGroup
	answered := make(chan struct{})
	if more != "" {
		writing.Go(func() {
			for {
				select {
				case <-answered:
					return
				case <-time.After(every):
				}
				n, err := io.WriteString(conn, more)
				if sent += n; err != nil {
					return
				}
			}
		})
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	close(answered)
	if err == nil {
		status = res.StatusCode
		raw, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
		body = string(raw)
		_ = res.Body.Close()
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // net returns it unwrapped
		t.Errorf("still open after 20 s: %.200q", begin)
	}
	_ = conn.Close()
	writing.Wait()
	return status, body, sent
}

// TestAttackBodiesWithoutEnd checks that every endpoint with a body stops reading an endless or slow one in time and stores little of it.
func TestAttackBodiesWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	address, hurried := s.listens(0), s.listens(hurry)
	piece := strings.Repeat("x", 16<<10)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
	turns := make(chan struct{}, 24)
	const part = "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\n"
	var all sync.WaitGroup
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if l.Method != http.MethodPost || strings.HasPrefix(l.Path, "/api/users/") || strings.HasSuffix(l.Path, "/logout") {
			continue
		}
		sc := s.standing(r)
		token := s.signedIn(l, r, sc)
		credential := "Authorization: Bearer " + token
		if !l.API {
			credential = "Cookie: " + cookieOf(l) + "=" + token + "\r\nX-CSRF-Token: " + web.CSRFFor(token)
		}
		start := "POST " + s.fill(l.Path, l, sc) + " HTTP/1.1\r\nHost: chat\r\nAccept: application/json\r\n" + credential + "\r\n"
		kinds := []string{"application/json"}
		if !l.API {
			kinds = append(kinds, "application/x-www-form-urlencoded", "multipart/form-data; boundary=b")
		}
		for _, kind := range kinds {
			typed := start + "Content-Type: " + kind + "\r\n"
			all.Go(func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				want, most := 413, 16<<20
				switch {
				case r.file && strings.HasPrefix(kind, "multipart"): // read until the size limit is exceeded
					most = 40 << 20
				case r.body == "": // it is not read
					want = 0
				}
				status, body, sent := wire(
					t,
					address,
					typed+"Transfer-Encoding: chunked\r\n\r\n"+fmt.Sprintf("%x\r\n%s\r\n", len(part), part),
					chunk,
					0,
				)
				if status != want && want != 0 || status >= 500 && status != 501 || sent > most {
					t.Errorf("%s as %s without an end: %d after %d bytes, want %d: %.200s", l.Path, kind, status, sent, want, body)
				}
				status, body, _ = wire(t, address, typed+"Content-Length: 10000000000\r\n\r\n"+part, piece, 0)
				if status != want && want != 0 || status >= 500 && status != 501 {
					t.Errorf("%s as %s of 10 GB: %d, want %d: %.200s", l.Path, kind, status, want, body)
				}
				if r.body == "" {
					return
				}
				status, body, _ = wire(t, hurried, typed+"Content-Length: 1000\r\n\r\n{", " ", 50*time.Millisecond)
				if status != 408 || !strings.Contains(body, `"request_timeout"`) {
					t.Errorf("%s as %s, a byte at a time: %d: %.200s", l.Path, kind, status, body)
				}
			})
		}
	}
	all.Wait()
	s.ask("GET", "/readyz", "", nil).want(200)
}

// TestAttackHeads checks that long, slow or malformed headers are refused before they reach a handler.
func TestAttackHeads(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	address, hurried := s.listens(0), s.listens(hurry)
	before := s.kept()
	get := "GET /healthz HTTP/1.1\r\nHost: chat\r\n"
	post := "POST /api/user/customer-service/assign HTTP/1.1\r\nHost: chat\r\nContent-Type: application/json\r\nAuthorization: Bearer " + s.chats[models.Active].owner + "\r\n"
	var all sync.WaitGroup
	for what, c := range map[string]struct {
		begin, more string
		want        int
	}{
		"a head that does not end":         {get, "X-Slow: y\r\n", 0},
		"a line that does not end":         {"GET /", "a", 400},
		"nothing":                          {"", "", 0},
		"a large head":                     {get + "X-Large: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "", 431},
		"a large cookie":                   {get + "Cookie: parley_session=" + strings.Repeat("x", 64<<10) + "\r\n\r\n", "", 431},
		"a long address":                   {"GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: chat\r\n\r\n", "", 431},
		"many lines":                       {get + strings.Repeat("X: y\r\n", 20_000) + "\r\n", "", 431},
		"no host":                          {"GET /healthz HTTP/1.1\r\n\r\n", "", 400},
		"two hosts":                        {get + "Host: evil.example\r\n\r\n", "", 400},
		"a host that is none":              {"GET /healthz HTTP/1.1\r\nHost: chat<script>\r\n\r\n", "", 400},
		"a name with a space":              {get + "X Y: z\r\n\r\n", "", 400},
		"a value with NUL":                 {get + "X: a\x00b\r\n\r\n", "", 400},
		"a value with a bell":              {get + "X: a\x07b\r\n\r\n", "", 400},
		"a value on two lines":             {get + "X: a\r\n b\r\n\r\n", "", 200}, // an old way of writing one value
		"an address with a control":        {"GET /health\x01z HTTP/1.1\r\nHost: chat\r\n\r\n", "", 400},
		"a method that is none":            {"G(T /healthz HTTP/1.1\r\nHost: chat\r\n\r\n", "", 400},
		"a version that is none":           {"GET /healthz HTTP/9.9\r\nHost: chat\r\n\r\n", "", 505},
		"two lengths":                      {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", "", 400},
		"a negative length":                {post + "Content-Length: -1\r\n\r\n{}", "", 400},
		"a length that is no number":       {post + "Content-Length: 0x2\r\n\r\n{}", "", 400},
		"an encoding that is not known":    {post + "Transfer-Encoding: gzip\r\n\r\n{}", "", 501},
		"two encodings":                    {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", 501},
		"an encoding in hiding":            {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "", 501},
		"chunks that are none":             {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "", 400},
		"a chunk of an endless size":       {post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}", "", 400},
		"an expectation that is not known": {post + "Expect: miracle\r\nContent-Length: 2\r\n\r\n{}", "", 417},
	} {
		all.Go(func() {
			address := address
			if c.more != "" || c.begin == "" {
				address = hurried
			}
			if status, body, _ := wire(t, address, c.begin, c.more, 50*time.Millisecond); status != c.want {
				t.Errorf("%s: %d, want %d: %.200s", what, status, c.want, body)
			}
		})
	}
	all.Wait()
	s.unchanged(before, "a head that is none")
}
