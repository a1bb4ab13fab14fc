package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Desk is where everything happens that Parley promises. It is safe for concurrent use, and any number of desks, in any number
// of processes, may share one database.
type Desk struct {
	db        *bun.DB
	log       *slog.Logger
	publisher Publisher
	files     Files
	base      Settings // from the environment
	settings  atomic.Pointer[Settings]
	sites     atomic.Pointer[[]string]
	reload    reload
	line      queueCache

	sends     messageBatcher
	uncertain uncertainCommits

	drainRuns, drained atomic.Int64

	drains     sync.WaitGroup
	drainState atomic.Int32 // 0 idle, 1 running, 2 running and wanted again
}

type noPublisher struct{}

func (noPublisher) Publish([]Event) {}

// NewDesk returns a desk on the database with the settings of the environment; overrides made by admins are read by [Desk.Reload].
func NewDesk(db *bun.DB, settings Settings, log *slog.Logger) *Desk {
	d := &Desk{db: db, log: log, publisher: noPublisher{}, base: settings}
	d.sends.desk = d
	d.reload.turn = make(chan struct{}, 1)
	d.uncertain.desk, d.uncertain.stopped = d, make(chan struct{})
	d.settings.Store(&settings)
	d.sites.Store(&settings.AllowedOrigins)
	return d
}

// SetPublisher says who hears of changes. It is called once, before the desk is used.
func (d *Desk) SetPublisher(p Publisher) { d.publisher = p }

// hasNoPublisher reports whether this desk has no publisher, as in a command of the command line.
func (d *Desk) hasNoPublisher() bool {
	_, silent := d.publisher.(noPublisher)
	return silent
}

// Close waits for the drains that were started by what happened, and stops asking what became of uncertain commits. The database stays open.
func (d *Desk) Close() {
	d.uncertain.stop()
	d.drains.Wait()
}

// Ping reports whether the database answers.
func (d *Desk) Ping(ctx context.Context) error { return translate(d.db.PingContext(ctx)) }

// DB returns the database, for migrations and checks.
func (d *Desk) DB() *bun.DB { return d.db }

// Open connects to PostgreSQL. It refuses a database that is not encoded in UTF-8. Every session works in UTC, no statement runs longer than 5 s and no transaction stays idle longer
// than 10 s, so that a process that hangs holds nobody up.
func Open(ctx context.Context, databaseURL string) (*bun.DB, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		// The reason would quote the address, or the part of a password that was taken for something else.
		return nil, errors.New("DATABASE_URL is not a PostgreSQL address such as postgres://parley:password@db.internal:5432/parley?sslmode=verify-full, or an option in it is unknown. " +
			"Special characters in a password are percent-encoded: @ is %40, / is %2F, # is %23, % is %25")
	}
	defaults := map[string]string{
		"timezone": "UTC", "application_name": "parley", "statement_timeout": "5s",
		"idle_in_transaction_session_timeout": "10s", "lock_timeout": "4s",
		// Compiling costs a statement seconds when a table's size is guessed wrong, and no statement here is worth it.
		"jit": "off",
		// The hot statements find their rows by keys, whatever the keys are; PostgreSQL would plan some of them anew every time.
		"plan_cache_mode": "force_generic_plan",
	}
	for name, value := range defaults {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	config.RuntimeParams["client_encoding"] = "UTF8" // overrides the address and PGCLIENTENCODING, under which bytes would be read as other characters
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	// bun writes arguments into the text of a statement, so there is nothing to prepare. The hot statements name another mode: prepared.go.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config, stdlib.OptionShouldPing(shouldPing), stdlib.OptionAfterConnect(inUTC))
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(24)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	if err := pool.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	if err := checkEncoding(ctx, pool); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// inUTC makes times come back in UTC, whatever the zone of this machine.
func inUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
	return nil
}
