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

// Desk is the use cases of Parley on one database. It is safe for concurrent use. Any number of desks, in any number of
// processes, may share a database.
type Desk struct {
	db         *bun.DB
	log        *slog.Logger
	publisher  Publisher
	files      Files
	mailer     Mailer   // nil without a mail server
	base       Settings // from the environment
	settings   atomic.Pointer[Settings]
	sites      atomic.Pointer[[]string]
	options    atomic.Pointer[[]WrapUpOption] // that are offered
	hours      atomic.Pointer[[]OpeningHours]
	questions  atomic.Pointer[[]Question]
	looks      atomic.Pointer[[]Look]
	texts      atomic.Pointer[[]TextOverride]
	reload     reload
	queueCache queueCache
	rateCache  rateCache

	calibrationCache calibrationCache

	pusher Pusher // nil for none
	pushes struct{ sent, failed, removed atomic.Int64 }

	sends     messageBatcher
	uncertain uncertainCommits

	statistics tableStatistics

	mailCounts mailCounts

	webhooks *webhookRuns

	pooler     pooler
	canary     canary
	durability durability
	replica    *replica  // nil for none
	sso        *SSORules // nil without single sign-on

	drainRuns, drained atomic.Int64

	drains     sync.WaitGroup
	drainState atomic.Int32 // 0 idle, 1 running, 2 running and wanted again
}

// noPublisher is the publisher of commands, which have no streams. Other processes learn of their changes by
// [Desk.UnpublishedCommits].
type noPublisher struct{}

func (noPublisher) Publish([]Event) {}

// NewDesk returns a desk with the settings of the environment. What administrators changed is read by [Desk.Reload].
func NewDesk(db *bun.DB, settings Settings, log *slog.Logger) *Desk {
	d := &Desk{db: db, log: log, publisher: noPublisher{}, base: settings, webhooks: newWebhookRuns()}
	d.sends = messageBatcher{desk: d, storing: map[string]bool{}}
	d.reload.turn, d.durability.turn = make(chan struct{}, 1), make(chan struct{}, 1)
	d.uncertain.desk, d.uncertain.stopped = d, make(chan struct{})
	d.settings.Store(&settings)
	d.sites.Store(&settings.AllowedOrigins)
	d.options.Store(&[]WrapUpOption{})
	d.hours.Store(&[]OpeningHours{})
	d.questions.Store(&[]Question{})
	d.looks.Store(&[]Look{})
	d.texts.Store(&[]TextOverride{})
	return d
}

// SetPublisher sets who receives events. It is called at most once, before the desk is used.
func (d *Desk) SetPublisher(p Publisher) { d.publisher = p }

// hasNoPublisher reports whether SetPublisher was not called, as in commands.
func (d *Desk) hasNoPublisher() bool {
	_, silent := d.publisher.(noPublisher)
	return silent
}

// Close waits for drains of the queue and for readings of statistics that are running, stops the rechecks of uncertain commits and ends
// deliveries to webhooks. It does not close the database.
func (d *Desk) Close() {
	d.webhooks.close()
	d.uncertain.stop()
	d.drains.Wait()
	d.statistics.running.Wait()
}

// Ping returns database_unavailable when PostgreSQL does not answer.
func (d *Desk) Ping(ctx context.Context) error { return translate(d.db.PingContext(ctx)) }

// DB returns the database, for migrations and checks.
func (d *Desk) DB() *bun.DB { return d.db }

// DefaultPoolSize is how many connections [Open] opens at most.
const DefaultPoolSize = 24

// Open connects to PostgreSQL and refuses a database that is not encoded in UTF-8. Sessions work in UTC. No statement
// runs longer than 5 s and no transaction is idle longer than 10 s, so that a process that hangs does not block the
// others; the address may set other values. A tracer, if there is one, is told of each statement.
func Open(ctx context.Context, databaseURL string, tracer ...pgx.QueryTracer) (*bun.DB, error) {
	db, err := newPool("DATABASE_URL", databaseURL, DefaultPoolSize, tracer...)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("PostgreSQL does not answer: %w", err)
	}
	if err := checkEncoding(ctx, db.DB); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// OpenReplica returns connections like those of [Open] to a copy of the database, for [Desk.SetReplica]. They are made when they are used:
// the error is about the address, and not about a server that does not answer.
func OpenReplica(replicaURL string) (*bun.DB, error) {
	return newPool("DATABASE_REPLICA_URL", replicaURL, maxReplicaConns)
}

// maxReplicaConns is how many connections of a process to the replica there are at most.
const maxReplicaConns = 8

// newPool returns connections to the address that a variable has.
func newPool(variable, address string, most int, tracer ...pgx.QueryTracer) (*bun.DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The parser's reason would quote the address, with the password or a part of it.
		return nil, errors.New(variable + " is not a PostgreSQL address such as " +
			"postgres://parley:password@db.internal:5432/parley?sslmode=verify-full, or an option in it is unknown. " +
			"Special characters in a password are percent-encoded: @ is %40, / is %2F, # is %23, % is %25")
	}
	defaults := map[string]string{
		"timezone": "UTC", "application_name": "parley", "statement_timeout": "5s",
		"idle_in_transaction_session_timeout": "10s", "lock_timeout": "4s",
		// Compiling costs a statement seconds when a table's size is guessed wrong, and no statement here is worth it.
		"jit": "off",
		// Frequent statements find their rows by key, so one plan fits all values. Otherwise PostgreSQL would plan some
		// of them on each call.
		"plan_cache_mode": "force_generic_plan",
	}
	for name, value := range defaults {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	// It overrides the address and PGCLIENTENCODING, under which text would be read as other characters.
	config.RuntimeParams["client_encoding"] = "UTF8"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	// bun writes arguments into the text of a statement, so there is nothing to prepare. Frequent statements choose
	// another mode: prepared.go.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if len(tracer) > 0 {
		config.Tracer = tracer[0]
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionShouldPing(shouldPing), stdlib.OptionAfterConnect(inUTC))
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns()), nil
}

// inUTC makes times scan in UTC, independent of the time zone of the machine.
func inUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
