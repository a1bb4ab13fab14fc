package faulttest_test

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
)

// TestBounds checks that no client can occupy connections, streams or memory without limit.
func TestBounds(t *testing.T) {
	t.Parallel()
	p := newPlant(t, func(p *plant) { p.environ = append(p.environ, "TRUSTED_PROXIES=127.0.0.0/8", "RATE_LOGIN=100000") })
	who := p.guest(t, 0)
	var all sync.WaitGroup
	all.Go(func() {
		p.closesWithin(t, 5*time.Second, "a head that does not end", "GET /healthz HTTP/1.1\r\nHost: x\r\n", "X-Slow: y\r\n")
	})
	all.Go(func() { p.largeIsRefused(t, who) })
	all.Go(func() { p.oldestStreamEnds(t, p.guest(t, 0)) })
	if long {
		all.Go(func() {
			p.closesWithin(
				t,
				30*time.Second,
				"a body that does not end",
				fmt.Sprintf("POST /api%s/assign HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
					"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", ofUser, who.token),
				" ",
			)
		})
		all.Go(func() { p.unreadAnswerEnds(t) })
	}
	all.Wait()
	if long {
		p.signInsAreBounded(t)
	}
}

// closesWithin checks that a connection that sends a beginning and then a little every second is closed, or answered, in time.
func (p *plant) closesWithin(t *testing.T, limit time.Duration, what, begin, more string) {
	t.Helper()
	conn, err := net.Dial("tcp", p.instances[0].addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	began := time.Now()
	_, _ = io.WriteString(conn, begin)
	go func() {
		for pause(t.Context(), time.Second) {
			if _, err := io.WriteString(conn, more); err != nil {
				return
			}
		}
	}()
	_ = conn.SetReadDeadline(began.Add(limit + 30*time.Second))
	_, _ = bufio.NewReader(conn).ReadString('\n')
	if took, slack := time.Since(began), p.meter.slack(began, time.Now(), 3); took > limit+time.Second+slack {
		t.Errorf("%s was borne for %s", what, took)
	}
}

// largeIsRefused checks that a body of more than 128 KiB is 413 and headers of more than 32 KiB are 431.
func (p *plant) largeIsRefused(t *testing.T, who *caller) {
	t.Helper()
	a, err := who.once(t.Context(), "large", "POST", ofUser+"/assign", map[string]any{"message": strings.Repeat("x", 200<<10)})
	if err != nil || a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %v %d", err, a.status)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.instances[0].url+"/healthz", nil)
	req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Errorf("a large head: %v", err)
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large head: %d", res.StatusCode)
	}
}

// oldestStreamEnds checks that a user has at most twenty streams at an instance: one more ends the first, which reconnects only after a
// while.
func (p *plant) oldestStreamEnds(t *testing.T, who *caller) {
	t.Helper()
	var first *bufio.Scanner
	for n := range 21 {
		req, _ := http.NewRequestWithContext(p.ctx, http.MethodGet, p.instances[0].url+"/api"+ofUser+"/events", nil)
		req.Header.Set("Authorization", "Bearer "+who.token)
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		if n == 0 {
			first = bufio.NewScanner(res.Body)
		}
	}
	said := ""
	for first.Scan() {
		said += first.Text() + "\n"
	}
	if !strings.Contains(said, `"reason":"replaced"`) || !strings.Contains(said, "retry: 60000") {
		t.Errorf("the first of 21 streams said: %s", said)
	}
}

// unreadAnswerEnds checks that a client that requests much data and reads nothing is disconnected.
func (p *plant) unreadAnswerEnds(t *testing.T) {
	t.Helper()
	agent := p.agent("writer", models.RoleAgent, 5)
	user := p.user("reader")
	chat, _ := user.open()
	for n := range 200 {
		agent.say(chat, fmt.Sprint("long-", n), strings.Repeat("\U0001D11E", 3900))
	}
	conn, err := net.Dial("tcp", p.instances[0].addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	before := p.instances[0].metric(t, "process_open_fds")
	for range 20 { // more than the kernel buffers
		_, _ = fmt.Fprintf(
			conn,
			"GET /api%s/chats/%s/messages?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
			ofUser,
			chat,
			user.token,
		)
	}
	p.until(60*time.Second, "the connection is given up", func() bool {
		_, err := fmt.Fprint(conn, "\r\n")
		return err != nil || p.instances[0].metric(t, "process_open_fds") < before
	})
}

// signInsAreBounded checks that many simultaneous sign-ins from many addresses do not each need memory for hashing.
func (p *plant) signInsAreBounded(t *testing.T) {
	t.Helper()
	const many = 40
	before := p.instances[0].metric(t, "process_resident_memory_bytes")
	var all sync.WaitGroup
	for n := range many {
		all.Go(func() {
			req, _ := http.NewRequestWithContext(p.ctx, http.MethodPost, p.instances[0].url+"/api"+ofAgent+"/login",
				strings.NewReader(fmt.Sprintf(`{"email":"nobody%d@example.com","password":"wrong wrong wrong"}`, n)))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n))
			res, err := transport.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("a wrong password: %d", res.StatusCode)
			}
		})
	}
	all.Wait()
	if grown := (p.instances[0].metric(t, "process_resident_memory_bytes") - before) / (1 << 20); grown > many*19/2 {
		t.Errorf("%d sign-ins at once took %.0f MiB", many, grown)
	}
}
