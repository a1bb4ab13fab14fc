// Package embedded runs PostgreSQL and Redis as children of this process, for `make run`, for other commands and for tests.
// Both listen on a Unix socket that only this user can reach, keep their data below one folder, and end with the process that
// started them, however it ends.
//
// Several processes may share a folder: the first one runs the servers, the others use them.
package embedded

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
)

// Options select which servers to run and where.
type Options struct {
	// Dir holds data, logs and sockets; it is made when missing.
	Dir string
	// Postgres and Redis choose the servers.
	Postgres, Redis bool
	// Log receives starts, stops and crashes; nil logs nothing.
	Log *slog.Logger
	// Throwaway is for tests: nothing is written through to the disk, Redis keeps nothing and has 1024 databases.
	Throwaway bool
	// Settings are more of PostgreSQL's, each as name=value; they win over those that are set here.
	Settings []string
}

// Services are the servers that Start found or started.
type Services struct {
	// DatabaseURL is a PostgreSQL URL as pgx reads it, empty when Postgres was not asked for.
	DatabaseURL string
	// RedisURL is a unix:// URL as go-redis reads it, empty when Redis was not asked for.
	RedisURL string
	// Postgres and Redis are the children, nil when not asked for or when another process runs them.
	Postgres, Redis *Server

	sockets string
	slot    *os.File // the lock of a throwaway folder
}

// Start starts the servers and returns when they respond. Its error explains what to do.
func Start(ctx context.Context, opts Options) (*Services, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	opts.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sockets, err := socketDir(dir)
	if err != nil {
		return nil, err
	}

	s := &Services{sockets: sockets}
	if opts.Postgres {
		s.Postgres, err = newPostgres(opts, sockets).start(ctx)
		if err != nil {
			return nil, err
		}
		s.DatabaseURL = postgresURL(sockets, databaseName)
	}
	if opts.Redis {
		s.Redis, err = newRedis(opts, sockets).start(ctx)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.RedisURL = redisURL(sockets)
	}
	return s, nil
}

// Close stops the servers that this process started and returns when they are gone.
func (s *Services) Close() error {
	var errs []error
	for _, server := range []*Server{s.Redis, s.Postgres} {
		if server != nil {
			errs = append(errs, server.close())
		}
	}
	_ = os.Remove(s.sockets) // it may be outside Dir; while it is in use it is not empty and stays
	if s.slot != nil {
		errs = append(errs, s.slot.Close())
	}
	return errors.Join(errs...)
}
