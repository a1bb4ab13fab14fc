package migrations_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/migrations"
	"parley/models"
	"parley/models/testdb"
)

// whole takes back the partitions of a new database, so that it is as one of an earlier release after `migrate up`.
func whole(t *testing.T, db *sql.DB) {
	t.Helper()
	for isPartitioned(t, db) {
		must(t, migrations.Down(t.Context(), db, false, io.Discard))
	}
	run(t, db, `INSERT INTO users (id) VALUES ('known')`) // it is in use now
	must(t, migrations.Up(t.Context(), db, io.Discard))
	if isPartitioned(t, db) {
		t.Fatal("the tables of a database that is in use were partitioned by a migration")
	}
}

func isPartitioned(t *testing.T, db *sql.DB) bool {
	t.Helper()
	return read(t, db, `SELECT relkind::text FROM pg_class WHERE oid = 'messages'::regclass`) == "p"
}

// placed are the rows of each partition.
const placed = `SELECT coalesce(string_agg(place || ' ' || n, ', ' ORDER BY place), '') FROM (
	SELECT tableoid::regclass::text AS place, count(*) AS n FROM messages GROUP BY 1
	UNION ALL SELECT tableoid::regclass::text, count(*) FROM message_status_changes GROUP BY 1) p`

// filenode is the file of the table that was there before: a table that was copied has another one.
const filenode = `SELECT relfilenode::text FROM pg_class WHERE relname IN ('messages', 'messages_first') AND relkind = 'r'`

func TestANewDatabaseHasItsMessagesByMonth(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.Up(t.Context(), db, io.Discard))
	if !isPartitioned(t, db) {
		t.Fatal("the messages of a new database have no partitions")
	}
	if n := read(t, db, `SELECT count(*)::text FROM pg_inherits WHERE inhparent = 'messages'::regclass`); n != "4" {
		t.Errorf("it has %s partitions, want the first, two months and the default one", n)
	}
	if _, err := migrations.PlanPartition(t.Context(), db); !errors.Is(err, migrations.ErrPartitioned) {
		t.Errorf("the plan says %v", err)
	}
	if err := migrations.Partition(t.Context(), db, io.Discard); !errors.Is(err, migrations.ErrPartitioned) {
		t.Errorf("to partition it says %v", err)
	}
}

// Down and up again keep messages, wherever they are, and what refers to them. What later steps added to a message is gone.
func TestPartitionsAreTakenBack(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	talk(t, url)
	db := openPool(t, url)
	rows := `SELECT (SELECT md5(string_agg((to_jsonb(m) - '{by_bot,quick_replies}'::text[])::text, '' ORDER BY id)) FROM messages m) || (SELECT count(*) FROM attachments)`
	before := read(t, db, rows)
	for isPartitioned(t, db) {
		must(t, migrations.Down(t.Context(), db, false, io.Discard))
	}
	if after := read(t, db, rows); after != before {
		t.Errorf("the rows are %s, want %s", after, before)
	}
	must(t, migrations.Up(t.Context(), db, io.Discard))
	if _, err := db.ExecContext(t.Context(), `DELETE FROM chats`); err != nil {
		t.Fatal(err)
	}
	if after := read(t, db, `SELECT (SELECT count(*) FROM messages) || ' ' || (SELECT count(*) FROM attachments)`); after != "0 0" {
		t.Errorf("without chats there are %s messages and attachments", after)
	}
}

