package models_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// record is a line of an export.
type record map[string]any

func (r record) is(kind string) bool { return r["type"] == kind }

// exported runs an export and returns its records.
func (h *testDesk) exported(q models.DataExportQuery) []record {
	h.t.Helper()
	e, err := h.BeginDataExport(h.t.Context(), admin, q)
	h.must(err)
	var out bytes.Buffer
	h.must(e.Write(h.t.Context(), &out))
	return recordsOf(h.t, out.String())
}

// finishTransactions waits until every transaction of the server up to now is over, also those of other tests. What they wrote comes again in the next
// export, so it would disturb tests of what does not.
func (h *testDesk) finishTransactions() {
	h.t.Helper()
	var last string
	h.must(h.DB().NewRaw(`SELECT pg_current_xact_id()::text`).Scan(h.t.Context(), &last))
	for isOver := false; !isOver; {
		h.must(h.DB().NewRaw(`SELECT pg_snapshot_xmin(pg_current_snapshot()) > ?::text::xid8`, last).Scan(h.t.Context(), &isOver))
	}
}

func recordsOf(t *testing.T, text string) []record {
	t.Helper()
	var records []record
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		records = append(records, r)
	}
	return records
}

// cursorOf returns the cursor of a complete export.
func cursorOf(t *testing.T, records []record) string {
	t.Helper()
	end := records[len(records)-1]
	if !end.is("end") {
		t.Fatalf("it ends with %v", end)
	}
	return end["cursor"].(string)
}

// kinds counts the records of each type that the data has.
func kinds(records []record) map[string]int {
	n := map[string]int{}
	for _, r := range records {
		if kind := r["type"].(string); kind != "header" && kind != "cursor" && kind != "end" {
			n[kind]++
		}
	}
	return n
}

// of returns the first record of a type, nil if there is none.
func of(records []record, kind string) record {
	for _, r := range records {
		if r.is(kind) {
			return r
		}
	}
	return nil
}

func contents(records []record) (all []string) {
	for _, r := range records {
		if r.is("message") && r["message_type"] == "text" {
			all = append(all, r["content"].(string))
		}
	}
	return all
}

// TestAnExportHasWhatChanged exports everything, and then after each change what changed: each time that, and not what the export before
// had.
func TestAnExportHasWhatChanged(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 5)
	user := models.UserActor("maria")
	chat := h.ask(user.ID).Chat.ID
	first := h.send(user, chat, "first words")
	h.must(errOf(h.End(ctx, anna, chat, "")))

	h.finishTransactions()
	all := h.exported(models.DataExportQuery{})
	header := all[0]
	if header["format"] != models.DataExportFormat || header["schema_version"] != float64(1) || header["is_continued"] != float64(0) {
		t.Errorf("the header is %v", header)
	}
	if n := kinds(all); n["chat"] != 1 || n["rating"] != 0 || n["presence"] == 0 {
		t.Errorf("%v", n)
	}
	if got := contents(all); len(got) == 0 || got[len(got)-1] != first.Content {
		t.Errorf("%q", got)
	}
	expect := func(what string, after string, want map[string]int) (records []record, cursor string) {
		t.Helper()
		h.finishTransactions()
		records = h.exported(models.DataExportQuery{After: after})
		if n := kinds(records); !maps.Equal(n, want) {
			t.Fatalf("%s: %v, want %v", what, n, want)
		}
		return records, cursorOf(t, records)
	}
	_, cursor := expect("nothing changed", cursorOf(t, all), map[string]int{})

	h.must(h.Rate(ctx, user, chat, 4.5, "so kind"))
	records, cursor := expect("rated later", cursor, map[string]int{"chat": 1, "rating": 1})
	if r := of(records, "rating"); r["rating"] != 4.5 || r["comment"] != "so kind" || r["agent_id"] != anna.ID {
		t.Errorf("the rating is %v", r)
	}

	open := h.ask(user.ID).Chat.ID
	m := h.send(user, open, "second words")
	_, cursor = expect("an open chat", cursor, map[string]int{"chat": 1, "message": 2})
	_, err := h.EditMessage(ctx, user, open, m.ID, "other words")
	h.must(err)
	records, cursor = expect("an edited message", cursor, map[string]int{"chat": 1, "message": 1})
	if got := contents(records); len(got) != 1 || got[0] != "other words" || of(records, "message")["edited_at"] == nil {
		t.Errorf("%v", records)
	}
	_, cursor = expect("nothing more", cursor, map[string]int{})

	h.must(errOf(h.EraseUser(ctx, admin, user.ID)))
	records, cursor = expect("erased", cursor, map[string]int{"user_erased": 1})
	if of(records, "user_erased")["user_id"] != user.ID {
		t.Errorf("%v", records)
	}
	_, _ = expect("told once", cursor, map[string]int{})
	if n := kinds(h.exported(models.DataExportQuery{})); n["chat"]+n["message"]+n["rating"]+n["user_erased"] != 0 {
		t.Errorf("an erased user is exported: %v", n)
	}
}

