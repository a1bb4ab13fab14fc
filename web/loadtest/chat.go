package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// target is a measured server: the program or the bare handler. The same code drives both; only addresses and tokens differ.
type target struct {
	name   string
	server *process
	chats  []*chat
}

// chat is a conversation between one user and one agent, each with an open stream.
type chat struct {
	number int
	sides  [2]*side // the user and the agent
}

// side is one participant of a chat.
type side struct {
	who    byte // 'u' for the user, 'a' for the agent
	chat   int
	addr   string
	post   []byte // method, path and headers of the request that sends a message, sends
	sends  request
	listen request
	stream *stream

	mu    sync.Mutex
	idle  []*conn
	next  int
	acked map[string]int64 // message id by key, of the messages acknowledged in this round
}

func newSide(who byte, number int, addr string, post, listen request) *side {
	return &side{who: who, chat: number, addr: addr, post: post.head(addr), sends: post, listen: listen, acked: map[string]int64{}}
}

// at returns the same participant at another instance. Its messages have other keys than those so far.
func (s *side) at(addr string) *side {
	moved := newSide(s.who, s.chat, addr, s.sends, s.listen)
	moved.next = s.next
	return moved
}

// messageText is the content of every message: 100 characters at most.
var messageText = strings.TrimSpace(strings.Repeat("the parcel has not come yet ", 4))[:100]

// key returns the next client_message_id of this side.
func (s *side) key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("%c%d-%d", s.who, s.chat, s.next)
}

// send sends a message over an idle connection and records the id from the response.
func (s *side) send(ctx context.Context, key string) error {
	body := make([]byte, 0, 200)
	body = append(body, `{"content":"`...)
	body = append(body, messageText...)
	body = append(body, `","client_message_id":"`...)
	body = append(body, key...)
	body = append(body, `"}`...)
	c := s.takeConn()
	status, answer, err := c.do(ctx, withBody(s.post, body))
	if err == nil && status != 201 && status != 200 { // 200: repeated after a connection error, although the first request was stored
		err = fmt.Errorf("a send was answered %d: %s", status, answer)
	}
	var id int64
	if err == nil {
		id = numberAfter(answer, idName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, c)
	if err == nil {
		s.acked[key] = id
	}
	return err
}

func (s *side) takeConn() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return c
	}
	return &conn{addr: s.addr}
}

// drainAcked returns the messages acknowledged since the previous call.
func (s *side) drainAcked() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	acked := s.acked
	s.acked = map[string]int64{}
	return acked
}

func (s *side) close() {
	if s.stream != nil {
		s.stream.close()
	}
	for _, c := range s.idle {
		c.close()
	}
}

// openStreams opens the streams of every chat.
func (c *target) openStreams(ctx context.Context) error {
	for _, each := range c.chats {
		for _, s := range each.sides {
			opened, err := openStream(ctx, s.addr, s.listen)
			if err != nil {
				return err
			}
			s.stream = opened
			go opened.read()
		}
	}
	return nil
}

func (c *target) close() {
	for _, each := range c.chats {
		for _, s := range each.sides {
			s.close()
		}
	}
}

// waitDelivered waits until every stream has received all acknowledged messages and returns the time at which that was complete. After
// five seconds it returns anyway; messages missing by then count as lost.
func (c *target) waitDelivered(ctx context.Context) (time.Time, error) {
	deadline := time.Now().Add(5 * time.Second)
	for {
		missing, err := c.missing()
		switch now := time.Now(); {
		case err != nil:
			return now, err
		case missing == 0 || now.After(deadline):
			return now, nil
		}
		select {
		case <-ctx.Done():
			return time.Now(), ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// missing returns how many acknowledged messages the streams have not received yet.
func (c *target) missing() (int, error) {
	missing := 0
	for _, each := range c.chats {
		acked := 0
		for _, s := range each.sides {
			s.mu.Lock()
			acked += len(s.acked)
			s.mu.Unlock()
		}
		for _, s := range each.sides {
			received, err := s.stream.count()
			if err != nil {
				return 0, fmt.Errorf("a stream of %s ended: %w", c.name, err)
			}
			missing += max(0, acked-received)
		}
	}
	return missing, nil
}

// callAPI makes one JSON request over a new connection. It retries a 503 response up to ten times, once a second.
func callAPI(ctx context.Context, addr string, r request, in, out any) error {
	c := &conn{addr: addr}
	defer c.close()
	for try := 0; ; try++ {
		err := callAPIOn(ctx, c, r, in, out)
		if !errors.Is(err, errUnavailable) || try == 10 || pause(ctx, time.Second) != nil {
			return err
		}
	}
}

var errUnavailable = errors.New("the program could not reach its database")

// callAPIOn makes one JSON request over an existing connection and decodes the response into out. A 503 response is errUnavailable.
func callAPIOn(ctx context.Context, c *conn, r request, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	status, answer, err := c.do(ctx, withBody(r.head(c.addr), body))
	switch {
	case err != nil:
		return err
	case status == 503:
		return fmt.Errorf("%s %s: %w: %s", r.method, r.path, errUnavailable, answer)
	case status >= 300:
		return fmt.Errorf("%s %s was answered %d: %s", r.method, r.path, status, answer)
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}