// TestAnOldDatabaseIsPartitionedWhilePeopleChat partitions a database under load, interrupted at each step and run again.
func TestAnOldDatabaseIsPartitionedWhilePeopleChat(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	db := openPool(t, url)
	whole(t, db)
	talk(t, url)
	pool, err := models.Open(t.Context(), url)
	must(t, err)
	defer pool.Close()
	desk := models.NewDesk(pool, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	defer desk.Close()

	plan, err := migrations.PlanPartition(t.Context(), db)
	must(t, err)
	for _, s := range plan.Steps {
		for _, table := range s.Tables {
			if table.RewrittenBytes > 0 || table.Blocks != migrations.BlocksNothing && table.ScannedBytes > 0 {
				t.Errorf("%s blocks %s of %s for more than a moment: %+v", s.Name, table.Blocks, table.Table, table)
			}
		}
	}
	if len(plan.Steps) == 0 || isPartitioned(t, db) {
		t.Fatalf("the plan is %+v", plan)
	}
	before := read(t, db, filenode)

	stop, sent := make(chan struct{}), make(chan int, 4)
	var senders errgroup.Group
	for n := range 4 {
		senders.Go(func() error {
			user := models.Actor{Kind: models.KindUser, ID: fmt.Sprintf("sender%d", n)}
			if _, err := desk.EnsureUser(t.Context(), models.Identity{ID: user.ID}); err != nil {
				return err
			}
			chat, err := desk.Assign(t.Context(), user.ID, models.AssignRequest{})
			if err != nil {
				return err
			}
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					sent <- i
					return nil
				case <-pace.C:
				}
				m := models.NewMessage{Content: "hello", ClientMessageID: fmt.Sprint(i)}
				if _, created, err := desk.Send(t.Context(), user, chat.Chat.ID, m); err != nil || !created {
					return fmt.Errorf("message %d: created %v, %w", i, created, err)
				}
				if _, created, err := desk.Send(t.Context(), user, chat.Chat.ID, m); err != nil || created {
					return fmt.Errorf("message %d again: created %v, %w", i, created, err)
				}
			}
		})
	}
	for _, after := range []string{"limited", "checked the rows", "made the tables", "removed"} {
		ctx, cancel := contextUntil(t, after)
		if err := migrations.Partition(ctx, openPool(t, url), cancel); err == nil {
			t.Errorf("the run that ends after %q succeeded", after)
		}
		limited := read(
			t,
			db,
			`SELECT count(*)::text FROM pg_constraint WHERE conname = 'messages_before' AND conrelid = 'messages'::regclass`,
		)
		if limited != "0" {
			t.Errorf("after %q the limit is still there", after)
		}
	}
	var out bytes.Buffer
	must(t, migrations.Partition(t.Context(), db, &out))
	if strings.Contains(out.String(), "made the tables") {
		t.Errorf("the last run began anew:\n%s", out.String())
	}
	close(stop)
	must(t, senders.Wait())
	total := 2 // of talk
	for range 4 {
		total += <-sent
	}
	if n := read(t, db, `SELECT count(*)::text FROM messages WHERE sender_type = 'user'`); n != fmt.Sprint(total) {
		t.Errorf("%s messages are stored, %d were sent", n, total)
	}
	if after := read(t, db, filenode); after != before {
		t.Error("the table was copied")
	}
	if got := read(t, db, placed); !strings.HasPrefix(got, "messages_first ") || strings.Contains(got, "default") {
		t.Errorf("the rows are in %s", got)
	}
	if left := read(t, db, `SELECT coalesce(string_agg(conrelid::regclass || '.' || conname, ', '), '') FROM pg_constraint
		WHERE NOT convalidated AND conparentid = 0 AND conrelid::regclass::text ~ 'message|attachments' OR conname = 'messages_before'`); left != "" {
		t.Errorf("the constraints %s were added, and neither checked nor dropped", left)
	}
	state, err := migrations.Status(t.Context(), db)
	must(t, err)
	if state.TooNew != "" || len(state.Pending) > 0 {
		t.Errorf("the state is %+v", state)
	}
	older := previousSteps(t)
	if state, err = migrations.StatusFrom(t.Context(), db, older); err != nil || state.TooNew == "" {
		t.Errorf("an earlier release would start on it: %+v, %v", state, err)
	}
	checked, err := desk.Check(t.Context())
	must(t, err)
	for _, c := range checked {
		for _, f := range c.Findings {
			t.Errorf("%s: %s %s", c.Invariant, f.Subject, f.Detail)
		}
	}
	// It has everything that a new one has.
	fresh := openPool(t, testdb.Postgres(t))
	for _, line := range strings.Split(read(t, fresh, shape), "\n") {
		if got := read(t, db, shape); !ofPartition.MatchString(line) && !strings.Contains(got, line) {
			t.Errorf("it has no %s", line)
		}
	}
}

