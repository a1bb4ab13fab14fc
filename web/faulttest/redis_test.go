package faulttest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models"
)

// redisFault is a fault of Redis.
type redisFault struct {
	name   string
	lasts  time.Duration
	strike func(*plant, *way)
	heal   func(*plant, *way)
}

func redisFaults() []redisFault {
	return []redisFault{
		{
			name: "paused", lasts: form(3*time.Second, 20*time.Second),
			strike: func(p *plant, _ *way) { p.must(p.redis.Pause()) },
			heal:   func(p *plant, _ *way) { p.must(p.redis.Resume()) },
		},
		{
			name: "killed", lasts: form(1500*time.Millisecond, 10*time.Second),
			strike: func(p *plant, _ *way) { p.must(p.redis.Kill()) },
			heal:   func(p *plant, _ *way) { p.must(p.redis.Start(p.t.Context())) },
		},
		{
			name: "slow", lasts: form(1500*time.Millisecond, 10*time.Second),
			strike: func(_ *plant, w *way) { w.delay.Store(int64(400 * time.Millisecond)) },
			heal:   func(_ *plant, w *way) { w.delay.Store(0) },
		},
		{
			name: "read-only", lasts: form(time.Second, 10*time.Second),
			strike: func(p *plant, _ *way) { p.redisCommand("REPLICAOF", "127.0.0.1", "1") },
			heal:   func(p *plant, _ *way) { p.redisCommand("REPLICAOF", "NO", "ONE") },
		},
		{
			name: "full", lasts: form(time.Second, 10*time.Second),
			strike: func(p *plant, _ *way) { p.redisCommand("CONFIG", "SET", "maxmemory", "1") },
			heal:   func(p *plant, _ *way) { p.redisCommand("CONFIG", "SET", "maxmemory", "0") },
		},
		{
			name: "flushed", lasts: form(time.Second, 5*time.Second),
			strike: func(p *plant, _ *way) { p.redisCommand("FLUSHALL") },
			heal:   func(p *plant, _ *way) { p.redisCommand("FLUSHALL") },
		},
	}
}

func (p *plant) redisCommand(args ...any) {
	p.t.Helper()
	opts, err := redis.ParseURL(p.redis.URL)
	p.must(err)
	client := redis.NewClient(opts)
	defer client.Close()
	p.must(client.Do(context.Background(), args...).Err())
}

// TestRedisFaults checks that everything continues without Redis or with a faulty one, slightly slower, and recovers by itself.
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	slow := &way{}
	p := newPlant(t, func(p *plant) { p.redisURL = slow.toRedis(t, p.redis.URL) })
	p.crowd(form(5, 20), form(3, 8), 2, form(250*time.Millisecond, 300*time.Millisecond))
	newcomer := p.account("newcomer", models.RoleAgent, 100)
	screens := p.screens()
	p.meter.withPostgres(p)
	struck := map[string]span{}
	for n, fault := range redisFaults() {
		t.Run(fault.name, func(t *testing.T) {
			during := span{from: time.Now()}
			fault.strike(p, slow)
			for at := range form(1, len(p.instances)) {
				p.newcomer(t, newcomer, (n+at)%len(p.instances), screens)
			}
			p.limitHolds(t)
			pause(t.Context(), fault.lasts-time.Since(during.from))
			during.to = time.Now()
			fault.heal(p, slow)
			p.quick(t, during)
			p.countTogether(t)
			struck[fault.name] = during
		})
	}
	p.settle()
	for name, during := range struck {
		t.Run(name+" heard", func(t *testing.T) { p.hearWithin(t, during, 2*time.Second) })
	}
	p.audit()
	p.mustNotFail(t, span{})
	p.quick(t, span{})
}

