package faulttest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresFault is a fault of PostgreSQL.
type postgresFault struct {
	name   string
	lasts  time.Duration
	strike func(*plant)
	heal   func(*plant)
	// reads means that read requests still work.
	reads bool
}

func postgresFaults() []postgresFault {
	return []postgresFault{
		{
			name: "restarted", lasts: 0,
			strike: func(p *plant) { p.must(p.postgres.Stop()) },
			heal:   func(p *plant) { p.must(p.postgres.Start(p.t.Context())) },
		},
		{
			name: "crashed", lasts: form(time.Second, 10*time.Second),
			strike: func(p *plant) { p.must(p.postgres.Kill()) },
			heal:   func(p *plant) { p.must(p.postgres.Start(p.t.Context())) },
		},
		{
			name: "refusing", lasts: form(time.Second, 20*time.Second),
			strike: func(p *plant) {
				p.house("ALTER DATABASE "+p.database()+" ALLOW_CONNECTIONS false",
					"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+p.database()+"'")
			},
			heal: func(p *plant) { p.house("ALTER DATABASE " + p.database() + " ALLOW_CONNECTIONS true") },
		},
		{
			name: "read-only", lasts: form(time.Second, 20*time.Second), reads: true,
			strike: func(p *plant) {
				p.house("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
			},
			heal: func(p *plant) {
				p.house(
					"SET default_transaction_read_only = off",
					"ALTER SYSTEM RESET default_transaction_read_only",
					"SELECT pg_reload_conf()",
				)
				p.readOnly("off")
			},
		},
		{
			name: "stalled", lasts: form(9*time.Second, 25*time.Second),
			strike: func(p *plant) { p.must(p.postgres.Pause()) },
			heal:   func(p *plant) { p.must(p.postgres.Resume()) },
		},
	}
}

func (p *plant) database() string {
	config, err := pgx.ParseConfig(p.postgres.URL)
	p.must(err)
	return config.Database
}

// house runs statements in another database of the same server.
func (p *plant) house(statements ...string) {
	p.t.Helper()
	config, err := pgx.ParseConfig(p.postgres.URL)
	p.must(err)
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	p.must(err)
	defer conn.Close(context.Background())
	for _, s := range statements {
		_, err := conn.Exec(context.Background(), s)
		p.must(err)
	}
}

// readOnly returns once new sessions are read-only.
func (p *plant) readOnly(want string) {
	p.t.Helper()
	p.until(10*time.Second, "PostgreSQL read its settings again", func() bool {
		conn, err := p.connect(p.t.Context())
		if err != nil {
			return false
		}
		defer conn.Close(context.Background())
		var readOnly string
		return conn.QueryRow(p.t.Context(), "SHOW default_transaction_read_only").Scan(&readOnly) == nil && readOnly == want
	})
}

// answersWithin limits the time of a request while PostgreSQL is unavailable.
const answersWithin = 9 * time.Second

// TestPostgresFaults checks that without PostgreSQL every request gets a clear error soon, that no action is half done, and that there
// are no errors once it is back. Streams stay open.
func TestPostgresFaults(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	// The test server loses the last commits when it crashes, because it runs without fsync; a durable one does not.
	p.house("ALTER DATABASE " + p.database() + " SET synchronous_commit = on")
	p.crowd(form(5, 20), form(3, 8), 2, form(200*time.Millisecond, 300*time.Millisecond))
	for _, fault := range postgresFaults() {
		t.Run(fault.name, func(t *testing.T) {
			p.until(10*time.Second, "all streams are open", p.allListen)
			connections := p.connections()
			before := len(p.ledger.allAcks())
			during := span{from: time.Now()}
			fault.strike(p)
			if fault.lasts > 0 {
				p.notReady(t, fault)
				pause(t.Context(), fault.lasts-time.Since(during.from))
			}
			fault.heal(p)
			during.to = time.Now()
			p.until(20*time.Second, "people talk again", func() bool { return len(p.ledger.allAcks()) > before+20 })
			t.Logf("people talk again after %s", time.Since(during.to))
			p.toldSo(t, during)
			p.mustNotFail(t, span{during.to, time.Now()})
			if now := p.connections(); now != connections {
				t.Errorf("streams were cut off: %d connections before, %d after", connections, now)
			}
		})
	}
	p.settle()
	p.audit()
}

// notReady checks that every instance reports that it is alive but not ready, accepts no writes and opens no stream.
func (p *plant) notReady(t *testing.T, fault postgresFault) {
	t.Helper()
	var asked sync.WaitGroup
	for at, instance := range p.instances {
		asked.Go(func() {
			c := caller{plant: p, token: p.people[0].token, at: at}
			refused := func() bool { // sessions reload their settings with a delay, and exist for a short time after a crash
				a, err := c.once(t.Context(), "presence", "POST", ofAgent+"/online", nil)
				return err == nil && a.status == 503
			}
			if !eventually(t.Context(), 2*time.Second, refused) && !refused() {
				t.Errorf("instance %d takes writes", at)
			}
		})
		if fault.reads {
			continue
		}
		asked.Go(func() {
			if status := instance.ready(); status != http.StatusServiceUnavailable {
				t.Errorf("instance %d says of its readiness: %d", at, status)
			}
			if err := look(t.Context(), instance.url+"/healthz"); err != nil {
				t.Errorf("instance %d does not say that it lives: %v", at, err)
			}
		})
		asked.Go(func() {
			l := &listener{plant: p, path: ofAgent + "/events", token: p.people[0].token, at: at}
			refused := func() bool {
				ctx, cancel := context.WithTimeout(t.Context(), answersWithin)
				defer cancel()
				time.AfterFunc(time.Second, func() { // a stream would not end by itself
					if _, open := l.connection(); open {
						cancel()
					}
				})
				return l.connect(ctx) != nil && ctx.Err() == nil
			}
			if !eventually(t.Context(), 3*time.Second, refused) && !refused() {
				t.Errorf("instance %d opens a stream", at)
			}
		})
	}
	asked.Wait()
}

// toldSo checks that requests during the outage were answered in bounded time, either normally or with 503 and a time to retry.
func (p *plant) toldSo(t *testing.T, during span) {
	t.Helper()
	told, wrong := 0, complaints{}
	var slowest time.Duration
	for _, c := range p.ledger.during(during, "") {
		if c.kind == "stream" {
			continue
		}
		slowest = max(slowest, c.took)
		if slack := p.meter.slack(c.began, c.began.Add(c.took), 3); c.took > answersWithin+slack {
			wrong.add("%s took more than %s", c.kind, answersWithin)
		}
		switch {
		case c.status == 503:
			told++
			if c.retryAfter == "" || c.code == "" {
				wrong.add("%s: 503 %q, Retry-After %q", c.kind, c.code, c.retryAfter)
			}
		case c.status == 0, c.status >= 500:
			wrong.add("%s was answered %d %s", c.kind, c.status, c.code)
		}
	}
	wrong.report(t)
	t.Logf("%d were told, the slowest answer took %s", told, slowest)
}

// allListen reports whether every stream is connected.
func (p *plant) allListen() bool {
	for _, who := range p.people {
		if _, open := who.stream.connection(); !open {
			return false
		}
	}
	return true
}

// connections counts the connections that all streams have had.
func (p *plant) connections() (n int) {
	for _, who := range p.people {
		conn, _ := who.stream.connection()
		n += conn
	}
	return n
}

// TestNoErrorAfterARestart checks that no request uses a dead connection once PostgreSQL accepts connections again.
func TestNoErrorAfterARestart(t *testing.T) {
	t.Parallel()
	p := newPlant(t, func(p *plant) { p.databaseURL = new(way).toPostgres(t, p.postgres.URL) })
	who := p.guest(t, 0)
	for range form(3, 10) {
		p.burst(who, 24) // leaves as many connections in the pool
		p.must(p.postgres.Stop())
		p.must(p.postgres.Start(t.Context()))
		since := span{from: time.Now()}
		p.burst(who, 24)
		if wrong := p.ledger.during(since, "look"); len(wrong) != 48 {
			t.Fatalf("%d of 48 requests", len(wrong))
		}
		p.mustNotFail(t, since)
	}
}

// burst sends that many requests at once to every instance.
func (p *plant) burst(who *caller, n int) {
	var asked sync.WaitGroup
	for at := range p.instances {
		for range n {
			c := caller{plant: p, token: who.token, at: at}
			asked.Go(func() { _, _ = c.once(p.ctx, "look", "GET", ofUser+"/chats", nil) })
		}
	}
	asked.Wait()
}
