package models

import (
	"context"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// queryPrepared runs one of the hot statements with bound parameters, on the pool that bun uses: PostgreSQL parses and plans it once per
// connection. bun writes arguments into the text, so that every call is a new statement; all others go that way. Without a row it
// returns pgx.ErrNoRows, which is sql.ErrNoRows too.
func (d *Desk) queryPrepared(ctx context.Context, query string, args []any, into ...any) error {
	return d.onConn(ctx, func(c *pgx.Conn) error { return c.QueryRow(ctx, query, cacheStatement(args)...).Scan(into...) })
}

// queryPreparedRows is queryPrepared for any number of rows: each is called once per row.
func (d *Desk) queryPreparedRows(ctx context.Context, query string, args []any, each func(pgx.Rows) error) error {
	return d.onConn(ctx, func(c *pgx.Conn) error { return forEach(ctx, c, query, args, each) })
}

// queryPreparedRows is the desk's, in the transaction.
func (t *tx) queryPreparedRows(ctx context.Context, query string, args []any, each func(pgx.Rows) error) error {
	return t.conn.Raw(func(driver any) error { return forEach(ctx, driver.(*stdlib.Conn).Conn(), query, args, each) })
}

func (d *Desk) onConn(ctx context.Context, f func(*pgx.Conn) error) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return notSentError{err}
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error { return f(driver.(*stdlib.Conn).Conn()) })
}

func forEach(ctx context.Context, c *pgx.Conn, query string, args []any, each func(pgx.Rows) error) error {
	rows, err := c.Query(ctx, query, cacheStatement(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func cacheStatement(args []any) []any { return append([]any{pgx.QueryExecModeCacheStatement}, args...) }

// columns are the stored fields of a row type, by their bun tags, for statements that bun does not scan.
type columns struct {
	names  []string
	fields []int
}

func columnsOf[Row any]() columns {
	var c columns
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		name, options, _ := strings.Cut(row.Field(i).Tag.Get("bun"), ",")
		if name == "" || strings.Contains(name, ":") || strings.Contains(options, "scanonly") {
			continue
		}
		c.names, c.fields = append(c.names, name), append(c.fields, i)
	}
	return c
}

// selectList lists the columns of what the statement calls by a name.
func (c columns) selectList(table string) string {
	return table + "." + strings.Join(c.names, ", "+table+".")
}

// scanTargets returns where a row's columns go, and behind them what else is scanned.
func (c columns) scanTargets(row any, more ...any) []any {
	v := reflect.ValueOf(row).Elem()
	into := make([]any, len(c.fields), len(c.fields)+len(more))
	for i, field := range c.fields {
		into[i] = v.Field(field).Addr().Interface()
	}
	return append(into, more...)
}

var (
	chatRow  = columnsOf[Chat]()
	agentRow = columnsOf[Agent]()
)
