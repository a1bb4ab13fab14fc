package testdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"parley/migrations"
)

const (
	templatePrefix = "template_"
	clonePrefix    = "test_"
)

// cluster makes databases in one PostgreSQL server.
type cluster struct {
	url      string
	template string

	mu          sync.Mutex
	admin       *pgx.Conn
	hasTemplate bool
	made        int
}

// newCluster connects to the server and resets what earlier runs changed there, except a template that is still right.
func newCluster(ctx context.Context, databaseURL string) (*cluster, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["default_transaction_read_only"] = "off" // an interrupted test may have left the server read-only
	admin, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	sum, err := sumOf(migrations.Files())
	if err != nil {
		return nil, err
	}
	// It has partitions for the months that come.
	month := time.Now().UTC().Format("_2006_01")
	c := &cluster{url: databaseURL, template: templatePrefix + sum + month, admin: admin}
	return c, c.reset(ctx)
}

// reset resets settings that tests changed by ALTER SYSTEM, and drops each database that an earlier run created, under any name.
func (c *cluster) reset(ctx context.Context) error {
	for _, statement := range []string{"ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()"} {
		if _, err := c.admin.Exec(ctx, statement); err != nil {
			return err
		}
	}
	rows, err := c.admin.Query(
		ctx,
		"SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', current_database(), $1)",
		c.template,
	)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := c.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplate renames the database to its final name only when it is complete, so that an interrupted run leaves no incomplete template.
// The caller holds mu.
func (c *cluster) makeTemplate(ctx context.Context) error {
	var exists bool
	if err := c.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", c.template).
		Scan(&exists); err != nil ||
		exists {
		return err
	}
	unfinished := c.template + "_new"
	if _, err := c.admin.Exec(ctx, "CREATE DATABASE "+unfinished); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(withDatabase(c.url, unfinished))
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	err = migrations.Up(ctx, db, io.Discard)
	if closeErr := db.Close(); err == nil {
		err = closeErr // PostgreSQL does not rename or copy a database with open connections
	}
	if err != nil {
		return err
	}
	_, err = c.admin.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", unfinished, c.template))
	return err
}

// clone makes a database with the schema in it.
func (c *cluster) clone(ctx context.Context) (name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasTemplate {
		if err := c.makeTemplate(ctx); err != nil {
			return "", err
		}
		c.hasTemplate = true
	}
	return c.create(ctx, c.template)
}

// empty makes a database without a schema.
func (c *cluster) empty(ctx context.Context) (name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.create(ctx, "template1")
}

func (c *cluster) create(ctx context.Context, template string) (name string, err error) {
	c.made++
	name = fmt.Sprintf("%s%d", clonePrefix, c.made)
	_, err = c.admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, template))
	return name, err
}

func (c *cluster) drop(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.admin.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	return err
}

func withDatabase(databaseURL, name string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		panic(err) // it was made by package embedded
	}
	u.Path = "/" + name
	return u.String()
}

func sumOf(fsys fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(fsys, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".sql") {
			return err
		}
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
		return nil
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
