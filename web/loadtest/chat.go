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

// contestant is who is measured: the program, or the bare handler beside it. Both are driven by the same code; only addresses and
// tokens differ.
type contestant struct {
	name   string
	server *process
	chats  []*chat
}

// chat is a conversation of one user and one agent, each with a stream open.
type chat struct {
	number int
	sides  [2]*side // the user's and the agent's
}

// side is one of the two who talk.
type side struct {
	who    byte // u or a
	chat   int
	addr   string
	post   []byte // the head of a send
	listen request
	stream *stream

	mu    sync.Mutex
	spare []*conn
	next  int
	acked map[string]int64 // by key: the id, of this round
}

func newSide(who byte, number int, addr string, post, listen request) *side {
	return &side{who: who, chat: number, addr: addr, post: post.head(addr), listen: listen, acked: map[string]int64{}}
}

// messageText is what everybody says: about a hundred characters.
var messageText = strings.TrimSpace(strings.Repeat("the parcel has not come yet ", 4))[:100]

// key is the next client_message_id of this side.
func (s *side) key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("%c%d-%d", s.who, s.chat, s.next)
}

// send sends a message over a free connection and notes the answer.
func (s *side) send(ctx context.Context, key string) error {
	body := make([]byte, 0, 200)
	body = append(body, `{"content":"`...)
	body = append(body, messageText...)
	body = append(body, `","client_message_id":"`...)
	body = append(body, key...)
	body = append(body, `"}`...)
	c := s.borrow()
	status, answer, err := c.do(ctx, withBody(s.post, body))
	if err == nil && status != 201 && status != 200 { // 200: the connection broke, and the first one had been taken
		err = fmt.Errorf("a send was answered %d: %s", status, answer)
	}
	var id int64
	if err == nil {
		id = numberAfter(answer, idName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = append(s.spare, c)
	if err == nil {
		s.acked[key] = id
	}
	return err
}

func (s *side) borrow() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.spare); n > 0 {
		c := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return c
	}
	return &conn{addr: s.addr}
}

// takeAcked returns what was answered since the last time.
func (s *side) takeAcked() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	acked := s.acked
	s.acked = map[string]int64{}
	return acked
}

func (s *side) hangUp() {
	if s.stream != nil {
		s.stream.close()
	}
	for _, c := range s.spare {
		c.close()
	}
}

// listenAll opens the streams of every chat.
func (c *contestant) listenAll(ctx context.Context) error {
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

func (c *contestant) hangUp() {
	for _, each := range c.chats {
		for _, s := range each.sides {
			s.hangUp()
		}
	}
}

// waitDelivered waits until every stream has brought what was acknowledged, and returns when the last one had. It gives up after five
// seconds: what is missing then is lost.
func (c *contestant) waitDelivered(ctx context.Context) (time.Time, error) {
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

func (c *contestant) missing() (int, error) {
	missing := 0
	for _, each := range c.chats {
		acked := 0
		for _, s := range each.sides {
			s.mu.Lock()
			acked += len(s.acked)
			s.mu.Unlock()
		}
		for _, s := range each.sides {
			heard, err := s.stream.count()
			if err != nil {
				return 0, fmt.Errorf("a stream of %s ended: %w", c.name, err)
			}
			missing += max(0, acked-heard)
		}
	}
	return missing, nil
}

// ask makes one request as JSON, for what is prepared. Told to come again, it does.
func ask(ctx context.Context, addr string, r request, in, out any) error {
	c := &conn{addr: addr}
	defer c.close()
	for try := 0; ; try++ {
		err := askOver(ctx, c, r, in, out)
		if !errors.Is(err, errUnavailable) || try == 10 || pause(ctx, time.Second) != nil {
			return err
		}
	}
}

var errUnavailable = errors.New("the program could not reach its database")

// askOver is ask over a connection that is kept.
func askOver(ctx context.Context, c *conn, r request, in, out any) error {
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
