package models_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// month returns the beginning of the nth month after this one, in UTC.
func month(n int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
}

// placeOf returns the table in which the messages of a chat are.
func (h *testDesk) placeOf(chat string) (table string) {
	h.t.Helper()
	h.must(h.DB().NewRaw(`SELECT string_agg(DISTINCT tableoid::regclass::text, ', ') FROM messages WHERE chat_id = ?`, chat).
		Scan(h.t.Context(), &table))
	return table
}

// beginsIn gives a user a waiting chat with an id of another time, and returns the id.
func (h *testDesk) beginsIn(user string, at time.Time) (id string) {
	h.t.Helper()
	chat := h.ask(user).Chat
	h.exec(`DELETE FROM chat_due WHERE chat_id = ?`, chat.ID) // it refers to the id
	h.exec(`DELETE FROM messages WHERE chat_id = ?`, chat.ID)
	h.must(h.DB().NewRaw(`UPDATE chats SET id = first_chat_id(?) || right(id, 23), last_seq = 0 WHERE id = ? RETURNING id`, at, chat.ID).
		Scan(h.t.Context(), &id))
	return id
}

// A message that is sent again is known in the partition of every month, and in the default one.
func TestAMessageIsKnownInEveryPartition(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, c := range []struct {
		user  string
		at    time.Time
		place string
	}{
		{"now", time.Now(), "messages_first"},
		{"soon", month(1).Add(time.Hour), "messages_" + month(1).Format("2006_01")},
		{"a wrong clock", month(30), "messages_default"},
	} {
		chat, user := h.beginsIn(c.user, c.at), models.UserActor(c.user)
		m, created, err := h.Send(t.Context(), user, chat, models.NewMessage{Content: "one", ClientMessageID: "k"})
		if err != nil || !created {
			t.Fatalf("%s: %v, created %v", c.user, err, created)
		}
		again, created, err := h.Send(t.Context(), user, chat, models.NewMessage{Content: "one", ClientMessageID: "k"})
		if err != nil || created || again.ID != m.ID {
			t.Errorf("%s: sent again it is %+v, created %v, %v", c.user, again, created, err)
		}
		_, _, err = h.Send(t.Context(), user, chat, models.NewMessage{Content: "other", ClientMessageID: "k"})
		h.refused(err, "idempotency_key_reused")
		// Two at once: the index decides.
		var both sync.WaitGroup
		ids := make([]int64, 2)
		for i := range ids {
			both.Go(func() {
				m, _, err := h.Send(t.Context(), user, chat, models.NewMessage{Content: "two", ClientMessageID: "l"})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = m.ID
			})
		}
		both.Wait()
		if ids[0] != ids[1] {
			t.Errorf("%s: sent twice at once it is %v", c.user, ids)
		}
		if got := h.placeOf(chat); got != c.place {
			t.Errorf("%s: the messages are in %s, want %s", c.user, got, c.place)
		}
		_, err = h.End(t.Context(), user, chat, "")
		h.must(err)
	}
}

