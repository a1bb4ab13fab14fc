package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/models"
)

func TestStreamsOfClientsThatAreGoneEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		run(t, h.reapDisconnected)
		gone, _ := connect(t, h, Receiver{Actor: models.UserActor("gone")})
		there, _ := connect(t, h, Receiver{Actor: models.UserActor("there")})
		pass(time.Minute)
		if gone.hasEnded(t) {
			t.Fatal("it ended while the client was there")
		}
		gone.gone.Store(true)
		pass(2 * time.Second)
		if !gone.hasEnded(t) || gone.names() != "" || h.Streams(models.KindUser) != 1 {
			t.Errorf("%d streams are open; the client that is gone got %q", h.Streams(models.KindUser), gone.names())
		}
		if there.hasEnded(t) {
			t.Error("the other stream ended too")
		}
	})
}

func TestTypingIsThrottledForEachSide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		c, s := connect(t, h, Receiver{Actor: models.Actor{Kind: models.KindAgent, ID: "anna"}})
		for _, id := range []string{"1", "2"} {
			s.chats.track(id).Status = models.Active
		}
		types := func(chat string) {
			h.Publish([]models.Event{{
				Kind:   models.KindTyping,
				Typing: &models.Typing{ChatID: chat, AgentID: "anna", SenderType: models.FromUser},
			}})
		}
		for range 20 { // 2 s
			types("1")
			types("2")
			pass(100 * time.Millisecond)
		}
		var at []time.Duration
		for _, w := range c.all() {
			at = append(at, w.after/time.Millisecond)
		}
		if want := []time.Duration{0, 0, 500, 500, 1000, 1000, 1500, 1500}; !slices.Equal(at, want) {
			t.Errorf("two chats in which users type arrived at %d ms", at)
		}
		for i := range 3 * typingKept {
			types(fmt.Sprint("chat-", i))
			if i%typingKept == 0 {
				pass(time.Second)
			}
		}
		if kept := len(h.typing.sentAt); kept > 2*typingKept {
			t.Errorf("%d sides are kept", kept)
		}
	})
}

func TestTheTickerSendsTheLatestOfManyChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTestHub(unreachable(t))
		run(t, h.queue.run)
		c, _ := connect(t, h, Receiver{Actor: models.Actor{Kind: models.KindAgent, ID: "boss"}, View: Supervision})
		pass(10 * time.Minute) // timers must not fire while nothing happens
		for load := 1; load <= 5; load++ {
			for _, agent := range []string{"anna", "ben"} {
				h.Publish([]models.Event{{Kind: models.KindPresence, Presence: &models.PresenceChange{ServiceID: agent, Load: load}}})
			}
			pass(50 * time.Millisecond)
		}
		if c.names() != "" {
			t.Errorf("before the tick: %s", c.names())
		}
		pass(50 * time.Millisecond)
		all := c.all()
		slices.SortFunc(all, func(a, b written) int { return strings.Compare(a.what, b.what) })
		if len(all) != 2 || all[0].what != "presence anna 5" || all[1].what != "presence ben 5" {
			t.Errorf("after the tick: %v", all)
		}
	})
}

func TestTheTickerReadsPositionsUntilItCan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := unreachable(t)
		h := newTestHub(db)
		run(t, h.queue.run)
		pass(time.Minute)
		if got := db.attempts(time.Now()); len(got) > 0 {
			t.Fatalf("it read positions %d times though no user waits", len(got))
		}
		connect(t, h, Receiver{Actor: models.UserActor("u")})
		began := time.Now()
		h.queue.markQueueChanged(models.CauseLeft)
		h.queue.markQueueChanged(models.CauseJoined)
		pass(time.Second)
		want := []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 900 * time.Millisecond}
		if got := db.attempts(began); !slices.Equal(got, want) {
			t.Errorf("it read positions at %v", got)
		}
	})
}

func TestTheTickerSendsPositionsWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := unreachable(t)
		h := newTestHub(db)
		connect(t, h, Receiver{Actor: models.UserActor("u")})
		began := time.Now()
		run(t, h.queue.run)
		pass(15 * time.Second)
		if got := db.attempts(began); len(got) > 0 {
			t.Errorf("it read positions at %v", got)
		}
		pass(400 * time.Millisecond)
		if got := db.attempts(began); len(got) != 1 {
			t.Errorf("after 15 s without a change it read positions at %v", got)
		}
	})
}

// stored takes reports of heartbeats. It needs the mutex because passing time does not order what two goroutines do.
type stored struct {
	began time.Time

	mu      sync.Mutex
	fails   bool
	present []string
	at      []string // "10s a b"
}

func (s *stored) set(fails bool, present ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails, s.present = fails, present
}

func (s *stored) withStream() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.present
}

