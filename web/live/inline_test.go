package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/models"
)

// inlineClient is a client to which publishers may write.
type inlineClient struct {
	*client
	full   atomic.Bool // its connection takes nothing at once
	unsent atomic.Bool
}

func (c *inlineClient) RendersInline()  {}
func (c *inlineClient) HasUnsent() bool { return c.unsent.Load() }

func (c *inlineClient) TryFlush() bool {
	if c.full.Load() {
		c.unsent.Store(true)
	}
	return !c.full.Load()
}

func (c *inlineClient) Flush() error { c.unsent.Store(false); return nil }

// runInline runs a user's stream that publishers may write to, in an active chat at version 1.
func runInline(h *Hub, user string) (*inlineClient, *Stream, context.CancelFunc) {
	s := &Stream{hub: h, to: Receiver{Actor: models.UserActor(user)}, state: stateLive}
	s.sub = h.subscribe(s.to, ownTopic(s.to.Actor))
	*s.chats.track("chat") = trackedChat{id: "chat", ChatState: ChatState{Version: 1, Status: models.Active, AgentID: "anna"}}
	c := &inlineClient{client: &client{connected: time.Now(), ended: make(chan error, 1)}}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { c.ended <- s.Run(ctx, c, c) }()
	return c, s, cancel
}

// connectInline is runInline until the end of the test. It returns when the stream waits.
func connectInline(t *testing.T, h *Hub, user string) (*inlineClient, *Stream) {
	t.Helper()
	c, s, cancel := runInline(h, user)
	t.Cleanup(cancel)
	synctest.Wait()
	return c, s
}

// messageAt returns the change of a message in the chat.
func messageAt(version int64) []models.Event {
	anna := "anna"
	return []models.Event{{Kind: models.KindChange, Change: &models.Change{
		Chat:     models.Chat{ID: "chat", UserID: "u", AgentID: &anna, Status: models.Active, Version: version},
		Messages: []models.Message{{ID: version, ChatID: "chat", Version: version}},
	}}}
}

func TestAPublisherWritesToAStreamThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		c, s := connectInline(t, h, "u")
		expect := func(what, want string) {
			t.Helper()
			if got := c.names(); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		h.Publish(messageAt(2))
		expect("when Publish returns", "changed to 2")
		h.Publish(messageAt(2))
		synctest.Wait()
		expect("what was sent already", "changed to 2")

		// What comes while the stream works waits for it, and so does what follows.
		s.working.Lock()
		h.Publish(messageAt(3))
		h.Publish(messageAt(4))
		s.working.Unlock()
		synctest.Wait()
		expect("after the stream worked", "changed to 2, changed to 3, changed to 4")

		c.full.Store(true)
		h.Publish(messageAt(5))
		c.full.Store(false)
		if !c.HasUnsent() {
			t.Fatal("everything was written though the connection is full")
		}
		synctest.Wait()
		if c.HasUnsent() {
			t.Error("the stream does not write the rest")
		}
		c.unsent.Store(true) // a write of the stream itself that hangs
		h.Publish(messageAt(6))
		expect("while something is unsent", "changed to 2, changed to 3, changed to 4, changed to 5")
		synctest.Wait()
		expect("afterwards", "changed to 2, changed to 3, changed to 4, changed to 5, changed to 6")

		// The changes of a batch, with what is no change between them.
		presence := models.Event{Kind: models.KindPresence, Presence: &models.PresenceChange{ServiceID: "other"}}
		h.Publish(slices.Concat(messageAt(7), []models.Event{presence}, messageAt(8)))
		expect("when Publish returns from a batch",
			"changed to 2, changed to 3, changed to 4, changed to 5, changed to 6, changed to 7, changed to 8")

		s.sub.end(Renewed)
		h.Publish(messageAt(9))
		synctest.Wait()
		if got := c.names(); strings.Contains(got, "to 9") || !c.hasEnded(t) {
			t.Errorf("after the stream was told to end: %q", got)
		}
		h.Publish(messageAt(9)) // to no stream
	})
}

