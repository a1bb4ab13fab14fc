package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	databaseName = "parley"
	superuser    = "parley"

	clusterPrefix = "postgres-"
)

func postgresURL(sockets, database string) string {
	query := url.Values{"host": {sockets}, "port": {"5432"}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: query.Encode()}).String()
}

// dataDir is one per major version: another version cannot read it, and data is never deleted to make room for it.
func dataDir(dir string, major int) string {
	return filepath.Join(dir, clusterPrefix+strconv.Itoa(major))
}

func hasCluster(data string) bool {
	_, err := os.Stat(filepath.Join(data, "PG_VERSION"))
	return err == nil
}

// otherClusters are the clusters below dir. The path of dir may hold what a pattern would give a meaning, so none is used.
func otherClusters(dir string) (paths []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if version, ok := strings.CutPrefix(e.Name(), clusterPrefix); ok && version != "" && version[0] >= '0' && version[0] <= '9' {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// postgres is one cluster of one installation.
type postgres struct {
	opts     Options
	sockets  string
	bin      binaries
	data     string
	disguise func(*exec.Cmd)
}

func newPostgres(opts Options, sockets string) *Server {
	p := &postgres{opts: opts, sockets: sockets}
	return &Server{
		name: "postgres", title: "PostgreSQL", dir: opts.Dir, log: opts.Log, shared: !opts.Throwaway,
		prepare: p.prepare, command: p.command, ready: p.ready, ping: p.ping,
		// Fast shutdown: sessions are ended, the data is written, no recovery is needed.
		stopSignal: syscall.SIGINT, dyingSignal: syscall.SIGINT,
	}
}

func (p *postgres) prepare(ctx context.Context) (err error) {
	if p.bin, err = findPostgres(ctx, p.opts.Dir); err != nil {
		return err
	}
	p.data = dataDir(p.opts.Dir, p.bin.major)
	disguise, owner := unprivileged(ctx, p.bin.program("postgres"))
	p.disguise = disguise
	if owner == nobody {
		// Really another user, who has to get through.
		if err := os.Chmod(p.opts.Dir, 0o711); err != nil {
			return err
		}
	}
	if !hasCluster(p.data) {
		if others := otherClusters(p.opts.Dir); len(others) > 0 {
			p.opts.Log.Warn("PostgreSQL starts with empty data, the data of the other version is kept",
				"version", p.bin.major, "other", strings.Join(others, " "))
		}
		if err := p.initialise(ctx, owner); err != nil {
			return err
		}
	}
	if err := p.removeStalePid(); err != nil {
		return err
	}
	return giveTo(owner, p.data, p.sockets)
}

// initialise creates the cluster in a temporary folder and renames it when it is complete.
func (p *postgres) initialise(ctx context.Context, owner int) error {
	p.opts.Log.Info("creating the PostgreSQL cluster", "version", p.bin.major, "dir", p.data)
	unfinished := p.data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		return err
	}
	if err := giveTo(owner, unfinished); err != nil {
		return err
	}
	args := []string{"-D", unfinished, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"}
	if p.opts.Throwaway {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, p.bin.program("initdb"), args...)
	cmd.Dir = "/"
	p.disguise(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		hint := ""
		if owner == nobody {
			hint = "\nroot runs PostgreSQL as nobody here, who must be able to reach " + p.opts.Dir +
				": run parley as an ordinary user, or set DATABASE_URL to a server of yours"
		}
		return fmt.Errorf("initdb: %w\n%s%s", err, strings.TrimSpace(string(out)), hint)
	}
	return os.Rename(unfinished, p.data)
}

func (p *postgres) command() *exec.Cmd {
	settings := []string{
		"listen_addresses=", "unix_socket_directories=" + p.sockets, "unix_socket_permissions=0700", "port=5432",
		"max_connections=200", "timezone=UTC", "log_timezone=UTC", "logging_collector=off",
		// A failing statement must not put the content of messages into a log.
		"log_min_error_statement=panic", "log_error_verbosity=terse",
	}
	if p.opts.Throwaway {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "min_wal_size=32MB", "max_wal_size=256MB", "autovacuum=off", "max_connections=500")
	}
	args := []string{"-D", p.data}
	for _, setting := range append(settings, p.opts.Settings...) {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(p.bin.program("postgres"), args...)
	cmd.Dir = "/"
	p.disguise(cmd)
	return cmd
}

// ready connects and creates the database for Parley if it is missing.
func (p *postgres) ready(ctx context.Context) error {
	err := p.ping(ctx)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "3D000" { // invalid_catalog_name
		return err
	}
	conn, err := pgx.Connect(ctx, postgresURL(p.sockets, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+databaseName)
	return err
}

func (p *postgres) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, postgresURL(p.sockets, databaseName))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// removeStalePid removes the postmaster.pid of a server that was killed when no living PostgreSQL has its number any more. PostgreSQL
// only checks whether a process of that number exists, and one does after a restart of a container, or while a dead process has not been
// reaped. Where processes cannot be inspected the file stays.
func (p *postgres) removeStalePid() error {
	path := filepath.Join(p.data, "postmaster.pid")
	text, _ := os.ReadFile(path)
	pid, _, _ := strings.Cut(string(text), "\n")
	if _, err := os.Lstat("/proc/self/exe"); pid == "" || err != nil {
		return nil //nolint:nilerr // nothing to remove, or no way to know
	}
	program, _ := os.Readlink(filepath.Join("/proc", pid, "exe"))
	if strings.HasPrefix(filepath.Base(program), "postgres") {
		return nil
	}
	return os.Remove(path)
}