func (s *stored) report(_ context.Context, ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(ids)
	s.at = append(s.at, time.Since(s.began).String()+" "+strings.Join(ids, " "))
	if s.fails {
		return errors.New("PostgreSQL is away")
	}
	return nil
}

func TestHeartbeatsAreStoredInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stored{began: time.Now(), present: []string{"a", "b"}}
		b := newHeartbeats(s.report, func() time.Duration { return 10 * time.Second })
		run(t, func(ctx context.Context) { b.run(ctx, slog.New(slog.DiscardHandler), s.withStream) })
		expect := func(what string, want ...string) {
			t.Helper()
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Equal(s.at, want) {
				t.Errorf("%s: %q, want %q", what, s.at, want)
			}
			s.at = nil
		}
		pass(9 * time.Second)
		expect("before the first report")
		pass(time.Second)
		expect("those with a stream, together", "10s a b")
		pass(time.Second)
		b.record("c")
		synctest.Wait()
		expect("one who comes back, at once", "11s c")
		for range 9 {
			b.record("c")
			pass(time.Second)
		}
		expect("one who was active a moment ago, not again")
		pass(time.Second) // 21 s: 10 s after the last report
		expect("those with a stream, again", "21s a b")
		b.record("c")
		synctest.Wait()
		expect("the other one, when the time has passed", "21s c")

		s.set(true, "a", "b")
		pass(10 * time.Second)
		expect("a report that fails", "31s a b")
		pass(200 * time.Millisecond)
		b.record("d")
		pass(799 * time.Millisecond)
		expect("less than a second after it")
		s.set(false) // they left, and yet were there
		pass(time.Millisecond)
		expect("what was not stored, a second later", "32s a b d")
		pass(time.Minute)
		expect("when all have left")
		if len(b.reportedAt) > 0 {
			t.Errorf("%d are remembered who were not active for a minute", len(b.reportedAt))
		}
	})
}

func TestComparisonsAreRareWhileTheInstanceIsStable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := unreachable(t)
		h := newTestHub(db)
		run(t, h.compareWithDatabase)
		pass(time.Minute + time.Second)
		if got := db.attempts(time.Now()); len(got) > 0 {
			t.Errorf("%d comparisons without a stream", len(got))
		}
		connect(t, h, Receiver{Actor: models.UserActor("u")})
		began := time.Now()
		pass(16 * time.Second)
		got := db.attempts(began)
		if len(got) == 0 || got[0] < 10*time.Second {
			t.Fatalf("the first at %v", got)
		}
		// It failed, so the next ones come soon.
		for i := 1; i < len(got); i++ {
			if gap := got[i] - got[i-1]; gap < compareEvery || gap > compareEvery+healthCheckEvery {
				t.Errorf("another %s after one that failed", gap)
			}
		}
		if len(got) < 2 {
			t.Errorf("one that failed is not tried again: %v", got)
		}
	})
}

func TestAComparisonFindsOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := presences{sent: map[string]sentPresence{}}
		now := func(id string, presence models.Presence, load int) models.PresenceChange {
			return models.PresenceChange{ServiceID: id, Presence: presence, Load: load, MaxConcurrent: 5}
		}
		missed := func(began time.Time, agents ...models.PresenceChange) string {
			var found []string
			for _, e := range p.missed(began, agents) {
				now := e.Presence
				found = append(found, fmt.Sprintf("%s %s %d %v", now.ServiceID, now.Presence, now.Load, now.PresenceChanged))
				p.record(e.Presence) // as deliver does
			}
			return strings.Join(found, ", ")
		}
		expect := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		online, offline := models.Online, models.Offline
		expect("a new agent who is offline", missed(time.Now(), now("a", offline, 0)), "")
		expect("a new agent who is online", missed(time.Now(), now("b", online, 0)), "b online 0 true")
		pass(time.Second)
		expect("nothing", missed(time.Now(), now("a", offline, 0), now("b", online, 0)), "")
		expect("a load", missed(time.Now(), now("a", offline, 0), now("b", online, 1)), "b online 1 false")
		pass(time.Second)
		expect("a presence", missed(time.Now(), now("a", online, 0), now("b", online, 1)), "a online 0 true")
		pass(time.Second)
		began := time.Now()
		pass(time.Second)
		changed := now("b", offline, 0)
		changed.PresenceChanged = true
		p.record(&changed)
		expect("what an event brought after the comparison began", missed(began, now("b", online, 1)), "")
		pass(time.Second)
		expect("what that event changed", missed(time.Now(), now("b", offline, 0)), "")
		capacity := now("b", offline, 0)
		capacity.MaxConcurrent = 3
		expect("a capacity", missed(time.Now(), capacity), "b offline 0 false")
	})
}
