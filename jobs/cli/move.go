package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/migrations"
	"parley/models"
)

// Move is `parley move`.
type Move struct {
	To string `help:"Address of the empty PostgreSQL database to copy everything to." placeholder:"URL" required:""`
}

// Help says what the option leaves out.
func (Move) Help() string {
	return "Stop every parley first. The source is the database of DATABASE_URL, or the embedded one; it is not changed. " +
		"A password that is not in the address is read from PGPASSWORD or ~/.pgpass. After an error this can be run again. " +
		"Files stay where they are; parley files copy copies them."
}

// Run copies the database and prints what to set afterwards. It refuses while another parley is connected to one of the databases, and a
// target that is not empty.
func (m *Move) Run(ctx context.Context, p *Program) error {
	if _, err := pgx.ParseConfig(m.To); err != nil { // its reason may quote the password
		return errors.New("--to is not a PostgreSQL address such as postgres://parley:password@db.internal:5432/parley?sslmode=verify-full")
	}
	isEmbedded := p.Env.DatabaseURL == ""
	if err := p.StartEmbedded(ctx, false); err != nil {
		return err
	}
	source, err := openOne(ctx, p, p.Env.DatabaseURL)
	if err != nil {
		return explainMove(&migrations.CopyError{Side: migrations.Source, Err: err})
	}
	if err := checkSchema(ctx, source); err != nil {
		return err
	}
	target, err := openOne(ctx, p, m.To)
	if err != nil {
		return explainMove(&migrations.CopyError{Side: migrations.Target, Err: err})
	}
	if err := explainMove(migrations.Copy(ctx, source, target, p.Stdout)); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, "\nEverything is copied. Now set for every instance:")
	fmt.Fprintln(p.Stdout, "  DATABASE_URL       the address of --to")
	if isEmbedded && p.Env.UserTokenSecret == "" {
		fmt.Fprintf(p.Stdout, "  USER_TOKEN_SECRET  the content of %s, unless PARLEY_DIR stays the same\n",
			filepath.Join(p.Env.DataDir, userSecretFile))
	}
	fmt.Fprintln(p.Stdout, "Then start Parley and run `parley check`. The source is unchanged; do not start Parley on it again.")
	return nil
}

// openOne opens a database with one connection.
func openOne(ctx context.Context, p *Program, url string) (*sql.DB, error) {
	db, err := models.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	p.OnClose(func() { _ = db.Close() })
	return db.DB, nil
}

// moveAdvice is what to do about what a database answers, by its SQLSTATE.
var moveAdvice = map[string]string{
	"28P01": "it refuses the user or the password",
	"28000": "it does not let this user in from this machine (pg_hba.conf), or not without TLS",
	"3D000": "the database does not exist; make it with " +
		"CREATE DATABASE parley OWNER parley ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0",
	"42501": "the user may not do that; make it the owner of the database and of everything in it",
	"53100": "its disk is full; make room and run this again",
	"53300": "it accepts no more connections",
	"55P03": "another program uses its tables; stop every parley and end other transactions, then run this again",
	"57P01": "it is being stopped; run this again when it is back",
	"57P03": "it is starting or stopping; run this again when it is back",
}

// explainMove adds to an error of a copy what to do about it.
func explainMove(err error) error {
	var failed *migrations.CopyError
	if !errors.As(err, &failed) {
		return err
	}
	name := map[string]string{migrations.Source: "the database of DATABASE_URL", migrations.Target: "the database of --to"}[failed.Side]
	var answer *pgconn.PgError
	var unreachable *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, migrations.ErrInUse):
		return fmt.Errorf("%s is used by another parley. Stop every instance: what they write from now on would be lost", name)
	case errors.Is(err, migrations.ErrSameDatabase):
		return errors.New("DATABASE_URL and --to lead to the same database. To move from the embedded one, run this without DATABASE_URL")
	case errors.As(err, &answer):
		if advice := moveAdvice[answer.Code]; advice != "" {
			return fmt.Errorf("%s: %s (%w)", name, advice, failed.Err)
		}
	case errors.As(err, &unreachable), errors.As(err, &network):
		return fmt.Errorf("%s cannot be reached; run this again when it can (%w)", name, failed.Err)
	}
	return fmt.Errorf("%s: %w", name, failed.Err)
}