// Partitions are made ahead, by any number of workers at once. What was stored without them is moved, with what refers to it.
func TestMonthsAreMadeAhead(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ahead := func(want int) {
		t.Helper()
		if months, has, err := h.MonthsAhead(t.Context(), time.Now()); err != nil || !has || months != want {
			t.Errorf("%d months are ahead (%v, %v), want %d", months, has, err, want)
		}
	}
	ahead(2)
	h.exec(`SELECT drop_message_partition(?)`, month(1).Format("2006_01"))
	ahead(0)
	chat, user := h.beginsIn("u", month(1).Add(time.Hour)), models.UserActor("u")
	h.send(user, chat, "without a partition")
	_, _, err := h.SendFile(t.Context(), user, chat, h.letter("k"))
	h.must(err)
	agent := h.agent("anna", 5)
	h.settle()
	if n, err := h.ConfirmAll(t.Context(), agent, chat, models.Read); err != nil || n != 2 {
		t.Fatalf("%d messages were confirmed, %v", n, err)
	}
	if got := h.placeOf(chat); got != "messages_default" {
		t.Fatalf("the messages are in %s", got)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := h.KeepPartitions(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ahead(2)
	if got := h.placeOf(chat); got != "messages_"+month(1).Format("2006_01") {
		t.Errorf("afterwards the messages are in %s", got)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM attachments`:                    1,
		`SELECT count(*) FROM message_status_changes`:         2,
		`SELECT count(*) FROM message_status_changes_default`: 0,
		`SELECT count(*) FROM pg_constraint WHERE confrelid = 'messages'::regclass AND conparentid = 0 AND convalidated`: 3,
	} {
		if n := h.count(query); n != want {
			t.Errorf("%s is %d, want %d", query, n, want)
		}
	}
	h.send(user, chat, "with a partition")
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
}

// A partition that cannot be made at once is made by a later run. Meanwhile no message waits behind it for longer than a moment.
func TestMakingAPartitionGivesWay(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	chat := h.ask("u").Chat.ID
	h.exec(`SELECT drop_message_partition(?)`, month(2).Format("2006_01"))
	reader, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	_, err = reader.NewRaw(`LOCK TABLE messages_default IN ACCESS SHARE MODE`).Exec(t.Context())
	h.must(err)
	made := make(chan error, 1)
	go func() { made <- h.KeepPartitions(t.Context()) }()
	for n := range 20 {
		h.send(models.UserActor("u"), chat, fmt.Sprint(n))
	}
	h.must(<-made)
	if months, _, err := h.MonthsAhead(t.Context(), time.Now()); err != nil || months != 1 {
		t.Errorf("%d months are ahead, %v", months, err)
	}
	h.must(reader.Rollback())
	h.must(h.KeepPartitions(t.Context()))
	if months, _, err := h.MonthsAhead(t.Context(), time.Now()); err != nil || months != 2 {
		t.Errorf("then %d months are ahead, %v", months, err)
	}
}

// ended stores an ended chat of a month with a message, its confirmation and a file.
func (h *testDesk) ended(user string, at time.Time, status string) (id string) {
	h.t.Helper()
	h.user(user)
	name := strings.Repeat(string(user[0]), 26)
	h.must(
		h.DB().
			NewRaw(`WITH c AS (INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type, last_seq,
				version, agent_id)
			SELECT first_chat_id(?0) || '-7000-8000-' || right(md5(?1), 12), ?1, ?2::chat_status, ?0, ?0, ?0, e.at,
				CASE WHEN e.at IS NOT NULL THEN 'user_ended'::chat_ended_reason END, CASE WHEN e.at IS NOT NULL THEN 'manual'::chat_ended_type END, 1, 1, NULL
			FROM (SELECT CASE WHEN ?2 = 'ended' THEN ?0 END::timestamptz AS at) e RETURNING *),
		m AS (INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, created_at, status, delivered_at)
			SELECT nextval('messages_id'), id, 1, 1, 'user', ?1, 'file', 'old words', ?0, 'delivered', ?0 FROM c RETURNING *),
		s AS (INSERT INTO message_status_changes (chat_id, message_id, status, version, changed_at) SELECT chat_id, id, 'delivered', 1, ?0 FROM m),
		f AS (INSERT INTO stored_files (name) VALUES (?3) RETURNING name),
		a AS (INSERT INTO attachments (chat_id, message_id, public_id, file, name, content_type, size, upload_sha256)
			SELECT m.chat_id, m.id, ?3, f.name, 'a.txt', 'text/plain', 3, repeat('a', 64) FROM m, f)
		SELECT id FROM c`, at, user, status, name).
			Scan(h.t.Context(), &id),
	)
	return id
}

func TestRetentionDropsMonths(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`SELECT drop_message_partition('first')`)
	for n := -4; n <= 0; n++ {
		h.exec(`SELECT add_message_month(?)`, month(n).Format(time.DateOnly))
	}
	// Of four months ago nothing is kept; of three months ago one chat still waits; this month is young.
	h.ended("a", month(-4).Add(time.Hour), "ended")
	h.ended("b", month(-4).Add(2*time.Hour), "ended")
	h.ended("c", month(-3).Add(time.Hour), "ended")
	open := h.ended("d", month(-3).Add(2*time.Hour), "waiting")
	young := h.ended("e", time.Now(), "ended")
	if n := h.clean(); n != 3 {
		t.Errorf("%d chats were deleted, want 3", n)
	}
	all, err := h.MessagePartitions(t.Context())
	h.must(err)
	var left []string
	for _, p := range all {
		left = append(left, p.Name)
	}
	format := func(n int) string { return month(n).Format("2006_01") }
	// The empty one of two months ago is dropped as soon as its last chat could be of the age.
	want := []string{format(-3), format(-1), format(0), format(1), format(2)}
	if time.Since(month(-1)) < 30*day {
		want = append([]string{format(-3), format(-2)}, want[1:]...)
	}
	if strings.Join(left, " ") != strings.Join(want, " ") {
		t.Errorf("the partitions are %v, want %v", left, want)
	}
	for _, chat := range []string{open, young} {
		if n := h.count(
			`SELECT count(*) FROM messages m JOIN attachments a ON a.chat_id = m.chat_id JOIN message_status_changes s ON s.chat_id = m.chat_id
			WHERE m.chat_id = ?`,
			chat,
		); n != 1 {
			t.Errorf("the chat %s lost something", chat)
		}
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM chats`:                                 2,
		`SELECT count(*) FROM messages`:                              2,
		`SELECT count(*) FROM message_status_changes`:                2,
		`SELECT count(*) FROM attachments`:                           2,
		`SELECT count(*) FROM stored_files WHERE due_at IS NOT NULL`: 3, // SweepFiles deletes them
		`SELECT count(*) FROM pg_constraint WHERE confrelid = 'messages'::regclass AND conparentid = 0 AND convalidated`: 3,
	} {
		if n := h.count(query); n != want {
			t.Errorf("%s is %d, want %d", query, n, want)
		}
	}
	// Once the last chat is due, its month goes too.
	h.exec(`DELETE FROM chats WHERE id = ?`, open)
	h.clean()
	if all, err = h.MessagePartitions(t.Context()); err != nil || all[0].Name == format(-3) {
		t.Errorf("the empty month is still there: %+v, %v", all, err)
	}
}

