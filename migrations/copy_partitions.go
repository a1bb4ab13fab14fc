package migrations

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// partition is one of messages and of message_status_changes, whose partitions have the same bounds.
type partition struct {
	part  string // how the names of its tables end, after the name of the whole table
	bound string // as FOR VALUES says it
}

// partitions returns the partitions of messages but the default one, none if it has no partitions.
func (s *copySide) partitions(ctx context.Context) ([]partition, error) {
	rows, err := s.conn.Query(ctx, `SELECT substr(c.relname, length('messages_') + 1), pg_get_expr(c.relpartbound, c.oid)
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'messages'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' ORDER BY 1`)
	if err != nil {
		return nil, s.failed(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p partition, err error) { return p, row.Scan(&p.part, &p.bound) })
	return found, s.failed(err)
}

// months returns partitions for the messages of a database without partitions: of each month from
// that of its oldest chat to the second one after this.
func (s *copySide) months(ctx context.Context) ([]partition, error) {
	var oldest, now time.Time
	if err := s.value(ctx, `SELECT coalesce(min(created_at), now()), now() FROM chats`, &oldest, &now); err != nil {
		return nil, err
	}
	oldest, now = oldest.UTC(), now.UTC()
	month := time.Date(oldest.Year(), oldest.Month(), 1, 0, 0, 0, 0, time.UTC)
	found := []partition{{"first", fmt.Sprintf("FOR VALUES FROM (MINVALUE) TO ('%s')", firstChatID(month))}}
	for last := now.AddDate(0, 0, 1-now.Day()).AddDate(0, 2, 0); !month.After(last); month = month.AddDate(0, 1, 0) {
		found = append(found, partition{
			month.Format("2006_01"),
			fmt.Sprintf("FOR VALUES FROM ('%s') TO ('%s')", firstChatID(month), firstChatID(month.AddDate(0, 1, 0))),
		})
	}
	return found, nil
}

// matchPartitions gives the target, which is empty, the partitions of the source, or those that the source would have with partitions.
func matchPartitions(ctx context.Context, source, target *copySide) error {
	has, err := target.partitions(ctx)
	if err != nil || len(has) == 0 {
		return err
	}
	wanted, err := source.partitions(ctx)
	if err == nil && len(wanted) == 0 {
		wanted, err = source.months(ctx)
	}
	if err != nil {
		return err
	}
	for _, p := range has {
		if err := target.exec(ctx, fmt.Sprintf(`SELECT drop_message_partition('%s')`, p.part)); err != nil {
			return err
		}
	}
	for _, p := range wanted {
		for _, whole := range []string{"messages", "message_status_changes"} {
			table := whole + "_" + p.part
			if err := target.exec(ctx, fmt.Sprintf(`SELECT make_message_table('%s', '%s')`, whole, table),
				fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s %s`, ident(whole), ident(table), p.bound)); err != nil {
				return err
			}
		}
	}
	return nil
}
