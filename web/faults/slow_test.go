package faults_test

import (
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// slowPath is a way to a Unix socket that holds every piece back for a while.
type slowPath struct {
	delay atomic.Int64
	to    string
}

// open returns the address of the way to a unix:// address.
func (s *slowPath) open(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s.to = u.Path
	u.Path = filepath.Join(scratch, t.Name()+".sock")
	listener, err := net.Listen("unix", u.Path)
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
			go s.join(near)
		}
	}()
	return u.String()
}

func (s *slowPath) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("unix", s.to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() { s.carry(far, near); _ = near.Close() }()
	s.carry(near, far)
}

func (s *slowPath) carry(from, to net.Conn) {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if d := time.Duration(s.delay.Load()); d > 0 {
			<-time.After(d)
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
