package live

import (
	"testing"
	"testing/synctest"
	"time"
)

// expectHealth compares the three levels with the current state.
func expectHealth(t *testing.T, r *relayHealth, what string, connected, healthy, stable bool) {
	t.Helper()
	isHealthy, isStable := r.current()
	if isConnected := r.connected(); isConnected != connected || isHealthy != healthy || isStable != stable {
		t.Errorf("%s: connected %v, healthy %v, stable %v; want %v, %v, %v",
			what, isConnected, isHealthy, isStable, connected, healthy, stable)
	}
}

func TestAnInstanceIsStable3SecondsAfterTheLastGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRelayHealth("self")
		beat := func(d time.Duration, instances ...string) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(relayHeartbeat) {
				for _, instance := range instances {
					r.recordHeartbeat(instance, false)
				}
			}
		}
		expectHealth(t, &r, "at first", false, false, false)
		r.setSubscribed(true)
		r.recordGap()
		expectHealth(t, &r, "before its own heartbeat arrived", false, false, false)
		beat(3*time.Second, "self")
		expectHealth(t, &r, "3 s later", true, true, false)
		beat(250*time.Millisecond, "self")
		expectHealth(t, &r, "a moment later", true, true, true)
		r.recordGap()
		expectHealth(t, &r, "after a gap", true, true, false)
		beat(3500*time.Millisecond, "self")
		expectHealth(t, &r, "3 s after the gap", true, true, true)
		if !r.setSubscribed(false) {
			t.Error("it was not subscribed")
		}
		expectHealth(t, &r, "without a subscription", false, false, false)
		r.setSubscribed(true)
		expectHealth(t, &r, "with one again", true, true, false)
		beat(3500*time.Millisecond, "self")
		expectHealth(t, &r, "3 s after it was found out", true, true, true)
		time.Sleep(time.Second)
		expectHealth(t, &r, "without its own heartbeats", false, false, false)
	})
}

func TestASilentInstanceMakesTheOthersUnhealthy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRelayHealth("self")
		r.setSubscribed(true)
		beat := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(relayHeartbeat) {
				r.recordHeartbeat("self", false)
				_, _ = r.current()
			}
		}
		beat(4 * time.Second)
		expectHealth(t, &r, "alone", true, true, true)
		r.recordHeartbeat("stopped", false)
		r.recordHeartbeat("stopped", true)
		beat(4 * time.Second)
		expectHealth(t, &r, "after a goodbye", true, true, true)
		r.recordHeartbeat("silent", false)
		beat(750 * time.Millisecond)
		expectHealth(t, &r, "for three heartbeats", true, true, true)
		beat(250 * time.Millisecond)
		expectHealth(t, &r, "while another instance is silent", true, false, false)
		beat(peerKept - 2*time.Second)
		expectHealth(t, &r, "for almost ten minutes", true, false, false)
		beat(2 * time.Second)
		expectHealth(t, &r, "when it is forgotten", true, true, false)
		beat(3500 * time.Millisecond)
		expectHealth(t, &r, "a while later", true, true, true)
	})
}

// expectAlone compares aloneFor, in whole heartbeats.
func expectAlone(t *testing.T, r *relayHealth, what string, want time.Duration) {
	t.Helper()
	if got := r.aloneFor().Truncate(relayHeartbeat); got != want {
		t.Errorf("%s: alone for %s, want %s", what, got, want)
	}
}

func TestAnInstanceKnowsHowLongItIsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRelayHealth("self")
		beat := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				time.Sleep(relayHeartbeat)
				r.recordHeartbeat("self", false)
			}
		}
		expectAlone(t, &r, "at first", 0)
		r.setSubscribed(true)
		expectAlone(t, &r, "before its own heartbeat arrived", 0)
		r.recordHeartbeat("self", false)
		beat(time.Minute)
		expectAlone(t, &r, "a minute later", time.Minute)

		if !r.recordHeartbeat("other", false) || r.recordHeartbeat("other", false) {
			t.Error("an instance is new exactly once")
		}
		expectAlone(t, &r, "with another one", 0)
		beat(time.Minute)
		expectAlone(t, &r, "while another one is silent", 0)
		r.recordHeartbeat("other", true)
		beat(10 * time.Second)
		expectAlone(t, &r, "after a goodbye", 10*time.Second)
		r.recordHeartbeat("other", false)
		beat(peerKept)
		expectAlone(t, &r, "before a silent one is forgotten", 0)
		beat(relayHeartbeat)
		_ = r.aloneFor()
		beat(10 * time.Second)
		expectAlone(t, &r, "after a silent one was forgotten", 10*time.Second)
		if !r.recordHeartbeat("other", false) {
			t.Error("one that was forgotten is not new")
		}
		r.recordHeartbeat("other", true)

		beat(time.Minute)
		time.Sleep(3 * relayHeartbeat) // paused: what arrives then was on its way before
		expectAlone(t, &r, "after a pause", 0)
		r.recordHeartbeat("self", false)
		expectAlone(t, &r, "once it receives its heartbeats again", 0)
		beat(10 * time.Second)
		expectAlone(t, &r, "10 s after a pause", 10*time.Second)

		r.setSubscribed(false)
		expectAlone(t, &r, "without a subscription", 0)
		r.setSubscribed(true)
		beat(10 * time.Second)
		expectAlone(t, &r, "10 s after a new one", 10*time.Second)
		r.recordCompany()
		beat(5 * time.Second)
		expectAlone(t, &r, "5 s after one of an earlier release", 5*time.Second)
	})
}

func TestTheRelayPausesAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p sendPace
		if p.paused(time.Now()) || p.sent() {
			t.Error("it begins in a pause or as back")
		}
		for i := range 3 {
			if first := p.failed(time.Now()); first != (i == 0) || !p.paused(time.Now()) {
				t.Errorf("failure %d: first %v", i, first)
			}
			time.Sleep(199 * time.Millisecond)
			if !p.paused(time.Now()) {
				t.Error("the pause is over early")
			}
			time.Sleep(time.Millisecond)
			if p.paused(time.Now()) {
				t.Error("the pause goes on")
			}
		}
		if !p.sent() || p.sent() || p.paused(time.Now()) {
			t.Error("it is not back exactly once")
		}
	})
}

func TestThePreviousReleaseIsGreetedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p previousRelease
		if p.wasGreeted() || !p.greetingDue(time.Now()) || !p.wasGreeted() {
			t.Error("the first message is not greeted")
		}
		time.Sleep(5 * time.Minute)
		if p.greetingDue(time.Now()) {
			t.Error("it is greeted again early")
		}
		time.Sleep(time.Second)
		if !p.greetingDue(time.Now()) {
			t.Error("it is forgotten before it is greeted again")
		}
		p.greetingFailed()
		if p.wasGreeted() || !p.greetingDue(time.Now()) {
			t.Error("a greeting that failed counts")
		}
	})
}
