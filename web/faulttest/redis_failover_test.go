package faulttest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models/testdb"
)

const (
	dataPassword     = "the data of Redis"
	sentinelPassword = "the sentinels"
	masterName       = "parley-master"
	// userRights are those that docs/operations.md gives the user of Parley.
	userRights = ">a-password ~parley:* ~{parley:* ~asynq:* &parley:* &asynq:* +@all -@dangerous"
)

// nodeCommand sends a command to a node, as none of the clients of the program would.
func nodeCommand(ctx context.Context, node *testdb.RedisNode, password string, args ...any) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	client := redis.NewClient(&redis.Options{
		Addr: node.Addr(), Password: password, TLSConfig: node.TLS, Protocol: 2, MaxRetries: -1, ContextTimeoutEnabled: true,
	})
	defer client.Close()
	return client.Do(ctx, args...).Result()
}

// says reports whether the answer of a node contains a text.
func says(ctx context.Context, node *testdb.RedisNode, password, text string, args ...any) bool {
	answer, err := nodeCommand(ctx, node, password, args...)
	return err == nil && strings.Contains(fmt.Sprint(answer), text)
}

// failover is a Redis of several processes, of which one is killed.
type failover struct {
	url      string
	strike   func(*plant)      // kills the master
	promoted func(*plant) bool // another node has taken over
	heal     func(*plant)      // brings the killed one back
	ready    func(*plant) bool // the next fault can be survived
	lasts    time.Duration     // how long taking over may take
}

// sentinels are a master, a replica and three sentinels, all with passwords. The lines of configuration are for all of them.
func sentinels(t *testing.T, scheme string, all ...string) *failover {
	t.Helper()
	data := append([]string{
		"requirepass " + quoted(dataPassword), "masterauth " + quoted(dataPassword),
		"user parley on " + userRights,
	}, all...)
	master := testdb.NewRedisNode(t, false, data...)
	replica := testdb.NewRedisNode(t, false, append(data, fmt.Sprintf("replicaof 127.0.0.1 %d", master.Port))...)
	both := []*testdb.RedisNode{master, replica}
	await := func(what string, done func() bool) {
		t.Helper()
		if !eventually(t.Context(), 20*time.Second, done) {
			t.Fatalf("still waiting: %s", what)
		}
	}
	await("the replica follows", func() bool {
		return says(t.Context(), master, dataPassword, "state=online", "INFO", "replication")
	})
	var watchers []*testdb.RedisNode
	var addrs []string
	for range 3 {
		s := testdb.NewRedisNode(t, true, append(slices.Clone(all),
			"requirepass "+quoted(sentinelPassword), "sentinel sentinel-pass "+quoted(sentinelPassword),
			fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", masterName, master.Port),
			fmt.Sprintf("sentinel auth-pass %s %s", masterName, quoted(dataPassword)),
			"sentinel down-after-milliseconds "+masterName+" 1000",
			"sentinel failover-timeout "+masterName+" 6000")...)
		watchers, addrs = append(watchers, s), append(addrs, s.Addr())
	}
	knows := func(text string, args ...any) bool {
		for _, s := range watchers {
			if !says(t.Context(), s, sentinelPassword, text, args...) {
				return false
			}
		}
		return true
	}
	current := func() (master, replica *testdb.RedisNode) {
		for i, n := range both {
			if says(t.Context(), n, dataPassword, "role:master", "INFO", "replication") {
				master, replica = n, both[1-i]
			}
		}
		return master, replica
	}
	await("the sentinels know one another", func() bool { return knows("OK 3 usable", "SENTINEL", "CKQUORUM", masterName) })
	await("they know the replica", func() bool { return knows(fmt.Sprint(replica.Port), "SENTINEL", "REPLICAS", masterName) })
	f := &failover{
		url: fmt.Sprintf(
			scheme+"+sentinel://parley:a-password@%s/%s?db=3&sentinel_password=%s"+unverified(scheme, "&"),
			strings.Join(addrs, ","),
			masterName,
			"the%20sentinels",
		),
		lasts: 8 * time.Second,
	}
	var struck, heir *testdb.RedisNode
	f.strike = func(p *plant) {
		struck, heir = current()
		p.must(struck.Kill())
	}
	f.promoted = func(p *plant) bool {
		return says(p.t.Context(), heir, dataPassword, "role:master", "INFO", "replication")
	}
	f.heal = func(p *plant) { p.must(struck.Start(p.t.Context())) }
	f.ready = func(p *plant) bool {
		return says(p.t.Context(), heir, dataPassword, "state=online", "INFO", "replication") &&
			knows("OK 3 usable", "SENTINEL", "CKQUORUM", masterName)
	}
	return f
}

