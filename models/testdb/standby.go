package testdb

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models/embedded"
)

// Pair is a primary with a synchronous standby, each with data on a disk of its own.
type Pair struct {
	// Primary is the server to write to. Its URL names both servers, so that a client finds the one that takes writes.
	Primary *Server
	// Standby is the other one; its URL names it alone.
	Standby *Server
}

// PostgresPair returns a migrated primary and its standby, which is attached and synchronous.
func PostgresPair(t testing.TB) *Pair {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// Not t.TempDir: started by root, PostgreSQL runs as the user nobody, who must be able to enter the folder.
	parent, err := os.MkdirTemp("", "parley-pair-")
	must(err)
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	must(os.Chmod(parent, 0o711))
	start := func(name string, settings ...string) *embedded.Services {
		t.Helper()
		s, err := embedded.Start(ctx, embedded.Options{
			Dir: filepath.Join(parent, name), Postgres: true, Throwaway: true,
			Settings: append([]string{"wal_level=replica", "max_wal_senders=4", "synchronous_commit=on"}, settings...),
		})
		must(err)
		t.Cleanup(func() { _ = s.Close() }) // a test may have killed it
		return s
	}
	primary := start("primary")
	c, err := newCluster(ctx, primary.DatabaseURL)
	must(err)
	name, err := c.clone(ctx)
	must(err)
	must(c.admin.Close(ctx))

	must(primary.Postgres.Stop())
	must(copyCluster(ctx, filepath.Join(parent, "primary"), filepath.Join(parent, "standby")))
	must(primary.Postgres.Start(ctx))
	standby := start("standby", "primary_conninfo=host="+host(primary.DatabaseURL)+" port=5432 user=parley application_name=standby")

	conn, err := pgx.Connect(ctx, primary.DatabaseURL)
	must(err)
	defer conn.Close(ctx)
	for _, statement := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()"} {
		_, err := conn.Exec(ctx, statement)
		must(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for synchronous := false; !synchronous; {
		must(conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')").Scan(&synchronous))
		if time.Now().After(deadline) {
			t.Fatal("the standby did not attach")
		}
	}
	return &Pair{
		Primary: &Server{Server: primary.Postgres, URL: bothHosts(primary.DatabaseURL, standby.DatabaseURL, name)},
		Standby: &Server{Server: standby.Postgres, URL: withDatabase(standby.DatabaseURL, name)},
	}
}

// Promote makes the standby a primary. A statement that waits for that could be cancelled by what the standby still applies, so short ones
// ask.
func (p *Pair) Promote(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	query := "SELECT NOT pg_promote(false)"
	for {
		inRecovery, err := p.askStandby(ctx, query)
		switch {
		case err == nil && !inRecovery && query == isInRecovery:
			return nil
		case err == nil:
			query = isInRecovery
		case ctx.Err() != nil:
			return err
		}
	}
}

const isInRecovery = "SELECT pg_is_in_recovery()"

func (p *Pair) askStandby(ctx context.Context, query string) (answer bool, err error) {
	conn, err := pgx.Connect(ctx, p.Standby.URL)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, query).Scan(&answer)
	return answer, err
}

// copyCluster makes the data of a standby from those of a primary that is stopped.
func copyCluster(ctx context.Context, from, to string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the cluster: %w\n%s", err, out)
	}
	clusters, err := filepath.Glob(filepath.Join(to, "postgres-*", "PG_VERSION"))
	if err != nil || len(clusters) != 1 {
		return fmt.Errorf("one cluster was expected in %s: %v %w", to, clusters, err)
	}
	// PostgreSQL reads no more of the file than that it is there.
	return os.WriteFile(filepath.Join(filepath.Dir(clusters[0]), "standby.signal"), nil, 0o600)
}

// host returns the folder of the socket of a server of package embedded.
func host(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		panic(err) // it was made by package embedded
	}
	return u.Query().Get("host")
}

// bothHosts returns the address of a database for clients that look for the server that takes writes.
func bothHosts(primary, standby, database string) string {
	u, err := url.Parse(withDatabase(primary, database))
	if err != nil {
		panic(err) // it was made by package embedded
	}
	query := u.Query()
	query.Set("host", host(primary)+","+host(standby))
	query.Set("port", "5432,5432")
	query.Set("target_session_attrs", "read-write")
	u.RawQuery = query.Encode()
	return u.String()
}
