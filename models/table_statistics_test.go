package models_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/models"
)

// batchPlans returns how PostgreSQL runs the statements that store several messages at once, as a connection keeps the plans that has
// prepared them now.
func (h *testDesk) batchPlans() (plans []string) {
	h.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, h.url)
	h.must(err)
	defer c.Close(ctx)
	_, err = c.Exec(ctx, `SET plan_cache_mode = force_generic_plan`)
	h.must(err)
	for _, sql := range models.BatchSQL() {
		_, err := c.Exec(ctx, `PREPARE batch (text[], text[], text[], text[], text[], boolean[]) AS `+sql)
		h.must(err)
		rows, err := c.Query(ctx, `EXPLAIN EXECUTE batch ('{a}', '{a}', '{a}', '{a}', '{user}', '{f}')`, pgx.QueryExecModeSimpleProtocol)
		h.must(err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		h.must(err)
		plans = append(plans, strings.Join(lines, "\n"))
		_, err = c.Exec(ctx, `DEALLOCATE batch`)
		h.must(err)
	}
	return plans
}

// readsMessages reports whether one of the plans reads all messages of the partition that has those of a chat.
func (h *testDesk) readsMessages(chat string) bool {
	h.t.Helper()
	partition := regexp.MustCompile(` on (messages\w*)`).FindStringSubmatch(h.plan(`SELECT FROM messages WHERE chat_id = '` + chat + `'`))
	for _, plan := range h.batchPlans() {
		if strings.Contains(plan, "Seq Scan on "+partition[1]+" ") {
			return true
		}
	}
	return false
}

// A batch must not read all messages of its chats to find out whether a key was used before, which would cost more with each message.
func TestKeysAreLookedForByTheirIndex(t *testing.T) {
	t.Parallel()
	h, users, chats := talks(t, 16)
	check := func(when string) {
		t.Helper()
		for _, plan := range h.batchPlans() {
			if !regexp.MustCompile(`Index Cond: .*client_message_id`).MatchString(plan) {
				t.Errorf("%s all messages of a chat are read for a key:\n%s", when, plan)
			}
		}
	}
	check("without statistics")
	for n := range 60 {
		var all sync.WaitGroup
		for i, chat := range chats {
			all.Go(func() {
				_, _, err := h.Send(t.Context(), users[i], chat, models.NewMessage{Content: "said", ClientMessageID: fmt.Sprint("key ", n)})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	h.exec(`ANALYZE`)
	check("with statistics of many messages")
}

// An installation begins with empty tables. The plans of its first minute must not read whole tables once these have grown.
func TestMessagesAreStoredByIndexOnANewDatabase(t *testing.T) {
	t.Parallel()
	h, _, user, chat := talking(t)
	if h.readsMessages(chat) {
		t.Error("without statistics all messages are read for each batch")
	}
	h.exec(`DELETE FROM messages`) // as a new month is
	h.exec(`VACUUM ANALYZE`)
	if !h.readsMessages(chat) {
		t.Fatal("statistics of an empty table do not make PostgreSQL read it whole")
	}
	for n := range models.FirstAnalysis {
		h.send(user, chat, fmt.Sprint("message ", n))
	}
	h.WaitForAnalysis()
	if h.readsMessages(chat) {
		t.Errorf("after %d messages all of them are read for each batch", models.FirstAnalysis)
	}
}

// A small batch is not planned anew each time: PostgreSQL estimates as many messages for it as for any other.
func TestSmallBatchesAreNotPlannedEachTime(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	c, err := pgx.Connect(t.Context(), h.url)
	h.must(err)
	defer c.Close(context.Background())
	for _, sql := range models.BatchSQL() {
		_, err := c.Exec(t.Context(), `PREPARE batch (text[], text[], text[], text[], text[], boolean[]) AS `+sql)
		h.must(err)
		for range 10 {
			_, err := c.Exec(t.Context(), `EXECUTE batch ('{a}', '{a}', '{a}', '{a}', '{user}', '{f}')`, pgx.QueryExecModeSimpleProtocol)
			h.must(err)
		}
		var custom int
		h.must(c.QueryRow(t.Context(), `SELECT custom_plans FROM pg_prepared_statements WHERE name = 'batch'`).Scan(&custom))
		if custom != 5 { // with which PostgreSQL begins
			t.Errorf("%d of 10 were planned anew, want the first 5", custom)
		}
		_, err = c.Exec(t.Context(), `DEALLOCATE batch`)
		h.must(err)
	}
}

// What a confirmation costs must not grow with the months that are kept: only the partition of the chat is prepared to be read.
func TestAConfirmationReadsOnePartition(t *testing.T) {
	t.Parallel()
	h, _, _, chat := talking(t)
	c, err := pgx.Connect(t.Context(), h.url)
	h.must(err)
	defer c.Close(context.Background())
	_, err = c.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan`)
	h.must(err)
	var plans []string
	for _, sql := range models.ConfirmSQL() {
		_, err := c.Exec(t.Context(), `PREPARE confirm (text, text, text, message_sender, text[], bigint, bigint) AS `+sql)
		h.must(err)
		rows, err := c.Query(t.Context(), `EXPLAIN EXECUTE confirm ('`+chat+`', 'a', 'read', 'user', '{sent}', 0, 1)`,
			pgx.QueryExecModeSimpleProtocol)
		h.must(err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		h.must(err)
		plans = append(plans, strings.Join(lines, "\n"))
		_, err = c.Exec(t.Context(), `DEALLOCATE confirm`)
		h.must(err)
	}
	for _, plan := range plans {
		read := regexp.MustCompile(`Scan.* on (messages\w*)`).FindAllStringSubmatch(plan, -1)
		if len(read) == 0 {
			t.Errorf("no partition is read by\n%s", plan)
		}
		for _, partition := range read {
			if partition[1] != read[0][1] {
				t.Errorf("%s and %s are read by\n%s", read[0][1], partition[1], plan)
			}
		}
	}
}
