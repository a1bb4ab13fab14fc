package faulttest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/models"
)

// tap limits the speed of a reader.
type tap struct {
	closed atomic.Bool   // blocked
	pause  time.Duration // between two pieces
}

// transport returns a transport whose connections read through the tap.
func (v *tap) transport() http.RoundTripper {
	return &http.Transport{
		DisableCompression: true,
		ReadBufferSize:     16 << 10,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &tapped{conn, v}, nil
		},
	}
}

type tapped struct {
	net.Conn
	tap *tap
}

// Read takes what fits into one piece.
func (c *tapped) Read(b []byte) (int, error) {
	for c.tap.closed.Load() {
		<-time.After(10 * time.Millisecond)
	}
	if c.tap.pause > 0 {
		<-time.After(c.tap.pause)
	}
	return c.Conn.Read(b)
}

// TestSlowReaders checks that clients that read slowly or not at all do not delay others and receive everything in the end.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.meter.withPostgres(p)
	p.crowd(4, 2, 2, 150*time.Millisecond)
	boss, talker, listening := p.boss(), p.agent("talker", models.RoleAgent, 4), p.user("listening")
	p.serve(talker)
	var stalled, slow tap
	slow.pause = 10 * time.Millisecond
	stuck := listening.tab(0, func(l *listener) { l.via = stalled.transport() })
	listening.tab(1, func(l *listener) { l.via = slow.transport() })
	chat, ok := listening.open()
	if !ok {
		t.Fatal("no chat")
	}
	p.until(10*time.Second, "the talker has the chat", func() bool {
		code, err := boss.assign(chat, talker.id)
		return err == nil && (code == "" || code == "already_assigned")
	})
	p.until(10*time.Second, "the reader listens", func() bool { _, open := stuck.connection(); return open })
	before, _ := stuck.connection()
	streams := p.instances[0].metric(t, `parley_streams{kind="user"}`)

	stalled.closed.Store(true)
	during := span{from: time.Now()}
	// More than the kernel buffers for a connection.
	words := strings.Repeat("\U0001D11E", 3900)
	var said sync.WaitGroup
	for n := range 4 {
		said.Go(func() {
			voice := *talker
			voice.at = n
			for i := range form(120, 500) {
				voice.say(chat, fmt.Sprintf("long-%d-%d", n, i), words)
			}
		})
	}
	said.Wait()
	p.until(
		20*time.Second,
		"the stalled reader is cut off",
		func() bool { return p.instances[0].metric(t, `parley_streams{kind="user"}`) < streams },
	)
	during.to = time.Now()
	t.Logf("cut off after %s", during.to.Sub(during.from))
	stalled.closed.Store(false)
	p.quick(t, during)
	p.hearWithin(t, during, 2*time.Second)
	p.until(15*time.Second, "the stalled reader comes back", func() bool {
		now, open := stuck.connection()
		return now > before && open && len(stuck.came()[chat]) > 1
	})
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// TestManyTabs opens seven tabs of one user on two instances and reloads some of them continuously.
func TestManyTabs(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.crowd(form(3, 6), 2, 2, 100*time.Millisecond)
	for _, who := range p.people {
		for n := range 6 {
			who.tab(n, func(l *listener) {
				if n%3 == 0 {
					l.life, l.back = 300*time.Millisecond, time.Millisecond
				}
			})
		}
	}
	reloaded := func() bool {
		for _, who := range p.people {
			for _, l := range who.tabs {
				if n, _ := l.connection(); l.life > 0 && n < form(5, 50) {
					return false
				}
			}
		}
		return true
	}
	p.until(time.Minute, "every such tab was reloaded some times", reloaded)
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}