// TestAnExportLosesNothingThatCommitsLate exports while a transaction that began earlier is open. Another export after it has what that
// transaction wrote, and none has a row before it was committed.
func TestAnExportTellsBotsApart(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	bot := h.bot("helper", models.BotChange{})
	chat := h.askBot("maria", "", "Where is my card?")
	_, _, err := h.Send(t.Context(), bot, chat.ID, models.NewMessage{Content: "Which one?", QuickReplies: []string{"Debit", "Credit"}})
	h.must(err)
	h.finishTransactions()
	records := h.exported(models.DataExportQuery{})
	if got := of(records, "chat")["bot_id"]; got != bot.ID {
		t.Errorf("the bot of the chat is %v", got)
	}
	for _, r := range records {
		if r["type"] != "message" {
			continue
		}
		want := []any{0.0, nil}
		if r["content"] == "Which one?" {
			want = []any{1.0, []any{"Debit", "Credit"}}
		}
		if got := []any{r["is_by_bot"], r["quick_replies"]}; !reflect.DeepEqual(got, want) {
			t.Errorf("%v has %v", r["content"], got)
		}
	}
}

func TestAnExportLosesNothingThatCommitsLate(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 5)
	late := h.ask("late").Chat.ID
	h.must(errOf(h.End(ctx, anna, late, "")))
	h.finishTransactions()
	cursor := cursorOf(t, h.exported(models.DataExportQuery{}))

	early := h.ask("early").Chat.ID
	held, err := h.DB().BeginTx(ctx, nil)
	h.must(err)
	defer func() { _ = held.Rollback() }()
	_, err = held.ExecContext(ctx, `SELECT pg_current_xact_id()`)
	h.must(err)
	h.must(errOf(h.End(ctx, anna, early, ""))) // with a later number, and committed earlier
	_, err = held.ExecContext(ctx, `UPDATE chats SET outcome = 'solved', wrapped_up_at = now() WHERE id = '`+late+`'`)
	h.must(err)
	_, err = held.ExecContext(ctx, `INSERT INTO presence_changes (agent_id, from_presence, to_presence, cause)
		VALUES ('`+anna.ID+`', 'online', 'late', 'chosen')`)
	h.must(err)

	records := h.exported(models.DataExportQuery{After: cursor})
	if n := kinds(records); n["chat"] != 1 || n["wrap_up"] != 0 {
		t.Fatalf("before the commit: %v", n)
	}
	h.must(held.Commit())
	h.finishTransactions()
	records = h.exported(models.DataExportQuery{After: cursorOf(t, records)})
	n := kinds(records)
	if n["wrap_up"] != 1 || n["presence"] < 1 {
		t.Errorf("after the commit: %v", n)
	}
	if n = kinds(h.exported(models.DataExportQuery{After: cursorOf(t, records)})); len(n) != 0 {
		t.Errorf("it comes again without end: %v", n)
	}
}

// TestAnExportThatStoppedGoesOn cuts an export off after each of its lines and goes on with the last cursor that was read: together they
// have everything.
func TestAnExportThatStoppedGoesOn(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.manyChats(1200, 3)
	open := 3
	for n := range open {
		h.ask(fmt.Sprint("open-", n))
	}
	whole := kinds(h.exported(models.DataExportQuery{}))
	if whole["chat"] != 1200+open || whole["message"] < 3600 {
		t.Fatalf("%v", whole)
	}
	seen, cursor, parts := map[string]bool{}, "", 0
	for done := false; !done; parts++ {
		e, err := h.BeginDataExport(t.Context(), admin, models.DataExportQuery{After: cursor})
		h.must(err)
		out := &cutOff{after: 1}
		err = e.Write(t.Context(), out)
		if done = err == nil; !done && !errors.Is(err, errCutOff) {
			t.Fatal(err)
		}
		for _, r := range recordsOf(t, out.whole()) {
			switch {
			case r.is("chat"):
				seen[fmt.Sprint("chat ", r["chat_id"])] = true
			case r.is("message"):
				seen[fmt.Sprint("message ", r["chat_id"], r["message_id"])] = true
			case r.is("cursor"):
				cursor = r["cursor"].(string)
			}
		}
		if parts > 200 {
			t.Fatal("it makes no progress")
		}
	}
	if want := whole["chat"] + whole["message"]; len(seen) != want || parts < 3 {
		t.Errorf("%d records in %d parts, want %d", len(seen), parts, want)
	}
}