// What is found by the id of a chat is looked for in one partition, also by a plan that was made before the id was known.
func TestStatementsReadOnePartition(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	chat := h.ask("u").Chat.ID
	h.exec(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT ?, n, 1, 'user', 'u', 'text', 'hello', now() FROM generate_series(2, 2000) n`, chat)
	h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 2000) n`)
	h.exec(
		`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at) SELECT first_chat_id(now()) || id, id, 'waiting', now(), now(), now()
		FROM users WHERE id <> 'u'`,
	)
	h.exec(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, client_message_id, created_at)
		SELECT id, n, 1, 'user', user_id, 'text', 'hello', n, now() FROM chats, generate_series(1, 10) n WHERE user_id <> 'u'`)
	h.exec(`ANALYZE messages, chats`)
	tx, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	defer func() { _ = tx.Rollback() }()
	for name, query := range map[string]string{
		"messages of a chat": `SELECT * FROM messages WHERE chat_id = $1 ORDER BY id DESC LIMIT 20`,
		"known keys": `SELECT * FROM unnest(ARRAY[$1]) s (id) WHERE NOT EXISTS (SELECT FROM messages m WHERE m.chat_id = s.id AND m.client_message_id = 'k'
			AND m.sender_type = 'user' AND m.sender_id = 'u')`,
		"a confirmation": `UPDATE messages SET status = status WHERE chat_id = $1`,
	} {
		var lines []string
		_, err := tx.NewRaw(`PREPARE q (text) AS ` + query).Exec(t.Context())
		h.must(err)
		h.must(tx.NewRaw(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE q ('`+chat+`')`).Scan(t.Context(), &lines))
		plan := strings.Join(lines, "\n")
		_, err = tx.NewRaw(`DEALLOCATE q`).Exec(t.Context())
		h.must(err)
		for _, line := range lines {
			if strings.Contains(line, " on messages_") && !strings.Contains(line, "messages_first") &&
				!strings.Contains(line, "never executed") &&
				!strings.HasPrefix(strings.TrimSpace(line), "Update on") {
				t.Errorf("%s: more than one partition is read:\n%s", name, plan)
				break
			}
		}
	}
}

// The limit that an interrupted `parley migrate partition` left is removed before messages reach it, and not earlier.
func TestAStaleLimitIsRemoved(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	// A database without partitions has the tables themselves.
	h.exec(`CREATE SCHEMA aside; ALTER TABLE messages SET SCHEMA aside; ALTER TABLE message_status_changes SET SCHEMA aside;
		CREATE TABLE messages (chat_id text); CREATE TABLE message_status_changes (chat_id text)`)
	limits := func() int { return h.count(`SELECT count(*) FROM pg_constraint WHERE conname = 'messages_before'`) }
	for in, want := range map[time.Duration]int{10 * day: 2, 2 * day: 0} {
		for _, table := range []string{"messages", "message_status_changes"} {
			h.exec(fmt.Sprintf(`ALTER TABLE %[1]s DROP CONSTRAINT IF EXISTS messages_before; DO $$ BEGIN
				EXECUTE format('ALTER TABLE %[1]s ADD CONSTRAINT messages_before CHECK (chat_id IS NOT NULL AND chat_id < %%L)', first_chat_id(now() + interval '%[2]d hours'));
			END $$`, table, int(in.Hours())))
		}
		h.must(h.KeepPartitions(t.Context()))
		if n := limits(); n != want {
			t.Errorf("%s before the limit there are %d, want %d", in, n, want)
		}
	}
}
