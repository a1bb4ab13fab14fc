package models

import (
	"context"
	"fmt"
	"time"
)

// Messages and the changes of their status are in partitions by the month in which their chat began, in installations that were new with
// partitions and those in which `parley migrate partition` was run. A chat's id begins with its time, so a range of ids is a range of time.

const (
	// monthsAhead is for how many months after this one partitions are made.
	monthsAhead = 2
	// partitionLock and partitionTimeout bound for how long making or dropping a partition may block messages. What does not succeed is
	// tried again by the next run.
	partitionLock    = 500 * time.Millisecond
	partitionTimeout = 2 * time.Second
	// limitMargin is how long before the limit of an interrupted `parley migrate partition` is reached it is removed.
	limitMargin = 4 * 24 * time.Hour
	// partitionsAnalyzed is how often the partitioned tables are analyzed as a whole, which autovacuum does not do.
	partitionsAnalyzed = 24 * time.Hour
	// scanTimeout bounds what reads whole tables and blocks no request.
	scanTimeout = 20 * time.Second
)

// MessagePartition is one month of messages, with the same month of status changes.
type MessagePartition struct {
	Name   string  `bun:"name"`   // how the names of its tables end, such as 2026_12, or first for all before the first month
	Begins *string `bun:"begins"` // the least id that a chat in it may have, nil for the first
	Ends   string  `bun:"ends"`   // the least id that is too great
}

// MessagePartitions returns the partitions in order, without the default one, which has what belongs to no month. It returns none for an
// installation without partitions.
func (d *Desk) MessagePartitions(ctx context.Context) ([]MessagePartition, error) {
	var found []MessagePartition
	err := d.db.NewRaw(`SELECT substr(c.relname, length('messages_') + 1) AS name,
			(regexp_match(bound, $$FROM \('([^']*)'\)$$))[1] AS begins, (regexp_match(bound, $$TO \('([^']*)'\)$$))[1] AS ends
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid CROSS JOIN pg_get_expr(c.relpartbound, c.oid) bound
		WHERE i.inhparent = 'messages'::regclass AND bound <> 'DEFAULT' ORDER BY ends`).Scan(ctx, &found)
	return found, translate(err)
}

// MonthsAhead returns for how many months after the one of now there are partitions without a gap, and false for an installation
// without partitions. Messages of a month without one go to the default partition, which is slower to clean up.
func (d *Desk) MonthsAhead(ctx context.Context, now time.Time) (months int, has bool, err error) {
	all, err := d.MessagePartitions(ctx)
	if err != nil || len(all) == 0 {
		return 0, false, err
	}
	for month := nextMonth(now); months < 12 && partitionOf(all, month) != nil; month = nextMonth(month) {
		months++
	}
	return months, true, nil
}

// nextMonth returns the beginning of the month after that of a time, in UTC.
func nextMonth(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

// firstChatID returns the id before all chats that begin at a time or later, as first_chat_id does in the database.
func firstChatID(at time.Time) string {
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x", ms>>16, ms&0xffff)
}

// partitionOf returns the partition of the chats that begin at a time, nil for the default one.
func partitionOf(all []MessagePartition, at time.Time) *MessagePartition {
	id := firstChatID(at)
	for i, p := range all {
		if (p.Begins == nil || *p.Begins <= id) && id < p.Ends {
			return &all[i]
		}
	}
	return nil
}

// KeepPartitions makes the partitions of this month and of the two after it, as far as they are missing, and moves messages of those
// months from the default partition there. Once a day it analyzes the tables as a whole. Where messages have no partitions, it removes the
// limit that an interrupted `parley migrate partition` left, before messages reach it.
//
// What others' locks prevent is left for the next run. It may run several times at once.
func (d *Desk) KeepPartitions(ctx context.Context) error {
	all, err := d.MessagePartitions(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return d.removeStaleLimit(ctx)
	}
	var now time.Time
	if err := d.db.NewRaw(`SELECT now()`).Scan(ctx, &now); err != nil {
		return translate(err)
	}
	for n := range monthsAhead + 1 {
		month := time.Date(now.UTC().Year(), now.UTC().Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		if partitionOf(all, month) != nil {
			continue
		}
		if err := d.changePartitions(ctx, `SELECT add_message_month(?)`, month.Format(time.DateOnly)); err != nil {
			if isBusy(err) {
				d.log.Info("the partition of a month of messages is made later: others hold locks", "month", month.Format("2006-01"))
				return nil
			}
			return err
		}
		d.log.Info("made the partition of a month of messages", "month", month.Format("2006-01"))
	}
	if err := d.checkLinks(ctx); err != nil {
		return err
	}
	return d.analyzePartitions(ctx)
}

// changePartitions runs a statement that blocks messages, for a moment at most.
func (d *Desk) changePartitions(ctx context.Context, query string, args ...any) error {
	return d.execWithin(ctx, partitionTimeout, query, args...)
}

// execWithin runs a statement in a transaction of its own, with timeouts of its own.
func (d *Desk) execWithin(ctx context.Context, timeout time.Duration, query string, args ...any) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(fmt.Sprintf(`SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d`,
			partitionLock.Milliseconds(), timeout.Milliseconds())).Exec(ctx); err != nil {
			return err
		}
		if _, err := t.NewRaw(query, args...).Exec(ctx); err != nil {
			return fmt.Errorf("partitions of messages: %w", err)
		}
		return nil
	})
}

