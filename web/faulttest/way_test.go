package faulttest_test

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// way is a proxy to the Unix socket of a server that can delay every piece of data.
type way struct {
	delay atomic.Int64
	to    string
}

// toRedis returns the address of a proxy to Redis.
func (w *way) toRedis(t *testing.T, redisURL string) string {
	t.Helper()
	u, err := url.Parse(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	w.to = u.Path
	u.Path = filepath.Join(scratch, t.Name()+".sock")
	w.open(t, "unix", u.Path)
	return u.String()
}

// toPostgres returns the address of a proxy to PostgreSQL over TCP, which reports a broken connection later than a Unix socket does.
func (w *way) toPostgres(t *testing.T, databaseURL string) string {
	t.Helper()
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	w.to = filepath.Join(config.Host, fmt.Sprintf(".s.PGSQL.%d", config.Port))
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	w.open(t, "tcp", address)
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, address, strings.TrimPrefix(config.Database, "/"))
}

func (w *way) open(t *testing.T, network, address string) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go w.join(near)
		}
	}()
}

func (w *way) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("unix", w.to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() { w.carry(far, near); _ = near.Close() }()
	w.carry(near, far)
}

func (w *way) carry(from, to net.Conn) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if d := time.Duration(w.delay.Load()); d > 0 {
			<-time.After(d)
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
