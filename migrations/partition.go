package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ErrPartitioned is the answer of [Partition] and [PlanPartition] for a database whose messages are by month already.
var ErrPartitioned = errors.New("the messages are in partitions by month already")

const (
	// partitionMargin is how far ahead of now the first partition ends at least. Until the tables are switched, no message can be stored
	// in a chat that begins after that end, so it is much longer than the switch can take. What an interrupted run left is removed by the
	// next one, or by the periodic task, long before.
	partitionMargin = 7 * 24 * time.Hour
	monthLayout     = "2006-01-02"
)

// Partition divides the messages of a database that is in use by the month of their chats. The tables of messages and of status changes
// become the first partition, without being copied; what is blocked is blocked for a moment, and is tried again while other transactions
// hold a lock. It may be interrupted at any time and called again. What it does is written to out. db needs one free connection.
//
// It refuses with [ErrPartitioned], and while steps are pending, views refer to the tables, or chats have ids that are no time of the
// past.
func Partition(ctx context.Context, db *sql.DB, out io.Writer) error {
	isLimited := false
	err := alone(ctx, db, out, func(conn *sql.Conn) error {
		begun, err := checkPartition(ctx, conn)
		if err != nil {
			return err
		}
		until, err := firstPartitionEnd(ctx, conn)
		if err != nil {
			return err
		}
		all := partitionSteps(until)
		if begun {
			all = all[len(all)-afterSwitch:]
		}
		for _, s := range all {
			isLimited = !begun
			if err := s.run(ctx, conn, out, s.up, "SELECT"); err != nil {
				return explainPartition(err)
			}
			fmt.Fprintln(out, s.name)
		}
		return nil
	})
	if err != nil && isLimited {
		err = errors.Join(err, removeLimit(ctx, db))
	}
	return err
}

// PlanPartition returns what [Partition] would do, as [PlanUp] does for the pending steps. It refuses what Partition refuses.
func PlanPartition(ctx context.Context, db *sql.DB) (plan Plan, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	begun, err := checkPartition(ctx, conn)
	if err != nil {
		return Plan{}, err
	}
	until, err := firstPartitionEnd(ctx, conn)
	if err != nil {
		return Plan{}, err
	}
	known, err := load(files)
	if err != nil {
		return Plan{}, err
	}
	all := partitionSteps(until)
	if begun {
		all = all[len(all)-afterSwitch:]
	}
	return planSteps(ctx, db, conn, known, all)
}

// afterSwitch is how many of the steps are left once the tables are partitioned. They can be repeated.
const afterSwitch = 2

// partitionSteps are the steps of [Partition]. None of them is recorded.
func partitionSteps(until time.Time) []step {
	date := until.Format(monthLayout)
	return []step{
		{name: "limited the tables to chats that began before " + date, up: script{inTransaction: true, text: fmt.Sprintf(`
ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_before,
	ADD CONSTRAINT messages_before CHECK (chat_id IS NOT NULL AND chat_id < '%[1]s') NOT VALID;
ALTER TABLE message_status_changes DROP CONSTRAINT IF EXISTS messages_before,
	ADD CONSTRAINT messages_before CHECK (chat_id IS NOT NULL AND chat_id < '%[1]s') NOT VALID,
	DROP CONSTRAINT IF EXISTS message_status_changes_chat_id_fkey,
	ADD CONSTRAINT message_status_changes_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES chats ON DELETE CASCADE NOT VALID;`,
			firstChatID(until))}},
		{name: "checked the rows of the tables", up: script{text: `
ALTER TABLE messages VALIDATE CONSTRAINT messages_before;
ALTER TABLE message_status_changes VALIDATE CONSTRAINT messages_before;
ALTER TABLE message_status_changes VALIDATE CONSTRAINT message_status_changes_chat_id_fkey;`}},
		{name: "made the tables the first partition", up: script{inTransaction: true, text: fmt.Sprintf(`
SELECT partition_messages('%s');`, date)}},
		{name: "removed the limit", up: script{inTransaction: true, text: `
ALTER TABLE messages_first DROP CONSTRAINT IF EXISTS messages_before;
ALTER TABLE message_status_changes_first DROP CONSTRAINT IF EXISTS messages_before;`}},
		{name: "checked what refers to messages, and analyzed the tables", up: script{text: `
ALTER TABLE attachments VALIDATE CONSTRAINT attachments_chat_id_message_id_fkey;
ALTER TABLE message_versions VALIDATE CONSTRAINT message_versions_chat_id_message_id_fkey;
ALTER TABLE withdrawn_attachments VALIDATE CONSTRAINT withdrawn_attachments_chat_id_message_id_fkey;
ANALYZE messages, message_status_changes;`}},
	}
}

