package live

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// disconnectCheckEvery is how often streams whose client is gone are looked for.
const disconnectCheckEvery = 2 * time.Second

// peerClosed reports whether the other end of a connection is closed. It peeks without waiting, so that nothing is taken
// from the connection; a connection that is no socket is never closed.
func peerClosed(conn net.Conn) bool {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	n, peeked := 0, error(nil)
	err = raw.Control(func(fd uintptr) {
		n, _, peeked = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err != nil || n <= 0 && !errors.Is(peeked, syscall.EAGAIN) && !errors.Is(peeked, syscall.EINTR)
}

// reapDisconnected ends the streams whose client is gone. A look at all of them costs less than a goroutine for each that
// waits in a read.
func (h *Hub) reapDisconnected(ctx context.Context) {
	for sleep(ctx, disconnectCheckEvery) {
		var all []*subscription
		h.each(func(s *subscription) { all = append(all, s) })
		for _, s := range all {
			if s.isDisconnected() {
				s.end(disconnected)
			}
		}
	}
}
