package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/models"
	"parley/models/testdb"
)

func TestAStreamWritesAtLeastEvery20Seconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := connect(t, newTestHub(unreachable(t)), Receiver{Actor: models.UserActor("u")})
		s.chats.track("chat").Status = models.Active
		for range 10 {
			pass(11 * time.Second) // an event between two heartbeats does not delay the second
			s.sub.push(signal{event: &models.Event{Kind: models.KindTyping, Typing: &models.Typing{ChatID: "chat"}}})
			synctest.Wait()
		}
		pass(10 * time.Minute)
		before, heartbeats := time.Duration(0), 0
		for _, w := range c.writes {
			if w.what == "heartbeat" {
				heartbeats++
			}
			if w.after-before > 20*time.Second {
				t.Errorf("nothing was written for %s", w.after-before)
			}
			before = w.after
		}
		if passed := time.Since(c.connected); passed-before > 20*time.Second || heartbeats < int(passed/(20*time.Second)) {
			t.Errorf("%d heartbeats in %s, the last at %s", heartbeats, passed, before)
		}
	})
}

func TestStreamsEndAfter30To40Minutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		var clients []*client
		for i := range 60 {
			c, _ := connect(t, h, Receiver{Actor: models.UserActor(fmt.Sprint(i))})
			clients = append(clients, c)
		}
		pass(40 * time.Minute)
		seconds, retries := map[int]bool{}, map[string]bool{}
		for _, c := range clients {
			all := c.all()
			if !c.hasEnded(t) || len(all) != 2 || all[1].what != "closing renewed" {
				t.Fatalf("after 40 minutes: %v", all)
			}
			if all[1].after < 30*time.Minute {
				t.Errorf("ended after %s", all[1].after)
			}
			seconds[int(all[1].after.Seconds())] = true
			retries[all[0].what] = true
		}
		if len(seconds) < 30 {
			t.Errorf("60 streams ended within %d different seconds", len(seconds))
		}
		for retry := range retries {
			if !slices.Contains([]string{"retry 1s", "retry 2s", "retry 3s"}, retry) {
				t.Error(retry)
			}
		}
		if h.Streams(models.KindUser) != 0 {
			t.Error("an ended stream is still subscribed")
		}
	})
}

func TestAStreamEndsWithItsCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := Receiver{Actor: models.UserActor("u"), Ends: time.Now().Add(10*time.Minute + 5*time.Second)}
		c, _ := connect(t, newTestHub(unreachable(t)), to)
		pass(10*time.Minute + 4*time.Second)
		if len(c.all()) > 0 {
			t.Fatalf("before the credentials expire: %v", c.all())
		}
		pass(time.Second)
		if !c.hasEnded(t) || len(c.all()) != 2 || c.all()[1].what != "closing expired" {
			t.Errorf("when the credentials expire: %v", c.all())
		}
	})
}

func TestAReplacedClientWaitsAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		var clients []*client
		for range maxStreams + 1 {
			c, _ := connect(t, h, Receiver{Actor: models.UserActor("u")})
			clients = append(clients, c)
		}
		if got := clients[0].names(); got != "retry 1m0s, closing replaced" || !clients[0].hasEnded(t) {
			t.Errorf("the oldest received %q", got)
		}
		for _, c := range clients[1:] {
			if c.names() != "" {
				t.Errorf("another received %q", c.names())
			}
		}
	})
}

func TestAStreamOpenedWhileDrainingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		before, _ := connect(t, h, Receiver{Actor: models.UserActor("before")})
		h.Drain()
		after, _ := connect(t, h, Receiver{Actor: models.UserActor("after")})
		for _, c := range []*client{before, after} {
			if all := c.all(); !c.hasEnded(t) || all[len(all)-1] != (written{0, "closing stopping"}) {
				t.Errorf("received %v", all)
			}
		}
	})
}

