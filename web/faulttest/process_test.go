package faulttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestKilledInstances kills processes at any instruction.
func TestKilledInstances(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(form(10, 50), form(4, 12), 2, form(100*time.Millisecond, 400*time.Millisecond))
	for n := range form(3, 10) {
		pause(t.Context(), form(time.Second, 3*time.Second))
		p.instances[n%2].kill()
		p.instances[n%2].start()
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// TestRollingRestart replaces two instances one after the other. Clients that retry at the other instance see no error.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(form(8, 30), form(4, 10), 2, form(100*time.Millisecond, 300*time.Millisecond))
	for range form(1, 3) {
		for _, i := range p.instances {
			pause(t.Context(), form(300*time.Millisecond, 2*time.Second))
			began := time.Now()
			i.signal(syscall.SIGTERM)
			i.ends(t, 0, began, 15*time.Second)
			i.start()
		}
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// TestTermination stops a process with many open streams and sends in flight. It answers accepted requests, tells the streams when to
// reconnect, and ends in time; another instance takes over and no message is missed.
func TestTermination(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(8, 4, 2, 100*time.Millisecond)
	streams := p.idleStreams(t, form(60, 400), p.instances[0])
	for range form(1, 5) {
		flood := p.flood(form(30, 80))
		began := time.Now()
		p.instances[0].signal(syscall.SIGTERM)
		p.instances[0].ends(t, 0, began, 15*time.Second)
		flood.Wait()
		t.Logf("it took %s", time.Since(began).Round(time.Millisecond))
		for _, s := range streams {
			s.toldToComeBack(t)
		}
		p.instances[0].start()
		if long {
			streams = p.idleStreams(t, 400, p.instances[0])
		}
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// TestDrainDelay checks that a process that is told to stop is not ready at once, and serves everything until proxies have noticed.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	const delay = 2 * time.Second
	p := newPlant(t, func(p *plant) { p.environ = append(p.environ, "DRAIN_DELAY="+delay.String()) })
	who := p.guest(t, 0)
	began := time.Now()
	p.instances[0].signal(syscall.SIGTERM)
	p.until(delay, "it is not ready", func() bool { return p.instances[0].ready() == http.StatusServiceUnavailable })
	for time.Since(began) < delay-300*time.Millisecond {
		if a, err := who.once(p.ctx, "look", "GET", ofUser+"/chats", nil); err != nil || a.status != http.StatusOK {
			t.Fatalf("after %s a request was answered %d, %v", time.Since(began), a.status, err)
		}
	}
	p.instances[0].ends(t, 0, began, delay+15*time.Second)
	if took := time.Since(began); took < delay {
		t.Errorf("it ended after %s", took)
	}
}

// TestTerminationWithoutServices checks that a process ends in time if Redis, and in the long form also PostgreSQL, does not respond.
func TestTerminationWithoutServices(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(4, 2, 2, 100*time.Millisecond)
	pause(t.Context(), time.Second)
	p.must(p.redis.Pause())
	if long {
		p.must(p.postgres.Pause())
	}
	pause(t.Context(), 500*time.Millisecond)
	began := time.Now()
	for _, i := range p.instances {
		i.signal(syscall.SIGTERM)
	}
	for _, i := range p.instances {
		i.ends(t, 0, began, 15*time.Second)
	}
	t.Logf("they took %s", time.Since(began).Round(time.Millisecond))
	p.must(p.redis.Resume())
	if long {
		p.must(p.postgres.Resume())
	}
	for _, i := range p.instances {
		i.start()
	}
	p.settle()
	p.audit()
}

// TestSecondSignal checks that a second signal ends a process immediately, even while it waits.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	who := p.guest(t, 0)
	p.must(p.postgres.Pause()) // so that the request below delays the stop
	var asked sync.WaitGroup
	asked.Go(func() { _, _ = who.once(p.ctx, "look", "GET", ofUser+"/chats", nil) })
	pause(t.Context(), 200*time.Millisecond)
	p.instances[0].signal(syscall.SIGTERM)
	p.until(5*time.Second, "it stops", func() bool { return strings.Contains(p.instances[0].output.String(), "server stopping") })
	pause(t.Context(), 200*time.Millisecond)
	if p.instances[0].gone() {
		t.Error("it did not wait for the request in flight")
	}
	began := time.Now()
	p.instances[0].signal(syscall.SIGTERM)
	p.instances[0].ends(t, 1, began, time.Second+p.meter.slack(began, time.Now(), 3))
	p.must(p.postgres.Resume())
	asked.Wait()
}

// ends checks that the process ends with a code and in time.
func (i *instance) ends(t *testing.T, want int, since time.Time, within time.Duration) {
	t.Helper()
	code, _ := i.wait(within + 10*time.Second)
	if took := time.Since(since); code != want || took > within {
		t.Errorf("instance %d ended with %d after %s, want %d within %s", i.number, code, took, want, within)
	}
}

// mustNotFail checks that no client received an internal error.
func (p *plant) mustNotFail(t *testing.T, during span) {
	t.Helper()
	wrong := complaints{}
	for _, c := range p.ledger.during(during, "") {
		if c.failed() {
			wrong.add("%s at instance %d: %d %s", c.kind, c.instance, c.status, c.code)
		}
	}
	wrong.report(t)
}

// flood lets that many users send one message each, at once, to the first instance.
func (p *plant) flood(users int) *sync.WaitGroup {
	p.t.Helper()
	var all sync.WaitGroup
	p.floods++
	var ready sync.WaitGroup
	ready.Add(users)
	for n := range users {
		all.Go(func() {
			who := &person{caller: *p.guest(p.t, 0), name: fmt.Sprintf("flood%d-%d", p.floods, n), side: byUser, base: ofUser}
			chat, ok := who.open()
			ready.Done()
			ready.Wait()
			for range 3 {
				if key := who.next(); ok {
					who.say(chat, key, "flood "+key)
				}
			}
			who.end(chat)
		})
	}
	ready.Wait()
	return &all
}