// newcomer signs an agent in who is assigned a chat during the fault, and checks that supervisors at both instances see it.
func (p *plant) newcomer(t *testing.T, account *models.Agent, at int, screens []*screen) {
	t.Helper()
	began := time.Now()
	token, err := p.signIn(account.Name, at)
	if err != nil {
		t.Fatal(err)
	}
	agent := caller{plant: p, token: token, at: at}
	if a, err := agent.ask("presence", "POST", ofAgent+"/online", nil); err != nil || a.status != 200 {
		t.Errorf("a newcomer cannot go online: %v %d %s", err, a.status, a.code)
	}
	online := time.Now()
	user := p.guest(t, at)
	a, err := user.ask("assign", "POST", ofUser+"/assign", map[string]any{"message": "new here"})
	var got struct{ Chat struct{ Status string } }
	if a.into(&got); err != nil || got.Chat.Status != "active" {
		t.Errorf("a new user is not given to the agent who just came: %v %s", err, a.body)
	}
	if took, slack := time.Since(began), p.meter.slack(began, time.Now(), 10); took > 2*time.Second+slack {
		t.Errorf("signing in and assigning took %s on a machine that is slow by %s", took, slack)
	}
	for i, s := range screens {
		seen := eventually(t.Context(), 10*time.Second, func() bool { return s.presence(account.ID) == "online" })
		took, slack := time.Since(online), p.meter.slack(online, time.Now(), 8)
		if !seen || took > 2*time.Second+slack {
			t.Errorf(
				"the supervisor at instance %d saw an agent come at instance %d after %s on a machine that is slow by %s",
				i,
				at,
				took,
				slack,
			)
		}
	}
	_, _ = user.ask("end", "POST", ofUser+"/chats/"+chatOf(a)+"/end", nil)
	_, _ = agent.ask("presence", "POST", ofAgent+"/offline", nil)
	for _, s := range screens {
		eventually(t.Context(), 5*time.Second, func() bool { return s.presence(account.ID) == "offline" })
	}
}

// quick checks that sends are fast. Redis may cost a request 300 ms, the whole request may take 500 ms.
func (p *plant) quick(t *testing.T, during span) {
	t.Helper()
	sends := p.ledger.during(during, "send")
	perInstance := make([]int, len(p.instances))
	var slowest call
	wrong := complaints{}
	for _, c := range sends {
		perInstance[c.instance]++
		if c.took > slowest.took {
			slowest = c
		}
		if slack := p.meter.slack(c.began, c.began.Add(c.took), 3); c.took > 500*time.Millisecond+slack {
			wrong.add("a send took %s on a machine that is slow by %s", c.took, slack)
		}
	}
	wrong.report(t)
	for i, n := range perInstance {
		if n == 0 {
			t.Errorf("nobody sent anything to instance %d", i)
		}
	}
	t.Logf("%d sends, the slowest %s", len(sends), slowest.took)
}

// hearWithin checks that a message arrives on the other side's stream, at the other instance, soon after it is due there.
func (p *plant) hearWithin(t *testing.T, during span, limit time.Duration) {
	t.Helper()
	var worst time.Duration
	n, wrong := 0, complaints{}
	acked, assigned := map[string]ack{}, p.assignments()
	for _, a := range p.ledger.allAcks() {
		if during.holds(a.at) {
			acked[a.key] = a
		}
	}
	for _, who := range p.people {
		who.stream.mu.Lock()
		for _, h := range who.stream.messages {
			a, ok := acked[h.key]
			if !ok || h.side == who.side {
				continue
			}
			delete(acked, h.key)
			n++
			from := assigned.dueAt(a, who.side)
			took := h.at.Sub(from)
			worst = max(worst, took)
			if slack := p.meter.slack(from, h.at, 8); took > limit+slack {
				wrong.add("%s heard %s only after %s on a machine that is slow by %s", who.name, h.key, took, slack)
			}
		}
		who.stream.mu.Unlock()
	}
	wrong.report(t)
	t.Logf("%d messages heard, the slowest after %s", n, worst)
	if n == 0 {
		t.Error("nobody heard anything")
	}
}
