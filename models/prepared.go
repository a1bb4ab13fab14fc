package models

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// There are two ways to run SQL in this package. The placeholders show which one a statement uses:
//
//   - bun, t.NewRaw or d.db.NewRaw with ?, for ordinary use cases. bun writes the arguments into the text, so that
//     PostgreSQL parses and plans each call, and it fills structs and slices from the rows.
//   - prepared statements, queryPrepared and queryPreparedRows with $1, for hot paths: what every message,
//     confirmation, assignment, heartbeat, session of a user, position in the queue or reconnecting stream runs, and lists
//     that pages read often. PostgreSQL parses and plans each statement once per connection. They must be constants, or built from few
//     variants, since every text is kept on every connection.
//
// Write a new statement for bun, and move it here when a measurement shows that it matters. A statement does not mix
// the two: bun reads ? also in a text for $1.

// queryPrepared runs a prepared statement and scans its only row. It runs on a connection of bun's pool. Without a row
// it returns pgx.ErrNoRows, which is sql.ErrNoRows too.
func (d *Desk) queryPrepared(ctx context.Context, query string, args []any, into ...any) error {
	return d.onConn(ctx, func(c *pgx.Conn) error { return c.QueryRow(ctx, query, cacheStatement(args)...).Scan(into...) })
}

// queryPreparedRows is queryPrepared for any number of rows: each is called once per row, to scan it. It may be nil for a statement that
// returns none.
func (d *Desk) queryPreparedRows(ctx context.Context, query string, args []any, each func(pgx.Rows) error) error {
	return d.onConn(ctx, func(c *pgx.Conn) error { return forEach(ctx, c, query, args, each) })
}

// queryPrepared is that of the desk, in the transaction.
func (t *tx) queryPrepared(ctx context.Context, query string, args []any, into ...any) error {
	return t.conn.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().QueryRow(ctx, query, cacheStatement(args)...).Scan(into...)
	})
}

// queryPreparedRows is that of the desk, in the transaction.
func (t *tx) queryPreparedRows(ctx context.Context, query string, args []any, each func(pgx.Rows) error) error {
	return t.conn.Raw(func(driver any) error { return forEach(ctx, driver.(*stdlib.Conn).Conn(), query, args, each) })
}

// onConn runs f on a connection. An error in getting one is a [notSentError], since no statement was sent then.
func (d *Desk) onConn(ctx context.Context, f func(*pgx.Conn) error) error {
	conn, err := d.reader(ctx).Conn(ctx)
	if err != nil {
		return notSentError{err}
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error { return f(driver.(*stdlib.Conn).Conn()) })
}

// forEach runs a prepared statement on a connection.
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

// cacheStatement puts before the arguments that pgx prepares the statement under its text and keeps it for the
// connection.
func cacheStatement(args []any) []any { return append([]any{pgx.QueryExecModeCacheStatement}, args...) }

// columns are columns of a table with the fields of the row type that hold them. Prepared statements are built and
// scanned by them, so that a column is listed only in the struct.
type columns struct {
	names  []string // by the bun tags
	fields []int    // indexes in the struct
}

// columnsOf returns all columns of a row type, without fields that are only scanned.
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

// selectList returns the columns of a table or alias for a SELECT.
func (c columns) selectList(table string) string {
	return table + "." + strings.Join(c.names, ", "+table+".")
}

// assignments continues the SET of an UPDATE: it sets each column to that of another table or subquery.
func (c columns) assignments(from string) string {
	var set strings.Builder
	for _, name := range c.names {
		set.WriteString(", " + name + " = " + from + "." + name)
	}
	return set.String()
}

// without returns the columns but for some.
func (c columns) without(names ...string) columns {
	var rest columns
	for i, name := range c.names {
		if !slices.Contains(names, name) {
			rest.names, rest.fields = append(rest.names, name), append(rest.fields, c.fields[i])
		}
	}
	return rest
}

// and returns the columns with others before them.
func (c columns) and(first columns) columns {
	return columns{slices.Concat(first.names, c.names), slices.Concat(first.fields, c.fields)}
}

// changedColumns returns those columns in which any row differs from the one before it.
func changedColumns[Row any](c columns, before, after []*Row) columns {
	var changed columns
	for i, field := range c.fields {
		for j := range after {
			was, is := reflect.ValueOf(before[j]).Elem().Field(field), reflect.ValueOf(after[j]).Elem().Field(field)
			if !reflect.DeepEqual(was.Interface(), is.Interface()) {
				changed.names, changed.fields = append(changed.names, c.names[i]), append(changed.fields, field)
				break
			}
		}
	}
	return changed
}

// encodeRows returns rows as a JSON array of objects with a member for each column that is not NULL, as
// json_populate_recordset takes them. The JSON tags of a row are not used: they leave out zero values.
func encodeRows[Row any](c columns, rows []*Row) (string, error) {
	b := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		v := reflect.ValueOf(row).Elem()
		separator := byte('{')
		for j, field := range c.fields {
			value := v.Field(field)
			if value.Kind() == reflect.Pointer {
				value = value.Elem()
			}
			if !value.IsValid() {
				continue
			}
			b = append(strconv.AppendQuote(append(b, separator), c.names[j]), ':')
			separator = ','
			var err error
			if b, err = appendJSON(b, value); err != nil {
				return "", err
			}
		}
		b = append(b, '}')
	}
	return string(append(b, ']')), nil
}

// appendJSON appends a value, the usual types without the cost of [json.Marshal].
func appendJSON(b []byte, v reflect.Value) ([]byte, error) {
	if at, ok := v.Interface().(time.Time); ok {
		return append(at.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
	}
	if v.CanInt() {
		return strconv.AppendInt(b, v.Int(), 10), nil
	}
	encoded, err := json.Marshal(v.Interface())
	return append(b, encoded...), err
}

// scanTargets returns pointers to the fields of a row in the order of the columns, and behind them further targets.
func (c columns) scanTargets(row any, more ...any) []any {
	v := reflect.ValueOf(row).Elem()
	into := make([]any, len(c.fields), len(c.fields)+len(more))
	for i, field := range c.fields {
		into[i] = v.Field(field).Addr().Interface()
	}
	return append(into, more...)
}

var (
	chatRow = columnsOf[Chat]()
	chatKey = columns{chatRow.names[:1], chatRow.fields[:1]} // the id
	// PostgreSQL, or a later change, sets the columns that are left out.
	newMessage = columnsOf[Message]().without(
		"id", "version", "status", "delivered_at", "read_at", "edited_at", "withdrawn_at", "changed_version", "via")
	agentRow = columnsOf[Agent]()
	userRow  = columnsOf[User]()
)
