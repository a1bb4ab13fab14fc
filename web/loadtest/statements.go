package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// statement is one row of pg_stat_statements.
type statement struct {
	calls int64
	ms    float64 // execution time of all calls
	text  string
}

// statements are the statements of one database by queryid.
type statements map[int64]statement

// statementsOf reads pg_stat_statements.
func (b *bench) statementsOf(ctx context.Context, database string) (statements, error) {
	rows, err := b.services.admin.Query(ctx, `SELECT queryid, sum(calls)::bigint, sum(total_exec_time), min(query) FROM pg_stat_statements
		WHERE toplevel AND queryid IS NOT NULL AND dbid = (SELECT oid FROM pg_database WHERE datname = $1) GROUP BY queryid`, database)
	if err != nil {
		return nil, err
	}
	all := statements{}
	var id int64
	var s statement
	_, err = pgx.ForEachRow(rows, []any{&id, &s.calls, &s.ms, &s.text}, func() error {
		all[id] = s
		return nil
	})
	return all, err
}

// since returns the statements executed since an earlier reading.
func (s statements) since(before statements) statements {
	ran := statements{}
	for id, now := range s {
		was := before[id]
		if now.calls > was.calls {
			ran[id] = statement{now.calls - was.calls, now.ms - was.ms, now.text}
		}
	}
	return ran
}

// transactionControl matches the statements that begin and end transactions, which are not counted: commits have their own row.
var transactionControl = regexp.MustCompile(`(?i)^\s*(begin|start transaction|commit|end|rollback|savepoint|release)\b`)

// calls returns the number of executed statements without transaction control.
func (s statements) calls() (n int64) {
	for _, one := range s {
		if !transactionControl.MatchString(one.text) {
			n += one.calls
		}
	}
	return n
}

// top formats the most frequent statements, at most limit of them, with their count per item for n items.
func (s statements) top(n, limit int) []string {
	all := make([]statement, 0, len(s))
	for _, one := range s {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b statement) int { return int(b.calls - a.calls) })
	lines := make([]string, 0, limit)
	for _, one := range all[:min(limit, len(all))] {
		lines = append(lines, fmt.Sprintf("%7.3f × %s", float64(one.calls)/float64(max(1, n)), one))
	}
	return lines
}

// String returns the mean time and the beginning of the text.
func (s statement) String() string {
	return fmt.Sprintf("%8.4f ms  %.160s", s.ms/float64(max(1, s.calls)), strings.Join(strings.Fields(s.text), " "))
}

// commits returns the number of committed transactions of a database. PostgreSQL counts the transactions of a session with a delay of up
// to a second.
func (b *bench) commits(ctx context.Context, database string) (n int64, err error) {
	err = b.services.admin.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = $1`, database).Scan(&n)
	return n, err
}

// walPosition returns the current write position of the WAL, in bytes.
func (b *bench) walPosition(ctx context.Context) (n int64, err error) {
	err = b.services.admin.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&n)
	return n, err
}

// walRecords formats the ten record types with the largest share of the WAL between two positions, or returns nil without pg_walinspect.
func (b *bench) walRecords(ctx context.Context, from, to int64) []string {
	rows, err := b.services.admin.Query(
		ctx,
		`SELECT format('%s × %s, %s bytes each', count, "resource_manager/record_type", (record_size / greatest(count, 1))::int)
		FROM pg_get_wal_stats('0/0'::pg_lsn + $1::numeric, '0/0'::pg_lsn + $2::numeric, per_record => true) WHERE count > 0 ORDER BY record_size DESC LIMIT 10`,
		from,
		to,
	)
	if err != nil {
		return nil
	}
	lines, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	return lines
}

// fullPages returns the bytes of full-page images between two WAL positions, which PostgreSQL writes for the first change of a page after a
// checkpoint. It returns -1 without pg_walinspect.
func (b *bench) fullPages(ctx context.Context, from, to int64) int64 {
	var n int64
	err := b.services.admin.QueryRow(ctx,
		`SELECT coalesce(sum(fpi_size), 0)::bigint FROM pg_get_wal_stats('0/0'::pg_lsn + $1::numeric, '0/0'::pg_lsn + $2::numeric)`,
		from, to).Scan(&n)
	if err != nil {
		return -1
	}
	return n
}