// ofPartition matches lines about a partition, of which there are others in another month.
var ofPartition = regexp.MustCompile(`(messages|changes)_\d{4}_\d{2}`)

func TestToPartitionIsRefusedInWords(t *testing.T) {
	t.Parallel()
	db := openPool(t, testdb.Postgres(t))
	whole(t, db)
	run(t, db, `CREATE VIEW of_others AS SELECT count(*) FROM messages`)
	if err := migrations.Partition(t.Context(), db, io.Discard); err == nil || !strings.Contains(err.Error(), "of_others") {
		t.Errorf("with a view: %v", err)
	}
	run(
		t,
		db,
		`DROP VIEW of_others`,
		`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at) VALUES ('test', 'known', 'waiting', now(), now(), now())`,
		`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at) VALUES ('test', 1, 1, 'user', 'known', 'text', 'x', now())`,
	)
	if err := migrations.Partition(t.Context(), db, io.Discard); err == nil || !strings.Contains(err.Error(), "ids that are no UUID v7") {
		t.Errorf("with a chat that has an id of its own: %v", err)
	}
	if n := read(t, db, `SELECT count(*)::text FROM pg_constraint WHERE conname = 'messages_before'`); n != "0" {
		t.Error("the limit is still there")
	}
	run(t, db, `DELETE FROM chats`)
	must(t, migrations.Partition(t.Context(), db, io.Discard))

	behind := openPool(t, testdb.EmptyPostgres(t))
	must(t, migrations.UpFrom(t.Context(), behind, previousSteps(t), io.Discard))
	if err := migrations.Partition(t.Context(), behind, io.Discard); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("with pending steps: %v", err)
	}
}

// A copy has the partitions of its source, and a source without partitions becomes a copy with them.
func TestACopyHasThePartitionsOfItsSource(t *testing.T) {
	t.Parallel()
	const bounds = `SELECT string_agg(c.relname || pg_get_expr(c.relpartbound, c.oid), ', ' ORDER BY c.relname) FROM pg_class c WHERE c.relispartition
		AND relkind = 'r'`
	fromURL := testdb.Postgres(t)
	talk(t, fromURL)
	from, to := openPool(t, fromURL), openPool(t, testdb.EmptyPostgres(t))
	run(t, from, `SELECT add_message_month((date_trunc('month', now()) + interval '5 months')::date)`)
	must(t, migrations.Copy(t.Context(), from, to, io.Discard))
	if got, want := read(t, to, bounds), read(t, from, bounds); got != want {
		t.Errorf("the copy has %s, want %s", got, want)
	}
	if got, want := read(t, to, placed), read(t, from, placed); got != want {
		t.Errorf("the copy has %s, want %s", got, want)
	}

	from, to = openPool(t, testdb.Postgres(t)), openPool(t, testdb.EmptyPostgres(t))
	whole(t, from)
	run(t, from, `INSERT INTO chats (id, user_id, queued_at, user_seen_at, created_at, status, ended_at, ended_reason, ended_type)
			SELECT first_chat_id(at) || '-7000-8000-000000000000', 'known', at, at, at, 'ended', at, 'cancelled', 'manual'
			FROM (SELECT now() - n * interval '1 month' AS at FROM generate_series(0, 2) n) s`,
		`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
			SELECT id, 1, 1, 'user', 'known', 'text', 'x', now() FROM chats`)
	must(t, migrations.Copy(t.Context(), from, to, io.Discard))
	month := time.Now().UTC()
	month = month.AddDate(0, 0, 1-month.Day())
	var want []string
	for n := -2; n <= 0; n++ {
		want = append(want, "messages_"+month.AddDate(0, n, 0).Format("2006_01")+" 1")
	}
	if got := read(t, to, placed); got != strings.Join(want, ", ") {
		t.Errorf("the copy has %s, want %s", got, want)
	}
}

// cancelAfter cancels a run once it has said something.
type cancelAfter struct {
	said   string
	cancel context.CancelFunc
}

func (c *cancelAfter) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), c.said) {
		c.cancel()
	}
	return len(p), nil
}

func contextUntil(t *testing.T, said string) (context.Context, io.Writer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, &cancelAfter{said, cancel}
}
