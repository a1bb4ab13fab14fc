package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// PoolerError is the error for a connection pooler that cannot hold prepared statements.
type PoolerError struct{}

func (PoolerError) Error() string {
	return "DATABASE_URL leads to a connection pooler that lends connections for one transaction and loses prepared statements. " +
		"With PgBouncer 1.21 or newer set max_prepared_statements = 200 (before 1.24 it is 0 unless set); " +
		"with an older one set pool_mode = session"
}

// poolerTimeout bounds one look at the pooler, poolerEvery is how long its good result holds.
const (
	poolerTimeout = 2 * time.Second
	poolerEvery   = time.Minute
)

// pooler is the latest result of [Desk.CheckPooler].
type pooler struct {
	mu     sync.Mutex
	goodAt time.Time
}

// CheckPooler returns a [PoolerError] when statements that one connection has prepared are found by another one, or lost, as behind
// PgBouncer in transaction mode with max_prepared_statements = 0. A good result holds for a minute.
func (d *Desk) CheckPooler(ctx context.Context) error {
	d.pooler.mu.Lock()
	defer d.pooler.mu.Unlock()
	if time.Since(d.pooler.goodAt) < poolerEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, poolerTimeout)
	defer cancel()
	err := checkPooler(ctx, d.db.DB)
	if errors.Is(err, PoolerError{}) || d.pooler.goodAt.IsZero() && err != nil {
		return err
	}
	d.pooler.goodAt = time.Now() // once it was good, connections that are all in use say nothing about the pooler
	return nil
}

// checkPooler prepares a statement under the same name on two connections, and runs it on both. A pooler that lends one server
// connection to both, one after the other, has the name already; one that lends them different ones loses it.
func checkPooler(ctx context.Context, db *sql.DB) error {
	name := "parley_" + rand.Text()
	var connections [2]*sql.Conn
	for i := range connections {
		c, err := db.Conn(ctx)
		if err != nil {
			return translate(err)
		}
		defer c.Close()
		connections[i] = c
	}
	on := func(c *sql.Conn, do func(*stdlib.Conn) error) error {
		return c.Raw(func(driver any) error {
			conn, ok := driver.(*stdlib.Conn)
			if !ok {
				return errors.New("the connection is not one of pgx")
			}
			return do(conn)
		})
	}
	for _, c := range connections {
		err := on(c, func(conn *stdlib.Conn) error {
			_, err := conn.Conn().PgConn().Prepare(ctx, name, "SELECT 1", nil)
			return err
		})
		if err != nil {
			return poolerErrorOf(err)
		}
	}
	for _, c := range connections {
		err := on(c, func(conn *stdlib.Conn) error {
			return conn.Conn().PgConn().ExecPrepared(ctx, name, nil, nil, nil).Read().Err
		})
		if err != nil {
			return poolerErrorOf(err)
		}
	}
	for _, c := range connections {
		err := on(c, func(conn *stdlib.Conn) error { return conn.Conn().PgConn().Deallocate(ctx, name) })
		if err != nil {
			return poolerErrorOf(err)
		}
	}
	return nil
}

// poolerErrorOf returns a [PoolerError] for a prepared statement that exists already or is lost.
func poolerErrorOf(err error) error {
	if code, _ := sqlState(err); code == pgDuplicateStatement || code == pgNoSuchStatement {
		return PoolerError{}
	}
	return translate(err)
}

// Connections are how many connections PostgreSQL allows, and how many one instance opens at most.
type Connections struct {
	Allowed  int // without those that are reserved for superusers
	PoolSize int
}

// Connections returns how many connections there may be.
func (d *Desk) Connections(ctx context.Context) (Connections, error) {
	c := Connections{PoolSize: d.db.Stats().MaxOpenConnections}
	err := d.db.NewRaw(`SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int`).
		Scan(ctx, &c.Allowed)
	return c, translate(err)
}

// Instances returns how many instances can be connected at once, with one connection left to each for commands.
func (c Connections) Instances() int { return c.Allowed / (c.PoolSize + 1) }

func (c Connections) String() string {
	return fmt.Sprintf("PostgreSQL allows %d connections: %d instances with DATABASE_POOL_SIZE %d, one of them for a restart one by one. "+
		"max_connections must be at least (instances + 1) × %d + 3", c.Allowed, c.Instances(), c.PoolSize, c.PoolSize+1)
}
