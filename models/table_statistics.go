package models

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

// A new installation has tables of a page or two, and autovacuum reads their statistics in the first minute. Frequent statements keep the
// plans that fit them: they read whole tables. If thousands of messages come before autovacuum looks again, which is a minute later, each
// of them costs more than the last. So a process looks after the first messages that it has stored, in each month, and then each time
// after four times as many.
const (
	firstAnalysis = 256
	growth        = 4
)

// tableStatistics decides when to look for tables that have grown.
type tableStatistics struct {
	stored  atomic.Int64 // messages that this process has stored
	next    atomic.Int64 // at how many to look
	month   atomic.Int32 // of the latest message, 1 to 12
	running sync.WaitGroup
}

// countStored counts stored messages, and starts a look when it is time. It does not wait.
func (d *Desk) countStored(messages int) {
	s := &d.statistics
	if month := int32(time.Now().UTC().Month()); s.month.Swap(month) != month { // its partition is empty
		s.stored.Store(0)
		s.next.Store(firstAnalysis)
	}
	stored, next := s.stored.Add(int64(messages)), s.next.Load()
	if stored < next || !s.next.CompareAndSwap(next, growth*next) {
		return
	}
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
		defer cancel()
		if err := d.AnalyzeGrownTables(ctx); err != nil {
			d.log.Warn("statistics of tables not read", "error", err)
		}
	})
}

// AnalyzeGrownTables makes PostgreSQL read the statistics of tables that are more than four times as large as when it read them last. Those
// of another owner are left to autovacuum. It may run twice at once.
func (d *Desk) AnalyzeGrownTables(ctx context.Context) error {
	var tables []string
	err := d.db.NewRaw(`SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
			AND pg_relation_size(c.oid) > ? * current_setting('block_size')::bigint * greatest(c.relpages, 1)`, growth).Scan(ctx, &tables)
	if err != nil {
		return translate(err)
	}
	for _, table := range tables {
		if _, err := d.db.NewRaw(`ANALYZE (SKIP_LOCKED) ?`, bun.Ident(table)).Exec(ctx); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}
