package live

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// disconnectCheckEvery is how often it is looked whether those who hold a stream are still there.
const disconnectCheckEvery = 2 * time.Second

// peerClosed looks without waiting and takes nothing: a connection from which nothing more can come is closed.
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

// reapDisconnected ends the streams whose other end is gone. One look at all of them costs less than somebody for each who waits for that.
func (h *Hub) reapDisconnected(ctx context.Context) {
	for wait(ctx, disconnectCheckEvery) {
		var all []*subscription
		h.each(func(s *subscription) { all = append(all, s) })
		for _, s := range all {
			if s.isDisconnected() {
				s.end(disconnected)
			}
		}
	}
}
