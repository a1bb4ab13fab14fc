package embedded

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func redisSocket(sockets string) string { return filepath.Join(sockets, "redis.sock") }

func redisURL(sockets string) string {
	return (&url.URL{Scheme: "unix", Path: redisSocket(sockets), RawQuery: "db=0"}).String()
}

func newRedis(opts Options, sockets string) *Server {
	var binary string
	data := filepath.Join(opts.Dir, "redis")
	ping := func(ctx context.Context) error { return pingRedis(ctx, redisSocket(sockets)) }
	return &Server{
		name: "redis", title: "Redis", dir: opts.Dir, log: opts.Log, shared: !opts.Throwaway,
		prepare: func(context.Context) (err error) {
			if binary, err = findRedis(); err != nil {
				return err
			}
			return os.MkdirAll(data, 0o700)
		},
		command: func() *exec.Cmd {
			args := []string{
				"--port", "0", "--unixsocket", redisSocket(sockets), "--unixsocketperm", "700",
				"--dir", data, "--save", "", "--maxmemory-policy", "noeviction",
			}
			if opts.Throwaway {
				args = append(args, "--appendonly", "no", "--databases", "1024")
			} else {
				args = append(args, "--appendonly", "yes")
			}
			return exec.Command(binary, args...)
		},
		ready: ping, ping: ping,
		stopSignal: syscall.SIGTERM, dyingSignal: syscall.SIGTERM,
	}
}

func findRedis() (string, error) {
	if path := os.Getenv("REDIS_BIN"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if path := findAbove(".tools/bin/redis-server"); path != "" {
		return path, nil
	}
	return "", errors.New("no redis-server found: `make run` fetches one on Debian; else install Redis, " +
		"set REDIS_BIN to the program, or set REDIS_URL to a server of yours")
}

func pingRedis(ctx context.Context, socket string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "+PONG" {
		return errors.New("Redis answers " + answer) // it is loading its data
	}
	return nil
}

// RedisNode is a Redis process of a larger whole: a master, a replica, a sentinel or a node of a cluster.
type RedisNode struct {
	// Dir holds its configuration, which it may rewrite, and its data.
	Dir string
	// Port is where it listens on 127.0.0.1; it is ready once it accepts connections there.
	Port int
	// Config is its configuration file, without the port.
	Config string
	// Sentinel starts it as a sentinel.
	Sentinel bool
}

// StartRedisNode starts a process for tests and returns when it accepts connections.
func StartRedisNode(ctx context.Context, node RedisNode, log *slog.Logger) (*Server, error) {
	var binary string
	config := filepath.Join(node.Dir, "redis.conf")
	ready := func(ctx context.Context) error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(node.Port)))
		if err != nil {
			return err
		}
		return conn.Close()
	}
	server := &Server{
		name: "redis", title: "Redis", dir: node.Dir, log: log,
		prepare: func(context.Context) (err error) {
			if binary, err = findRedis(); err != nil {
				return err
			}
			return os.WriteFile(config, []byte(node.Config), 0o600)
		},
		command: func() *exec.Cmd {
			args := []string{config}
			if node.Sentinel {
				args = append(args, "--sentinel")
			}
			return exec.Command(binary, args...)
		},
		ready: ready, ping: ready,
		stopSignal: syscall.SIGTERM, dyingSignal: syscall.SIGTERM,
	}
	return server.start(ctx)
}

// Close stops a server that StartRedisNode returned, and gives its folder up.
func (s *Server) Close() error { return s.close() }