// firstChatID returns the id before all chats that begin at a time or later, as first_chat_id does in the database.
func firstChatID(at time.Time) string {
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x", ms>>16, ms&0xffff)
}

// checkPartition reports whether the tables are partitioned and a run was interrupted after that, and refuses what [Partition] refuses.
func checkPartition(ctx context.Context, conn *sql.Conn) (begun bool, err error) {
	var state struct {
		hasFunction, isPartitioned, isUnfinished bool
		views                                    string
	}
	if err := conn.QueryRowContext(ctx, `SELECT to_regproc('partition_messages') IS NOT NULL,
		EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('messages') AND relkind = 'p'),
		EXISTS (SELECT FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated AND conparentid = 0
				AND confrelid = to_regclass('messages')
			OR conname = 'messages_before' AND conrelid IN (to_regclass('messages_first'), to_regclass('message_status_changes_first'))),
		coalesce((SELECT string_agg(DISTINCT r.ev_class::regclass::text, ', ') FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
			WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
				AND d.refobjid IN (to_regclass('messages'), to_regclass('message_status_changes'))), '')`,
	).Scan(&state.hasFunction, &state.isPartitioned, &state.isUnfinished, &state.views); err != nil {
		return false, err
	}
	switch {
	case !state.hasFunction:
		return false, errors.New("the schema is behind: run `parley migrate up` first")
	case state.isPartitioned && !state.isUnfinished:
		return false, ErrPartitioned
	case state.isPartitioned:
		return true, nil
	case state.views != "":
		return false, fmt.Errorf("these views read the tables and would go on reading the first partition alone: %s. "+
			"Drop them, run this, and create them again", state.views)
	}
	return false, nil
}

// firstPartitionEnd returns the first of the month in which the first partition ends.
func firstPartitionEnd(ctx context.Context, conn *sql.Conn) (time.Time, error) {
	var now time.Time
	if err := conn.QueryRowContext(ctx, "SELECT now()").Scan(&now); err != nil {
		return time.Time{}, err
	}
	from := now.UTC().Add(partitionMargin)
	return time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC), nil
}

// removeLimit removes the limit of a run that failed, by a connection of its own: that of the run may be broken.
func removeLimit(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute) // the caller's context may be the reason
	defer cancel()
	remove := step{name: "removing the limit", up: script{inTransaction: true, text: `
ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_before;
ALTER TABLE message_status_changes DROP CONSTRAINT IF EXISTS messages_before;`}}
	err := alone(ctx, db, io.Discard, func(conn *sql.Conn) error { return remove.run(ctx, conn, io.Discard, remove.up, "SELECT") })
	if err != nil {
		return fmt.Errorf("%w; run this again soon, or messages of chats that begin next month cannot be stored", err)
	}
	return nil
}

// explainPartition adds to an error what to do about it.
func explainPartition(err error) error {
	if strings.Contains(err.Error(), `"messages_before"`) {
		return fmt.Errorf("some chats have ids that are no UUID v7 of the past, such as those of tests or of a clock that was wrong; "+
			"SELECT id FROM chats ORDER BY id DESC LIMIT 20 shows them. Delete those chats, then run this again (%w)", err)
	}
	return err
}
