package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

const day = 24 * time.Hour

// ids returns the ids that are left in a table.
func (h *testDesk) ids(table string) []string {
	h.t.Helper()
	var ids []string
	h.must(h.DB().NewRaw(`SELECT id FROM `+table+` ORDER BY id`).Scan(h.t.Context(), &ids))
	return ids
}

func (h *testDesk) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.DB().NewRaw(query, args...).Scan(h.t.Context(), &n))
	return n
}

func (h *testDesk) clean() int {
	h.t.Helper()
	n, err := h.Clean(h.t.Context())
	h.must(err)
	return n
}

func TestRetentionDeletesWhatHangsOnAChat(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	m := h.send(u, chat, "words of the old chat")
	h.must(h.ConfirmOne(t.Context(), anna, chat, m.ID, models.Read))
	_, err := h.AddNote(t.Context(), anna, chat, "a note of the old chat")
	h.must(err)
	_, err = h.End(t.Context(), anna, chat, "a comment of the old chat")
	h.must(err)
	h.must(h.Rate(t.Context(), u, chat, 4, "a rating of the old chat"))
	h.age("chats", chat, 30*day-time.Minute, "ended_at")
	if n := h.clean(); n != 0 {
		t.Fatalf("%d chats were deleted too early", n)
	}
	h.age("chats", chat, 2*time.Minute, "ended_at")
	if n := h.clean(); n != 1 {
		t.Fatalf("%d chats were deleted", n)
	}
	if found := h.holding("of the old chat"); len(found) > 0 {
		t.Errorf("its words stand in %v", found)
	}
	if found := h.holding(chat); len(found) > 0 {
		t.Errorf("it stands in %v", found)
	}
	for _, table := range []string{"messages", "message_status_changes"} {
		if n := h.count(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
	h.set("RETENTION", "1h")
	second := h.ask("u").Chat.ID
	_, err = h.End(t.Context(), u, second, "")
	h.must(err)
	h.age("chats", second, 61*time.Minute, "ended_at")
	if n := h.clean(); n != 1 {
		t.Errorf("with RETENTION=1h %d chats were deleted", n)
	}
}

func TestRetentionDeletesUsersWithoutStoredData(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	h.user("known, with nothing")
	h.exec(
		`INSERT INTO users (id) VALUES ('anon-with-nothing'), ('anon-young'), ('anon-expired'), ('anon-signed-in'), ('anon-chatting'), ('anon-streaming'), ('anon-old-chat')`,
	)
	h.exec(
		`INSERT INTO sessions (token_hash, user_id, expires_at) SELECT decode(md5(id), 'hex'), id, now() + interval '1 day' FROM users WHERE id IN ('anon-expired', 'anon-signed-in')`,
	)
	h.exec(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = 'anon-expired'`)
	_, err := h.IssueTicket(ctx, models.UserActor("anon-streaming"), nil, time.Now())
	h.must(err)
	_, err = h.IssueTicket(ctx, models.UserActor("anon-expired"), nil, time.Now())
	h.must(err)
	h.exec(`UPDATE stream_tickets SET expires_at = now() - interval '1 second' WHERE user_id = 'anon-expired'`)
	for _, id := range []string{"anon-chatting", "anon-old-chat"} {
		_, err = h.Assign(ctx, id, models.AssignRequest{})
		h.must(err)
	}
	old, err := h.OpenChats(ctx, models.UserActor("anon-old-chat"))
	h.must(err)
	_, err = h.End(ctx, models.UserActor("anon-old-chat"), old[0].ID, "")
	h.must(err)
	h.age("chats", old[0].ID, 31*day, "ended_at")
	h.exec(`UPDATE users SET created_at = now() - interval '30 days 1 minute' WHERE id <> 'anon-young'`)
	for range 2 {
		h.clean()
		if left := h.ids("users"); !slices.Equal(left, []string{"anon-chatting", "anon-signed-in", "anon-streaming", "anon-young"}) {
			t.Errorf("left are %v", left)
		}
	}
	if n := h.count(`SELECT count(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	if n := h.count(`SELECT count(*) FROM stream_tickets`); n != 1 {
		t.Errorf("%d tickets are left", n)
	}
}

// More users than a page, and of the same age.
func TestRetentionGoesThroughAllUsers(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id, created_at) SELECT 'u' || n, '2020-01-01' FROM generate_series(1, 2500) n`)
	h.exec(
		`INSERT INTO sessions (token_hash, user_id, expires_at) SELECT decode(md5(id), 'hex'), id, now() + interval '1 day' FROM users WHERE id LIKE '%7'`,
	)
	h.clean()
	if n := h.count(`SELECT count(*) FROM users`); n != 250 {
		t.Errorf("%d users are left", n)
	}
}

// The row of a user who starts a chat during the cleanup is kept.
func TestRetentionPassesOverWhoIsNeededAtThisMoment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id, created_at) VALUES ('late', '2020-01-01')`)
	tx, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	_, err = tx.NewRaw(`INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ('x', 'late', now() + interval '1 day')`).
		Exec(t.Context())
	h.must(err)
	h.clean()
	h.must(tx.Commit())
	h.clean()
	if left := h.ids("users"); !slices.Equal(left, []string{"late"}) {
		t.Errorf("left are %v", left)
	}
	if n := h.count(`SELECT count(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestSamplesOfTheDayAreFiguresAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	if n := h.count(
		`SELECT count(*) FROM information_schema.columns WHERE table_name = 'minute_buckets' AND column_name <> 'department' AND data_type NOT IN ('integer', 'timestamp with time zone', 'boolean')`,
	); n > 0 {
		t.Errorf("%d columns of minute_buckets hold more than figures", n)
	}
	h.exec(
		`INSERT INTO minute_buckets (minute) SELECT date_trunc('minute', now()) - make_interval(days => n) FROM generate_series(729, 731) n`,
	)
	h.clean()
	if n := h.count(`SELECT count(*) FROM minute_buckets`); n != 1 {
		t.Errorf("%d minutes are left", n)
	}
}

// TestCleaningGoesByIndexes checks the query plans of the cleanup on large tables.
func TestCleaningGoesByIndexes(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id, created_at) SELECT 'u' || n, now() - make_interval(mins => n) FROM generate_series(1, 1000) n`)
	h.exec(
		`INSERT INTO sessions (token_hash, user_id, expires_at) SELECT decode(md5(id), 'hex'), id, created_at + interval '16 hours' FROM users`,
	)
	h.exec(
		`INSERT INTO stream_tickets (token_hash, user_id, expires_at) SELECT decode(md5(id), 'hex'), id, created_at + interval '16 hours' FROM users`,
	)
	h.exec(`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type)
		SELECT id, id, 'ended', created_at, created_at, created_at, created_at, 'cancelled', 'manual' FROM users`)
	h.exec(
		`INSERT INTO minute_buckets (minute) SELECT date_trunc('minute', now()) - make_interval(mins => n) FROM generate_series(1, 9000) n`,
	)
	h.exec(`ANALYZE users, sessions, stream_tickets, chats, minute_buckets`)
	for query, index := range map[string]string{
		`SELECT id FROM chats WHERE status = 'ended' AND ended_at < now() - make_interval(secs => 57000) ORDER BY ended_at LIMIT 100 FOR UPDATE SKIP LOCKED`:           "chats_ended_at",
		`SELECT token_hash FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT 5000`:                                                                      "sessions_expires_at",
		`SELECT token_hash FROM stream_tickets WHERE expires_at < now() ORDER BY expires_at LIMIT 5000`:                                                                "stream_tickets_expires_at",
		`SELECT id, created_at FROM users WHERE created_at < now() - interval '16 hours' AND (created_at, id) > ('2020-01-01', '') ORDER BY created_at, id LIMIT 1000`: "users_created_at",
		`SELECT department, minute FROM minute_buckets WHERE minute < now() - interval '6 days' ORDER BY minute LIMIT 5000`:                                            "minute_buckets_minute",
		`DELETE FROM sessions WHERE user_id = 'u7'`:       "sessions_user",
		`DELETE FROM stream_tickets WHERE user_id = 'u7'`: "stream_tickets_user",
		`SELECT FROM chats WHERE user_id = 'u7'`:          "chats_user_history",
	} {
		if plan := h.plan(query); !strings.Contains(plan, index) {
			t.Errorf("%s goes by\n%s", query, plan)
		}
	}
}