var errCutOff = errors.New("cut off")

// cutOff accepts blocks until it has read a cursor in that many of them, and then fails.
type cutOff struct {
	after int
	text  bytes.Buffer
}

func (c *cutOff) Write(p []byte) (int, error) {
	if c.after == 0 {
		return 0, errCutOff
	}
	if bytes.Contains(p, []byte(`"type":"cursor"`)) {
		c.after--
	}
	return c.text.Write(p)
}

// whole returns the complete lines.
func (c *cutOff) whole() string {
	text := c.text.String()
	return text[:strings.LastIndex(text, "\n")+1]
}

// TestACursorOfAnotherDatabase continues exports in a database with other transactions, as after a move: it goes by time, and everything
// that changed since comes.
func TestACursorOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	chat := h.ask("maria").Chat.ID
	h.must(errOf(h.End(t.Context(), anna, chat, "")))
	cursor := cursorOf(t, h.exported(models.DataExportQuery{}))
	h.exec(`UPDATE installation SET transactions_of = 'another'; UPDATE export_changes SET changed_by = '9000000000'`)
	if n := kinds(h.exported(models.DataExportQuery{After: models.CursorOfSystem(cursor, "another")})); n["chat"] != 1 {
		t.Errorf("%v", n)
	}
	if n := h.count(`SELECT count(*) FROM export_changes WHERE changed_by = '0'`); n != 1 {
		t.Error("the numbers of the other database are kept")
	}
	h.finishTransactions()
	records := h.exported(models.DataExportQuery{After: cursor})
	if n := kinds(h.exported(models.DataExportQuery{After: cursorOf(t, records)})); len(n) != 0 {
		t.Errorf("it comes again without end: %v", n)
	}
}

// TestAnExportSince has chats that changed since then with all their messages, and no others.
func TestAnExportSince(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.manyChats(10, 2)
	h.exec(`UPDATE export_changes SET changed_at = now() - interval '3 days' WHERE chat_id <> 'old-3'`)
	n := kinds(h.exported(models.DataExportQuery{Since: time.Now().Add(-24 * time.Hour)}))
	if n["chat"] != 1 || n["message"] != 2 {
		t.Errorf("%v", n)
	}
}

