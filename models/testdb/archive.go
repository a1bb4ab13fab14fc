package testdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models/embedded"
)

// Archived is a server that archives its write-ahead log.
type Archived struct {
	*Server
	// Database is the name of the migrated database, at URL.
	Database string
	// Dir is a folder for backups, in which every user of the machine may write.
	Dir     string
	archive string
}

// PostgresArchived returns a server whose write-ahead log is archived as docs/operations.md describes it.
func PostgresArchived(t testing.TB) *Archived {
	t.Helper()
	// Not t.TempDir: started by root, PostgreSQL runs as the user nobody, who must be able to enter the folder.
	dir, err := os.MkdirTemp("", "parley-archive-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &Archived{Dir: dir, archive: filepath.Join(dir, "archive")}
	for _, folder := range []string{dir, a.archive} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	services := a.start(t, "server", "archive_mode=on",
		fmt.Sprintf("archive_command=test ! -f %[1]s/%%f && cp %%p %[1]s/%%f.new && mv %[1]s/%%f.new %[1]s/%%f", a.archive))
	c, err := newCluster(t.Context(), services.DatabaseURL)
	if err == nil {
		a.Database, err = c.clone(t.Context())
	}
	if err == nil {
		err = c.admin.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	a.Server = &Server{Server: services.Postgres, URL: withDatabase(services.DatabaseURL, a.Database)}
	return a
}

func (a *Archived) start(t testing.TB, name string, settings ...string) *embedded.Services {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{
		Dir: filepath.Join(a.Dir, name), Postgres: true, Throwaway: true,
		Settings: append([]string{"wal_level=replica", "max_wal_senders=4", "synchronous_commit=on"}, settings...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test may have killed it
	return s
}

// Recover starts a base backup, in the folder basebackup of Dir, as another server. It replays the archive up to a restore point.
func (a *Archived) Recover(t testing.TB, restorePoint string) *Server {
	t.Helper()
	running, err := filepath.Glob(filepath.Join(a.Dir, "server", "postgres-*"))
	if err != nil || len(running) != 1 {
		t.Fatalf("one cluster was expected: %v, %v", running, err)
	}
	data := filepath.Join(a.Dir, "recovered", filepath.Base(running[0]))
	if err := os.MkdirAll(filepath.Dir(data), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(a.Dir, "basebackup"), data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "recovery.signal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	services := a.start(t, "recovered", "restore_command=cp "+a.archive+"/%f %p", "recovery_target_name="+restorePoint,
		"recovery_target_action=promote")
	url := withDatabase(services.DatabaseURL, a.Database)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for recovering := true; recovering; {
		if err := conn.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&recovering); err != nil {
			t.Fatal(err)
		}
	}
	return &Server{Server: services.Postgres, URL: url}
}
