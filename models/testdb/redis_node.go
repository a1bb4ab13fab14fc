package testdb

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models/embedded"
)

// nodePorts are below the range from which the kernel takes the ports of clients, otherwise one of them could take the port of a node that
// is being restarted. Each test binary begins elsewhere.
const (
	firstNodePort = 28000
	nodePorts     = 2000
)

var nodePortsTaken atomic.Int64

// RedisNode is a Redis process that listens on a port of this machine.
type RedisNode struct {
	*Server
	Port int
	// TLS is for clients of a node that takes no others; nil otherwise.
	TLS *tls.Config
}

// Addr is the address of the node.
func (n *RedisNode) Addr() string { return fmt.Sprintf("127.0.0.1:%d", n.Port) }

// NewRedisNode starts a process with these lines of configuration, and stops it after the test. In them PORT is its port, BUS the port for
// the bus of a cluster, and DIR its folder. A sentinel is told so.
func NewRedisNode(t testing.TB, sentinel bool, config ...string) *RedisNode {
	t.Helper()
	// Not t.TempDir: the process may still write while that folder is removed.
	dir, err := os.MkdirTemp("", "parley-node-")
	if err != nil {
		t.Fatal(err)
	}
	port := freeNodePort(t)
	lines := append([]string{"port PORT"}, config...)
	var secure *tls.Config
	if slices.Contains(config, "tls-port PORT") {
		lines[0], secure = "port 0", &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see RedisTLS
	}
	lines = append(lines, "bind 127.0.0.1", "dir DIR", "protected-mode no")
	if !sentinel {
		lines = append(lines, `save ""`, "appendonly no", "repl-diskless-sync yes", "repl-diskless-sync-delay 0")
	}
	text := strings.NewReplacer("PORT", fmt.Sprint(port), "BUS", fmt.Sprint(port+1), "DIR", dir).Replace(strings.Join(lines, "\n") + "\n")
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	node := embedded.RedisNode{Dir: dir, Port: port, Config: text, Sentinel: sentinel}
	server, err := embedded.StartRedisNode(context.Background(), node, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Resume()
		if t.Failed() {
			if text, err := os.ReadFile(filepath.Join(dir, "redis.log")); err == nil {
				lines := strings.Split(string(text), "\n")
				t.Logf("the node at %d said:\n%s", port, strings.Join(lines[max(0, len(lines)-25):], "\n"))
			}
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	return &RedisNode{Server: &Server{Server: server}, Port: port, TLS: secure}
}

// Promote makes a replica a master.
func (n *RedisNode) Promote(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: n.Addr(), TLSConfig: n.TLS, Protocol: 2})
	defer client.Close()
	return client.Do(ctx, "REPLICAOF", "NO", "ONE").Err()
}

// CutClients closes the connections of clients.
func (n *RedisNode) CutClients(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: n.Addr(), TLSConfig: n.TLS, Protocol: 2})
	defer client.Close()
	return client.Do(ctx, "CLIENT", "KILL", "TYPE", "normal").Err()
}

// freeNodePort returns a port of which the next one is free too.
func freeNodePort(t testing.TB) int {
	t.Helper()
	for range nodePorts / 2 {
		n := (int64(os.Getpid())*40 + 2*nodePortsTaken.Add(1)) % nodePorts
		if port := firstNodePort + int(n); isFree(port) && isFree(port+1) {
			return port
		}
	}
	t.Fatalf("no two ports from %d on are free", firstNodePort)
	return 0
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	return err == nil && l.Close() == nil
}

// NewRedisCluster starts a cluster of one node, which refuses what any cluster refuses: commands about keys of several slots.
func NewRedisCluster(t testing.TB) *RedisNode {
	t.Helper()
	n := NewRedisNode(t, false, "cluster-enabled yes", "cluster-port BUS", "cluster-config-file nodes.conf")
	client := redis.NewClient(&redis.Options{Addr: n.Addr(), TLSConfig: n.TLS, Protocol: 2})
	defer client.Close()
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for {
		info, err := client.ClusterInfo(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "cluster_state:ok") {
			return n
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the cluster does not begin")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
