package models

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	connectTries = 3
	connectPause = 100 * time.Millisecond
)

// retryingConnector opens connections, and tries again where PostgreSQL was just being restarted. database/sql gives the failure of one attempt to
// whichever request waits for a connection, so an attempt that began before the restart would fail a request that came after it.
type retryingConnector struct{ driver.Connector }

// Connect makes at most three attempts, with 100 ms between them. Only a refused or broken connection is tried again; a timeout, a wrong password
// and whatever else PostgreSQL answers are returned at once.
func (c retryingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	for try := 1; ; try++ {
		conn, err := c.Connector.Connect(ctx)
		if err == nil || try == connectTries || !isRestarting(err) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(connectPause):
		}
	}
}

// isRestarting reports whether a connection failed as it does while PostgreSQL stops or starts.
func isRestarting(err error) bool {
	if code, _ := sqlState(err); code != "" {
		return code == pgCannotConnectNow || code == pgAdminShutdown
	}
	return !pgconn.Timeout(err) && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, fs.ErrNotExist))
}
