package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/migrations"
	"parley/models"
	"parley/models/embedded"
)

// Program is one invocation of parley: its settings, and what it opened.
type Program struct {
	Env      Environment
	Settings models.Settings
	Log      *slog.Logger
	Stdin    io.Reader
	Stdout   io.Writer
	// Tracers has what is told of each statement of the database, if anything is.
	Tracers []pgx.QueryTracer

	opened []func()     // what closes each, in the order of opening
	desk   *models.Desk // what Desk returned, for the rest of the command
}

// NewProgram reads the settings and writes its log to stderr. The text of an error is masked: it quotes no secret.
func NewProgram(environ []string, stdin io.Reader, stdout, stderr io.Writer) (*Program, error) {
	p := &Program{Stdin: stdin, Stdout: stdout}
	var err error
	if p.Env, err = ReadEnvironment(environ); err == nil {
		p.Settings, err = p.Env.Settings()
	}
	if err != nil {
		return nil, errors.New(p.Describe(err))
	}
	p.Log = p.Env.Logger(stderr)
	return p, nil
}

// Describe returns the text to print for an error: the detail of a *models.Error, the text of any other error. Secrets are masked.
func (p *Program) Describe(err error) string {
	text := err.Error()
	var refused *models.Error
	if errors.As(err, &refused) {
		text = refused.Detail
	}
	return p.Env.Mask(text)
}

// OnClose adds something to close, before what was opened earlier.
func (p *Program) OnClose(f func()) { p.opened = append(p.opened, f) }

// OnCloseLast adds something to close after everything else.
func (p *Program) OnCloseLast(f func()) { p.opened = slices.Insert(p.opened, 0, f) }

// Close closes what was opened, the latest first.
func (p *Program) Close() {
	for _, f := range slices.Backward(p.opened) {
		f()
	}
	p.opened = nil
}

// StartEmbedded starts PostgreSQL, and Redis if asked for, where the settings have no address of one, and fills the address in.
func (p *Program) StartEmbedded(ctx context.Context, withRedis bool) error {
	options := embedded.Options{Dir: p.Env.DataDir, Postgres: p.Env.DatabaseURL == "", Redis: withRedis && p.Env.RedisURL == "", Log: p.Log}
	if !options.Postgres && !options.Redis {
		return nil
	}
	running, err := embedded.Start(ctx, options)
	if err != nil {
		return err
	}
	p.OnClose(func() { _ = running.Close() })
	if options.Postgres {
		p.Env.DatabaseURL = running.DatabaseURL
	}
	if options.Redis {
		p.Env.RedisURL = running.RedisURL
	}
	return nil
}

// Desk returns the one desk of the process, on the one pool of connections. It starts the embedded PostgreSQL if there is no other.
func (p *Program) Desk(ctx context.Context) (*models.Desk, error) {
	if p.desk != nil {
		return p.desk, nil
	}
	if err := p.StartEmbedded(ctx, false); err != nil {
		return nil, err
	}
	db, err := models.Open(ctx, p.Env.DatabaseURL, p.Tracers...)
	if err != nil {
		return nil, err
	}
	p.OnClose(func() { _ = db.Close() })
	db.SetMaxOpenConns(p.Env.DatabasePoolSize)
	db.SetMaxIdleConns(p.Env.DatabasePoolSize)
	desk := models.NewDesk(db, p.Settings, p.Log)
	p.OnClose(desk.Close)
	if p.Env.DatabaseReplica != "" {
		replica, err := models.OpenReplica(p.Env.DatabaseReplica)
		if err != nil {
			return nil, err
		}
		p.OnClose(func() { _ = replica.Close() })
		desk.SetReplica(replica)
	}
	p.desk = desk
	return desk, nil
}

// ReadyDesk is Desk for commands that use the tables: it reads the settings that administrators stored. Where migrations
// are pending, the error is a [SchemaBehindError]; behind a pooler that loses prepared statements it is a
// [models.PoolerError].
func (p *Program) ReadyDesk(ctx context.Context) (*models.Desk, error) {
	desk, err := p.Desk(ctx)
	if err != nil {
		return nil, err
	}
	if err := CheckSchema(ctx, desk); err != nil {
		return nil, err
	}
	if err := desk.CheckPooler(ctx); err != nil {
		return nil, err
	}
	if err := desk.RecordHeartbeat(ctx); err != nil {
		return nil, err
	}
	return desk, desk.Reload(ctx)
}

// SchemaBehindError is the error for a schema that lacks migrations of this release.
type SchemaBehindError int

func (e SchemaBehindError) Error() string {
	return fmt.Sprintf("the database schema is behind by %d migration(s). Run `parley migrate up`, then start again.", int(e))
}

// SchemaAheadError is the error for a schema that a newer release has changed in a way that this one cannot run on. It is the step that
// did so.
type SchemaAheadError string

func (e SchemaAheadError) Error() string {
	return fmt.Sprintf("the database schema was changed by a newer release in a way that this one cannot run on (migration %s). "+
		"Start the newer release, or take the migration back with it: `parley migrate down`.", string(e))
}

// CheckSchema returns a SchemaBehindError when migrations of this release are not applied, and a SchemaAheadError when a newer release has
// applied one that ends what this release needs. Other migrations of newer releases only add, so this one runs on them.
func CheckSchema(ctx context.Context, desk *models.Desk) error { return checkSchema(ctx, desk.DB().DB) }

func checkSchema(ctx context.Context, db *sql.DB) error {
	state, err := migrations.Status(ctx, db)
	switch {
	case err != nil:
		return err
	case state.TooNew != "":
		return SchemaAheadError(state.TooNew)
	case len(state.Pending) > 0:
		return SchemaBehindError(len(state.Pending))
	}
	return nil
}