// unverified returns the parameter of an address with TLS by which clients take a certificate that is signed by itself.
func unverified(scheme, after string) string {
	if scheme != "rediss" {
		return ""
	}
	return after + "skip_verify=true"
}

func quoted(text string) string { return `"` + text + `"` }

// cluster is three masters, and a replica of the one that counts the rate limits of the installation, which is the one that is killed. The
// lines of configuration are for all of them.
func cluster(t *testing.T, installation, scheme string, all ...string) *failover {
	t.Helper()
	const slots, masters = 16384, 3
	var nodes []*testdb.RedisNode
	var addrs []string
	for range masters + 1 {
		n := testdb.NewRedisNode(t, false, append(slices.Clone(all),
			"cluster-enabled yes", "cluster-port BUS", "cluster-config-file nodes.conf", "cluster-node-timeout 1500",
			"requirepass "+quoted(dataPassword), "masterauth "+quoted(dataPassword))...)
		nodes, addrs = append(nodes, n), append(addrs, n.Addr())
	}
	ask := func(n *testdb.RedisNode, args ...any) any {
		t.Helper()
		answer, err := nodeCommand(t.Context(), n, dataPassword, args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return answer
	}
	everywhere := func(text string, args ...any) func() bool {
		return func() bool {
			for _, n := range nodes {
				if !says(t.Context(), n, dataPassword, text, args...) {
					return false
				}
			}
			return true
		}
	}
	await := func(what string, done func() bool) {
		t.Helper()
		if !eventually(t.Context(), 20*time.Second, done) {
			t.Fatalf("still waiting: %s", what)
		}
	}
	counted := ask(nodes[0], "CLUSTER", "KEYSLOT", "{parley:"+installation+":limit:}x").(int64)
	var struck *testdb.RedisNode
	heir := nodes[masters]
	for i, n := range nodes[:masters] {
		from, to := int64(i*slots/masters), int64((i+1)*slots/masters-1)
		ask(n, "CLUSTER", "ADDSLOTSRANGE", from, to)
		ask(n, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
		if from <= counted && counted <= to {
			struck = n
		}
	}
	for _, n := range nodes[1:] {
		ask(nodes[0], "CLUSTER", "MEET", "127.0.0.1", n.Port, n.Port+1)
	}
	await("the nodes know one another", everywhere(fmt.Sprintf("cluster_known_nodes:%d", len(nodes)), "CLUSTER", "INFO"))
	id := ask(struck, "CLUSTER", "MYID")
	await("the replica knows its master", func() bool {
		_, err := nodeCommand(t.Context(), heir, dataPassword, "CLUSTER", "REPLICATE", id)
		return err == nil
	})
	await("every slot is served", everywhere("cluster_state:ok", "CLUSTER", "INFO"))
	await("the replica follows", func() bool {
		return says(t.Context(), struck, dataPassword, "state=online", "INFO", "replication")
	})
	await("all know the replica", everywhere(fmt.Sprintf("slave %s", id), "CLUSTER", "NODES"))
	f := &failover{
		url:   fmt.Sprintf(scheme+"+cluster://:the%%20data%%20of%%20Redis@%s"+unverified(scheme, "/?"), strings.Join(addrs[:masters], ",")),
		lasts: 10 * time.Second,
	}
	f.strike = func(p *plant) { p.must(struck.Kill()) }
	f.promoted = func(p *plant) bool {
		return says(p.t.Context(), heir, dataPassword, "role:master", "INFO", "replication") &&
			says(p.t.Context(), heir, dataPassword, "cluster_state:ok", "CLUSTER", "INFO")
	}
	f.heal = func(p *plant) {
		p.must(struck.Start(p.t.Context()))
		struck, heir = heir, struck
	}
	f.ready = func(p *plant) bool {
		return says(p.t.Context(), struck, dataPassword, "state=online", "INFO", "replication") &&
			everywhere("cluster_state:ok", "CLUSTER", "INFO")()
	}
	return f
}

// TestSentinelsFailOver kills the master under load, by which the replica becomes the master.
func TestSentinelsFailOver(t *testing.T) {
	t.Parallel()
	failsOver(t, func(*plant) *failover { return sentinels(t, "redis") })
}

// TestAClusterFailsOver kills the master that counts the rate limits under load, by which its replica becomes a master.
func TestAClusterFailsOver(t *testing.T) {
	t.Parallel()
	failsOver(t, func(p *plant) *failover { return cluster(t, p.installation(), "redis") })
}

// TestRedisFailsOverWithTLS is the tests above with all connections by TLS, those between the nodes included.
func TestRedisFailsOverWithTLS(t *testing.T) {
	if !long {
		t.Skip("the long form fails over by TLS; TestSentinelsFailOver and TestAClusterFailsOver do it without in the short one")
	}
	t.Parallel()
	t.Run("sentinels", func(t *testing.T) {
		failsOver(t, func(*plant) *failover {
			return sentinels(t, "rediss", append(testdb.RedisTLS(t), "tls-auth-clients no")...)
		})
	})
	t.Run("cluster", func(t *testing.T) {
		failsOver(t, func(p *plant) *failover {
			return cluster(t, p.installation(), "rediss", append(testdb.RedisTLS(t), "tls-auth-clients no", "tls-cluster yes")...)
		})
	})
}

// installation returns the key by which the installation names its keys in Redis.
func (p *plant) installation() string {
	p.t.Helper()
	key, err := p.desk.InstallationKey(p.t.Context())
	p.must(err)
	return key
}

// failsOver checks that nothing is lost or late while a master is killed and another node takes over, and that the instances count rate
// limits together soon after it has.
func failsOver(t *testing.T, start func(*plant) *failover) {
	t.Helper()
	var f *failover
	p := newPlant(t, func(p *plant) {
		f = start(p)
		p.redisURL = f.url
	})
	p.until(10*time.Second, "Redis is used", func() bool { return p.allUseRedis() })
	p.crowd(form(4, 20), form(2, 8), 2, form(250*time.Millisecond, 300*time.Millisecond))
	p.countTogether(t)
	for round := range form(1, 4) {
		during := span{from: time.Now()}
		f.strike(p)
		p.limitHolds(t) // Redis is away
		p.until(f.lasts, "another node takes over", func() bool { return f.promoted(p) })
		promoted := time.Now()
		t.Logf("another node took over after %s", promoted.Sub(during.from).Round(time.Millisecond))
		p.countTogetherWithin(t, 10*time.Second)
		p.until(10*time.Second, "Redis is used again", func() bool { return p.allUseRedis() })
		t.Logf("used again after %s", time.Since(promoted).Round(time.Millisecond))
		pause(t.Context(), form(500*time.Millisecond, 5*time.Second))
		during.to = time.Now()
		p.quick(t, during)
		pause(t.Context(), 2*time.Second) // what was sent last is heard too
		p.hearWithin(t, during, 2*time.Second)
		if round+1 < form(1, 4) {
			f.heal(p)
			p.until(40*time.Second, "the killed node follows", func() bool { return f.ready(p) })
		}
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
	for _, i := range p.instances {
		if n := i.metric(t, `parley_redis_errors_total{reason="no_permission"}`); n != 0 {
			t.Errorf("instance %d was refused %v commands", i.number, n)
		}
	}
}

// allUseRedis reports whether every instance says so.
func (p *plant) allUseRedis() bool {
	for _, i := range p.instances {
		if i.readiness()["redis"] != "ok" {
			return false
		}
	}
	return true
}

// readiness returns the body of /readyz, nil without one.
func (i *instance) readiness() map[string]string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/readyz", nil)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var body map[string]string
	if json.NewDecoder(res.Body).Decode(&body) != nil {
		return nil
	}
	return body
}