// The real PostgreSQL answers, is away, and answers again.
func TestAStreamRepairsOnceItCan(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		db := openDatabase(t, url)
		ctx := t.Context()
		if _, err := db.EnsureUser(ctx, models.Identity{ID: "u", Name: "U", Verified: true}); err != nil {
			t.Fatal(err)
		}
		h := newTestHub(db)
		s, err := h.Open(ctx, Receiver{Actor: models.UserActor("u")})
		if err != nil {
			t.Fatal(err)
		}
		c := start(t, s)
		if got := c.names(); got != "initialstate" || s.state != stateLive {
			t.Fatalf("it begins with %q, in state %d", got, s.state)
		}
		// The desk has no publisher: only a repair finds this.
		if _, err := db.Assign(ctx, "u", models.AssignRequest{Message: "Hello"}); err != nil {
			t.Fatal(err)
		}
		db.away.Store(true)
		s.sub.repair()
		synctest.Wait()
		began := time.Now()
		pass(2500 * time.Millisecond)
		if got := db.attempts(began); s.state != stateRepairing || !slices.Equal(got, []time.Duration{0, time.Second, 2 * time.Second}) {
			t.Errorf("in state %d it tried at %v", s.state, got)
		}
		s.sub.push(signal{event: &models.Event{Kind: models.KindSettings}}) // a signal is a reason to try at once
		synctest.Wait()
		if got := db.attempts(began); len(got) != 4 || got[3] != 2500*time.Millisecond {
			t.Errorf("with a signal it tried at %v", got)
		}
		db.away.Store(false)
		pass(time.Second)
		if got := c.names(); got != "initialstate, changed to 1, repaired" || s.state != stateLive || s.behind {
			t.Errorf("afterwards, in state %d: %q", s.state, got)
		}
		sent := len(c.all())
		pass(5 * time.Second)
		if len(c.all()) != sent || len(db.attempts(began)) != 4 {
			t.Error("it goes on repairing")
		}
	})
}

// recorder is a publisher that keeps the events.
type recorder struct{ events []models.Event }

func (r *recorder) Publish(events []models.Event) { r.events = append(r.events, events...) }

// TestAnErasedChatEndsOnItsUsersStream: the event of the end is all that is left of an erased chat, so it is sent even if
// the stream has sent nothing of the chat before.
func TestAnErasedChatEndsOnItsUsersStream(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*Stream, *models.Chat){
		"in order":                   func(*Stream, *models.Chat) {},
		"a comparison came first":    func(s *Stream, _ *models.Chat) { s.sub.repair() },
		"a change before was missed": func(s *Stream, c *models.Chat) { s.chats.track(c.ID).Version = c.Version - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testdb.Postgres(t)
			synctest.Test(t, func(t *testing.T) {
				db, published := openDatabase(t, url), new(recorder)
				db.SetPublisher(published)
				ctx := t.Context()
				if _, err := db.EnsureUser(ctx, models.Identity{ID: "u", Name: "U", Verified: true}); err != nil {
					t.Fatal(err)
				}
				a, err := db.Assign(ctx, "u", models.AssignRequest{Message: "Hello"})
				if err != nil {
					t.Fatal(err)
				}
				h := newTestHub(db)
				s, err := h.Open(ctx, Receiver{Actor: models.UserActor("u")})
				if err != nil {
					t.Fatal(err)
				}
				c := start(t, s)
				published.events = nil
				if _, err := db.EraseUser(ctx, models.Actor{Kind: models.KindAgent, ID: "admin", Role: models.RoleAdmin}, "u"); err != nil {
					t.Fatal(err)
				}
				before(s, &a.Chat)
				synctest.Wait()
				h.deliver(published.events)
				synctest.Wait()
				ended := fmt.Sprintf("changed to %d, ", a.Chat.Version+1)
				if got := c.names(); !strings.Contains(got, ended) || !strings.HasSuffix(got, "closing signed_out") {
					t.Errorf("it sent %q, want %q in it", got, ended)
				}
			})
		})
	}
}

