package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// statement is one that PostgreSQL has counted.
type statement struct {
	calls int64
	ms    float64 // time in the executor, all calls together
	text  string
}

// statements are those of one database, by PostgreSQL's own number.
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

// since is what was run after an earlier look.
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

// control begins and ends transactions; commits are counted by themselves.
var control = regexp.MustCompile(`(?i)^\s*(begin|start transaction|commit|end|rollback|savepoint|release)\b`)

// calls counts the statements that do something.
func (s statements) calls() (n int64) {
	for _, one := range s {
		if !control.MatchString(one.text) {
			n += one.calls
		}
	}
	return n
}

// top tells the statements that were run most, for each of n messages or whatever it was.
func (s statements) top(n int, most int) []string {
	all := make([]statement, 0, len(s))
	for _, one := range s {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b statement) int { return int(b.calls - a.calls) })
	lines := make([]string, 0, most)
	for _, one := range all[:min(most, len(all))] {
		lines = append(lines, fmt.Sprintf("%7.3f × %s", float64(one.calls)/float64(max(1, n)), one))
	}
	return lines
}

// String is the mean time and the beginning of the text.
func (s statement) String() string {
	return fmt.Sprintf("%8.4f ms  %.160s", s.ms/float64(max(1, s.calls)), strings.Join(strings.Fields(s.text), " "))
}

// commits is how many transactions of a database PostgreSQL has counted; what a session does is counted within a second.
func (b *bench) commits(ctx context.Context, database string) (n int64, err error) {
	err = b.services.admin.QueryRow(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = $1`, database).Scan(&n)
	return n, err
}

// position is where the log of PostgreSQL stands, in bytes.
func (b *bench) position(ctx context.Context) (n int64, err error) {
	err = b.services.admin.QueryRow(ctx, `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&n)
	return n, err
}

// walRecords tells which records most of the log between two positions is made of; nothing where PostgreSQL cannot tell.
func (b *bench) walRecords(ctx context.Context, from, to int64) []string {
	rows, err := b.services.admin.Query(ctx, `SELECT format('%s × %s, %s bytes each', count, "resource_manager/record_type", (record_size / greatest(count, 1))::int)
		FROM pg_get_wal_stats('0/0'::pg_lsn + $1::numeric, '0/0'::pg_lsn + $2::numeric, per_record => true) WHERE count > 0 ORDER BY record_size DESC LIMIT 10`, from, to)
	if err != nil {
		return nil
	}
	lines, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	return lines
}

// fullPages is how many bytes between two positions are pages written whole, for their first change after a checkpoint; -1 where
// PostgreSQL cannot tell.
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
