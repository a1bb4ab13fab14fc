package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"parley/migrations"
	"parley/models/embedded"
)

// bench is one run of the benchmark.
type bench struct {
	opts      *options
	dir       string
	binary    string
	log       func(string, ...any)
	table     *table
	services  *services
	processes []*process
	port      int
	databases int
	sent16    *Sample // messages per second of the program at the lower number of users
}

// services are the PostgreSQL and Redis of the benchmark. Both run with the durability settings of production.
type services struct {
	running         *embedded.Services
	postgres, redis int       // process ids
	admin           *pgx.Conn // used from one goroutine
	memory          *redis.Client
}

const template = "bench_template"

func newBench(ctx context.Context, opts *options, out io.Writer) (*bench, error) {
	b := &bench{opts: opts, table: &table{began: time.Now()}}
	b.log = func(format string, args ...any) {
		fmt.Fprintf(out, "%5.0f s  "+format+"\n", append([]any{time.Since(b.table.began).Seconds()}, args...)...)
	}
	b.table.log = b.log
	var err error
	if b.dir, err = os.MkdirTemp("", "parley-bench-"); err != nil {
		return b, err
	}
	if err := os.Chmod(b.dir, 0o711); err != nil { // run by root, PostgreSQL has the user nobody, who needs access to its directory
		return b, err
	}
	if err := b.build(ctx); err != nil {
		return b, err
	}
	return b, b.startServices(ctx)
}

// build builds the program unless the options name one, and reads its version.
func (b *bench) build(ctx context.Context) (err error) {
	if b.binary = b.opts.binary; b.binary == "" {
		b.log("building the program")
		b.binary = filepath.Join(b.dir, "parley")
		out, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", b.binary, "parley").CombinedOutput()
		if err != nil {
			return fmt.Errorf("build parley: %w\n%s", err, out)
		}
	}
	if b.binary, err = filepath.Abs(b.binary); err != nil {
		return err
	}
	told, err := exec.CommandContext(ctx, b.binary, "version").Output()
	b.opts.version = versionIn(string(told))
	return err
}

// versionIn returns the version in what the program's command "version" prints, whose first line has it.
func versionIn(told string) string {
	first, _, _ := strings.Cut(told, "\n")
	return strings.TrimSpace(strings.TrimPrefix(first, "parley "))
}

func (b *bench) startServices(ctx context.Context) (err error) {
	s := &services{}
	b.services = s
	log := slog.New(slog.DiscardHandler)
	dir := filepath.Join(b.dir, "services")
	s.running, err = embedded.Start(ctx, embedded.Options{
		Dir: dir, Postgres: true, Redis: true, Log: log,
		Settings: []string{"shared_preload_libraries=pg_stat_statements", "log_error_verbosity=default"},
	})
	if err != nil {
		return err
	}
	if s.postgres, err = pidIn(filepath.Join(dir, "postgres.pid")); err != nil {
		return err
	}
	if s.redis, err = pidIn(filepath.Join(dir, "redis.pid")); err != nil {
		return err
	}
	options, err := redis.ParseURL(s.running.RedisURL)
	if err != nil {
		return err
	}
	s.memory = redis.NewClient(options)
	if s.admin, err = pgx.Connect(ctx, s.running.DatabaseURL); err != nil {
		return err
	}
	if _, err = s.admin.Exec(ctx, "CREATE EXTENSION pg_stat_statements"); err != nil {
		return fmt.Errorf("this PostgreSQL lacks pg_stat_statements (Debian has it in postgresql, others in contrib): %w", err)
	}
	// Reports the share of full-page images in the WAL. Some installations lack it.
	_, _ = s.admin.Exec(ctx, "CREATE EXTENSION pg_walinspect")
	return b.makeTemplate(ctx)
}

func pidIn(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (b *bench) makeTemplate(ctx context.Context) error {
	if _, err := b.services.admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(b.databaseURL(template))
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	return errors.Join(migrations.Up(ctx, db, io.Discard), db.Close())
}

func (b *bench) databaseURL(name string) string {
	u, err := url.Parse(b.services.running.DatabaseURL)
	if err != nil {
		panic(err) // package embedded returned it
	}
	u.Path = "/" + name
	return u.String()
}

// newDatabase creates a database from a template database and returns its name.
func (b *bench) newDatabase(ctx context.Context, from string) (name string, err error) {
	b.databases++
	name = fmt.Sprintf("bench_%d", b.databases)
	_, err = b.services.admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, from))
	return name, err
}

// stopAll ends the processes of a scenario. PostgreSQL and Redis keep running.
func (b *bench) stopAll() {
	for _, p := range b.processes {
		if err := p.stop(); err != nil {
			b.log("  %v", err)
		}
	}
	b.processes = nil
}

// close stops all processes and services and removes the directory of the run.
func (b *bench) close() error {
	b.stopAll()
	var err error
	if s := b.services; s != nil {
		if s.admin != nil {
			err = errors.Join(err, s.admin.Close(context.Background()))
		}
		if s.memory != nil {
			err = errors.Join(err, s.memory.Close())
		}
		if s.running != nil {
			err = errors.Join(err, s.running.Close())
		}
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