func TestWhatAnExportRefuses(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	for name, q := range map[string]models.DataExportQuery{
		"no cursor": {After: "abc"}, "both": {After: "e30", Since: time.Now()}, "empty": {After: "e30"}, "bytes": {After: "\x00\xff"},
		"long": {After: strings.Repeat("a", 5000)},
	} {
		_, err := h.BeginDataExport(ctx, admin, q)
		if models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.BeginDataExport(ctx, models.Actor{Kind: models.KindAgent, ID: "s", Role: models.RoleSupervisor}, models.DataExportQuery{})
	h.refused(err, "role_required")
	if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'file_exported'`); n != 0 {
		t.Errorf("%d rows in the audit log", n)
	}
	h.exported(models.DataExportQuery{})
	if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'file_exported' AND actor_id = 'root' AND subject_id = 'data'`); n != 1 {
		t.Errorf("%d rows in the audit log", n)
	}

	e, err := h.BeginDataExport(ctx, admin, models.DataExportQuery{})
	h.must(err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	var out bytes.Buffer
	if err := e.Write(gone, &out); err == nil || strings.Contains(out.String(), `"type":"end"`) {
		t.Errorf("a client that is gone gets %v, %s", err, out.String())
	}
}

// TestAnExportNeedsLittleMemory exports a lot while what is in memory is measured.
func TestAnExportNeedsLittleMemory(t *testing.T) {
	h := newTestDesk(t)
	h.manyChats(4000, 25)
	e, err := h.BeginDataExport(t.Context(), admin, models.DataExportQuery{})
	h.must(err)
	out := new(memoryMeter)
	out.before = out.heap()
	began := time.Now()
	h.must(e.Write(t.Context(), out))
	t.Logf("%d bytes in %s, %d MB more in memory", out.bytes.Load(), time.Since(began), out.most>>20)
	if out.bytes.Load() < 30<<20 || out.most > 24<<20 {
		t.Errorf("%d bytes were exported with %d more in memory", out.bytes.Load(), out.most)
	}
	if n := h.count(
		`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < now() - interval '2 seconds'`,
	); n != 0 {
		t.Errorf("%d long transactions", n)
	}
}

// memoryMeter measures what is reachable after each megabyte.
type memoryMeter struct {
	bytes  atomic.Int64
	before uint64
	most   uint64
	next   int64
}

func (*memoryMeter) heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (w *memoryMeter) Write(p []byte) (int, error) {
	if w.bytes.Add(int64(len(p))) > w.next {
		w.next += 1 << 20
		if now := w.heap(); now > w.before {
			w.most = max(w.most, now-w.before)
		}
	}
	return len(p), nil
}

// manyChats stores ended chats with messages.
func (h *testDesk) manyChats(chats, messages int) {
	h.t.Helper()
	h.exec(`INSERT INTO users (id) SELECT 'user-' || n FROM generate_series(1, 100) n`)
	h.exec(
		`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type, last_seq, total_messages)
		SELECT 'old-' || n, 'user-' || 1 + n % 100, 'ended', now(), now(), now(), now(), 'user_ended', 'manual', ?1, ?1 FROM generate_series(1, ?0) n`,
		chats,
		messages,
	)
	h.exec(`INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT m, 'old-' || n, m, m, 'user', 'user-' || 1 + n % 100, 'text', 'Where is my parcel? It was sent a week ago.', now()
		FROM generate_series(1, ?0) n, generate_series(1, ?1) m`, chats, messages)
}

// TestAnExportFromAReplica exports from a replica, from one that has not got what the cursor stands for, and from the primary.
func TestAnExportFromAReplica(t *testing.T) {
	t.Parallel()
	pair := testdb.PostgresPair(t)
	h := newTestDeskOn(t, pair.Primary.URL, models.DefaultSettings())
	anna := h.agent("anna", 5)
	first := h.ask("first").Chat.ID
	h.must(errOf(h.End(t.Context(), anna, first, "")))
	h.finishTransactions()
	cursor := cursorOf(t, h.exported(models.DataExportQuery{})) // from the primary

	replica, err := models.OpenReplica(pair.Standby.URL)
	h.must(err)
	t.Cleanup(func() { _ = replica.Close() })
	h.SetReplica(replica)
	for deadline := time.Now().Add(30 * time.Second); h.ReplicaState(t.Context()).Err != nil; <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the replica is not used")
		}
	}
	reads, _ := h.ReplicaReads()
	records := h.exported(models.DataExportQuery{After: cursor})
	if n := kinds(records); len(n) != 0 {
		t.Errorf("%v", n)
	}
	if now, _ := h.ReplicaReads(); now == reads {
		t.Error("the replica was not read")
	}

	_, err = replica.ExecContext(t.Context(), "SELECT pg_wal_replay_pause()")
	h.must(err)
	for paused := false; !paused; {
		h.must(replica.QueryRowContext(t.Context(), "SELECT pg_get_wal_replay_pause_state() = 'paused'").Scan(&paused))
	}
	second := h.ask("second").Chat.ID
	h.must(errOf(h.End(t.Context(), anna, second, "")))
	stale := h.exported(models.DataExportQuery{After: cursorOf(t, records)}) // the replica has not got the chat yet
	_, err = replica.ExecContext(t.Context(), "SELECT pg_wal_replay_resume()")
	h.must(err)
	got := kinds(stale)["chat"]
	for deadline := time.Now().Add(30 * time.Second); got == 0; {
		stale = h.exported(models.DataExportQuery{After: cursorOf(t, stale)})
		got = kinds(stale)["chat"]
		if time.Now().After(deadline) {
			t.Fatal("what the replica got late is lost")
		}
	}
}

// errOf returns the error of a call whose result does not matter.
func errOf[T any](_ T, err error) error { return err }