func TestAPublisherLeavesToTheStreamWhatIsNotSmall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, change := range map[string]func(*models.Change){
			"a gap":           func(c *models.Change) { c.Chat.Version++ },
			"another chat":    func(c *models.Change) { c.Chat.ID = "unknown" },
			"the end":         func(c *models.Change) { c.Chat.Status, c.Ended = models.Ended, true },
			"another agent":   func(c *models.Change) { c.Chat.AgentID = new(string) },
			"another change":  func(c *models.Change) { c.Messages = nil },
			"back in a queue": func(c *models.Change) { c.Chat.Status, c.Chat.AgentID = models.Waiting, nil },
		} {
			h := newTestHub(unreachable(t))
			c, s := connectInline(t, h, "u")
			s.working.Lock()
			e := messageAt(2)
			change(e[0].Change)
			if s.isSmall(e[0].Change) {
				t.Errorf("%s is written by the publisher", what)
			}
			s.working.Unlock()
			h.Publish(e)
			if got := c.names(); got != "" {
				t.Errorf("%s: the publisher wrote %q", what, got)
			}
			s.sub.end(Renewed)
			synctest.Wait()
		}
	})
}

func TestAPublisherWritesToFewStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		var clients []*inlineClient
		for range maxInline + 3 {
			c, _ := connectInline(t, h, "u")
			clients = append(clients, c)
		}
		h.Publish(messageAt(2))
		synctest.Wait()
		for _, c := range clients {
			if got := c.names(); got != "changed to 2" {
				t.Errorf("one of many streams got %q", got)
			}
		}
	})
}

// A publisher that cannot render leaves the repair to the stream.
func TestAStreamRepairsWhatItsPublisherCouldNotRender(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		c, s := connectInline(t, h, "u")
		c.cannot.Store(true)
		h.Publish(messageAt(2))
		s.working.Lock()
		if s.state != stateRepairing || s.chats.state("chat").Version != 1 {
			t.Errorf("the stream is in state %d at version %d", s.state, s.chats.state("chat").Version)
		}
		s.working.Unlock()
		synctest.Wait()
	})
}

// The stream works by itself all the time, so publishers find it waiting or at work by chance.
func TestVersionsArriveInOrder(t *testing.T) {
	t.Parallel()
	h := newTestHub(unreachable(t))
	const last = 2000
	for range 3 {
		c, s, cancel := runInline(h, "u")
		var busy sync.WaitGroup
		busy.Go(func() {
			for range last {
				s.sub.wakeUp()
			}
		})
		for version := int64(2); version <= last; version++ {
			h.Publish(messageAt(version))
			if version%100 == 0 { // more than maxPending would be dropped
				await(t, "room for more", func() bool { return !s.sub.hasWork() })
			}
		}
		busy.Wait()
		await(t, "all versions", func() bool { return len(c.all()) >= last-1 })
		cancel()
		if err := <-c.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
		for i, w := range c.all() {
			if want := fmt.Sprint("changed to ", i+2); w.what != want {
				t.Fatalf("after %d others came %q, want %q", i, w.what, want)
			}
		}
	}
}

// TryFlush writes what a socket takes, and Flush the rest, so that a slow reader gets every byte in order.
func TestTryFlushNeverWaits(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	streams := make(chan *SSE, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { streams <- Hijack(w) })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	s := <-streams
	defer s.Close()
	if !s.HasUnsent() || !s.TryFlush() || s.HasUnsent() {
		t.Fatal("the header is not written at once")
	}
	var want bytes.Buffer
	sent := 0
	for ; s.TryFlush(); sent++ {
		if sent > 10_000 {
			t.Fatal("a connection from which nobody reads takes everything")
		}
		frame := Frame{Event: "e", Data: fmt.Appendf(nil, "%d %s", sent, strings.Repeat("x", 30_000))}
		fmt.Fprintf(&want, "event: e\ndata: %s\n\n", frame.Data)
		if err := s.Send(frame, ""); err != nil {
			t.Fatal(err)
		}
	}
	if !s.HasUnsent() {
		t.Fatal("the rest is forgotten")
	}
	received := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(conn)
		received <- all
	}()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	all := <-received
	if _, body, _ := bytes.Cut(all, []byte("retry: 2000\n\n")); !bytes.Equal(body, want.Bytes()) {
		t.Errorf("%d bytes arrived, want %d", len(body), want.Len())
	}
}