// checkLinks validates the foreign keys that refer to messages and were added again without a look at their rows. That blocks no request.
func (d *Desk) checkLinks(ctx context.Context) error {
	var statements []string
	if err := d.db.NewRaw(`SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
		WHERE contype = 'f' AND confrelid = 'messages'::regclass AND conparentid = 0 AND NOT convalidated`).Scan(ctx, &statements); err != nil {
		return translate(err)
	}
	for _, statement := range statements {
		if err := d.execWithin(ctx, scanTimeout, statement); err != nil && !isBusy(err) {
			return err
		}
	}
	return nil
}

// analyzePartitions analyzes the partitioned tables as a whole, unless that was done lately.
func (d *Desk) analyzePartitions(ctx context.Context) error {
	var due bool
	if err := d.db.NewRaw(`SELECT coalesce(bool_or(coalesce(last_analyze < now() - make_interval(secs => ?), true)), false)
		FROM pg_stat_user_tables WHERE relid IN ('messages'::regclass, 'message_status_changes'::regclass)`, partitionsAnalyzed.Seconds()).
		Scan(ctx, &due); err != nil || !due {
		return translate(err)
	}
	err := d.execWithin(ctx, scanTimeout, `ANALYZE messages, message_status_changes`)
	if isBusy(err) {
		err = nil // the next run does it
	}
	return err
}

// removeStaleLimit removes the limit of the ids of chats that `parley migrate partition` adds and removes again, if it was interrupted
// and the limit would be reached within days.
func (d *Desk) removeStaleLimit(ctx context.Context) error {
	var stale bool
	if err := d.db.NewRaw(`SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = 'messages_before'
			AND conrelid IN ('messages'::regclass, 'message_status_changes'::regclass)
			AND (regexp_match(pg_get_constraintdef(oid), $$'([0-9a-f-]+)'$$))[1] < first_chat_id(now() + make_interval(secs => ?))
				COLLATE "C")`,
		limitMargin.Seconds()).Scan(ctx, &stale); err != nil || !stale {
		return translate(err)
	}
	d.log.Warn("removing the limit that an interrupted `parley migrate partition` left; run it again")
	return d.changePartitions(ctx, `ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_before;
		ALTER TABLE message_status_changes DROP CONSTRAINT IF EXISTS messages_before`)
}

// dropPartitions deletes the chats of each partition in which no chat is to be kept, and drops the partition with their messages. It
// returns how many chats it deleted. Partitions of chats that may still be younger than age are left, and so are those of which it is not
// known within moments that they can be dropped: their chats are deleted one by one.
func (d *Desk) dropPartitions(ctx context.Context, age time.Duration) (deleted int, err error) {
	all, err := d.MessagePartitions(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		const within = ` id >= coalesce(?2, '') AND id < ?3`
		var isOver bool
		if err := d.db.NewRaw(`SELECT ?3 <= first_chat_id(now() - make_interval(secs => ?0)) COLLATE "C" AND NOT EXISTS (SELECT FROM chats
			WHERE`+within+` AND (status <> 'ended' OR ended_at >= now() - make_interval(secs => ?0)))`, age.Seconds(), 0, p.Begins, p.Ends).
			Scan(ctx, &isOver); err != nil && !isBusy(err) {
			return deleted, translate(err)
		}
		if !isOver {
			continue
		}
		// What else refers to messages; the files of attachments become due by it.
		for _, table := range []string{"attachments", "message_versions", "withdrawn_attachments"} {
			if _, err := d.deleteAll(ctx, 1000, `DELETE FROM `+table+` WHERE ctid IN (SELECT ctid FROM `+table+`
				WHERE chat_id >= coalesce(?2, '') AND chat_id < ?3 LIMIT ?1)`, age, p.Begins, p.Ends); err != nil {
				return deleted, err
			}
		}
		if err := d.changePartitions(ctx, `SELECT drop_message_partition(?)`, p.Name); err != nil {
			if isBusy(err) {
				continue
			}
			return deleted, err
		}
		d.log.Info("dropped a partition of messages that were no longer kept", "partition", p.Name)
		n, err := d.deleteAll(ctx, 500, `DELETE FROM chats WHERE id IN (SELECT id FROM chats WHERE`+within+` AND status = 'ended'
			AND ended_at < now() - make_interval(secs => ?0) LIMIT ?1 FOR UPDATE SKIP LOCKED)`, age, p.Begins, p.Ends)
		if deleted += n; err != nil {
			return deleted, err
		}
	}
	return deleted, d.checkLinks(ctx)
}
