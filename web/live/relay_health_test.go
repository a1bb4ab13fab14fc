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

func TestTheRelayPausesAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p sendPace
		if p.paused(time.Now()) || !p.heartbeatDue(time.Now(), false) || p.sent(time.Now()) {
			t.Error("it begins in a pause, without a heartbeat or as back")
		}
		time.Sleep(relayHeartbeat - time.Millisecond)
		if p.heartbeatDue(time.Now(), false) || !p.heartbeatDue(time.Now(), true) {
			t.Error("a heartbeat is due too early, or a gap is not announced at once")
		}
		time.Sleep(time.Millisecond)
		if !p.heartbeatDue(time.Now(), false) {
			t.Error("no heartbeat is due")
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
		if !p.sent(time.Now()) || p.sent(time.Now()) || p.paused(time.Now()) {
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