// The states before live are retried too, and what arrived in the meantime is repaired after them.
func TestAnInitialStateIsSentOnceItCanBeRendered(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		db := openDatabase(t, url)
		ctx := t.Context()
		if _, err := db.EnsureUser(ctx, models.Identity{ID: "u", Name: "U", Verified: true}); err != nil {
			t.Fatal(err)
		}
		s, err := newTestHub(db).Open(ctx, Receiver{Actor: models.UserActor("u")})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{connected: time.Now(), ended: make(chan error, 1)}
		c.cannot.Store(true)
		go func() { c.ended <- s.Run(ctx, c, c) }()
		synctest.Wait()
		a, err := db.Assign(ctx, "u", models.AssignRequest{Message: "Hello"})
		if err != nil {
			t.Fatal(err)
		}
		s.sub.push(signal{event: &models.Event{Kind: models.KindChange, Change: &models.Change{Chat: a.Chat}}})
		pass(3500 * time.Millisecond)
		if c.names() != "" || s.state != stateOpened || !s.behind {
			t.Fatalf("in state %d it sent %q", s.state, c.names())
		}
		c.cannot.Store(false)
		pass(time.Second)
		if got := c.names(); got != "initialstate, changed to 1, repaired" || s.state != stateLive || s.behind {
			t.Errorf("in state %d it sent %q", s.state, got)
		}
	})
}

// Of many chats that ended within a short time a comparison finds all; those that were sent are not sent again.
func TestARepairDoesNotRepeatEndedChats(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		db := openDatabase(t, url)
		ctx, user := t.Context(), models.UserActor("u")
		if _, err := db.EnsureUser(ctx, models.Identity{ID: "u", Name: "U", Verified: true}); err != nil {
			t.Fatal(err)
		}
		s, err := newTestHub(db).Open(ctx, Receiver{Actor: user})
		if err != nil {
			t.Fatal(err)
		}
		c := start(t, s)
		const chats = maxEnded + 20
		for range chats {
			assigned, err := db.Assign(ctx, "u", models.AssignRequest{Message: "Hello"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.End(ctx, user, assigned.Chat.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		count := func() (changed int) {
			s.sub.repair()
			pass(time.Second)
			for _, w := range c.all() {
				if strings.HasPrefix(w.what, "changed") {
					changed++
				}
			}
			return changed
		}
		if n := count(); n != chats {
			t.Errorf("the first repair sends %d of %d chats", n, chats)
		}
		if n := count(); n != chats {
			t.Errorf("the second repair sends %d of them again", n-chats)
		}
		if from, err := parseCursor(s.chats.cursor(s.syncedAt)); err != nil || len(from.chats) != maxEnded {
			t.Errorf("the cursor lists %d chats, %v", len(from.chats), err)
		}
	})
}

func TestEndedChatsAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	ended := func(s *clientState, id string, at time.Time) {
		s.track(id).update(&models.Chat{ID: id, Version: 2, Status: models.Ended, EndedAt: &at})
	}
	var s clientState
	s.track("open").update(&models.Chat{ID: "open", Version: 7, Status: models.Active})
	ended(&s, "long-ago", now.Add(-keepEnded-time.Second))
	ended(&s, "lately", now.Add(-keepEnded+time.Second))
	s.forgetEnded(now, now)
	if len(s) != 2 || s.state("open").Version != 7 || s.state("lately").Status != models.Ended {
		t.Errorf("tracked: %+v", s)
	}
	for i := range maxEnded {
		ended(&s, fmt.Sprint("more-", i), now.Add(time.Duration(i)*time.Second))
	}
	s.forgetEnded(now, now.Add(-keepEnded-time.Hour)) // not compared since
	if from, err := parseCursor(s.cursor(now)); err != nil || len(s) != 2+maxEnded || len(from.chats) != 1+maxEnded {
		t.Errorf("%d chats are tracked, %d listed, %v", len(s), len(from.chats), err)
	}
	s.forgetEnded(now, now)
	if len(s) != 1+maxEnded || s.find("lately") != nil || s.find("open") == nil {
		t.Errorf("%d chats are tracked", len(s))
	}
	s.forget("open")
	if s.state("open") != (ChatState{}) {
		t.Error("a forgotten chat is known")
	}
}
