package models_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// life creates a user with all kinds of data: two ended chats and an open one, notes, ratings, sessions, tickets.
func life(t *testing.T) (h *testDesk, anna models.Actor, open string, session string) {
	t.Helper()
	h = newTestDesk(t)
	ctx := t.Context()
	anna = h.agent("anna", 1)
	_, err := h.AddDepartment(ctx, admin, "cards", "Cards")
	h.must(err)
	h.webhook(models.WebhookEventTypes()...)
	question := h.question(models.Question{ReasonName: named("asked question"), Kind: models.TextQuestion})
	maria, err := h.EnsureUser(
		ctx,
		models.Identity{
			ID: "maria-42", Name: "Maria Lopes", Email: "Maria@Example.com", Verified: true, Locale: "zh-CN",
			Attributes: models.Attributes{"plan": "secret plan"},
		},
	)
	h.must(err)
	u := models.UserActor(maria.ID)
	for range 3 {
		got, err := h.Assign(
			ctx,
			u.ID,
			models.AssignRequest{
				Message:   "secret words",
				PageURL:   "https://shop.example/secret",
				PageTitle: "secret page",
				OwnOrigin: "https://shop.example",
				Answers:   models.Answers{question: "confided answer"},
			},
		)
		h.must(err)
		h.must(h.MovePage(ctx, u, got.Chat.ID, models.Page{
			URL: "https://shop.example/next", Title: "secret next page", OwnOrigin: "https://shop.example",
		}))
		h.must(h.AddUserTag(ctx, anna, got.Chat.ID, "secret tag"))
		_, err = h.AddUserNote(ctx, anna, got.Chat.ID, "secret remark")
		h.must(err)
		m := h.send(anna, got.Chat.ID, "secret answer")
		h.must(h.ConfirmOne(ctx, u, got.Chat.ID, m.ID, models.Read))
		_, err = h.AddNote(ctx, anna, got.Chat.ID, "secret note")
		h.must(err)
		open = got.Chat.ID
		if n := h.count(`SELECT count(*) FROM chats`); n < 3 {
			_, err = h.End(ctx, anna, open, "secret end")
			h.must(err)
			h.must(h.RateWithReasons(ctx, u, open, 4.5, "secret rating", []int64{9}))
		}
	}
	h.exec(`INSERT INTO transfer_offers (chat_id, from_agent_id, department, wants, tried, promised, made_at, expires_at, state, reason,
			answered_at, handed_over_at)
		SELECT id, agent_id, 'cards', 'secret wish', 'secret try', 'secret promise', now(), now(), 'queued', 'secret reason', now(), now() FROM chats`)
	session, _, err = h.Identify(ctx, models.Identity{ID: u.ID}, "", "secret browser")
	h.must(err)
	_, err = h.IssueTicket(ctx, u, models.HashToken(session), time.Now().Add(time.Hour))
	h.must(err)
	h.exec(
		`INSERT INTO outgoing_mails (chat_id, kind, recipient, state, finished_at, reply) SELECT id, 'answer', 'secret3@example.com', 'failed', now(), 'secret reply' FROM chats`,
	)
	h.exec(`INSERT INTO continue_links (chat_id, key) SELECT id, decode(repeat('61', 32), 'hex') FROM chats`)
	h.exec(
		`INSERT INTO reply_addresses (token, chat_id, email) SELECT substr(translate(md5(id), '0189', 'wxyz'), 1, 26), id, 'secret@example.com' FROM chats`,
	)
	h.exec(`INSERT INTO received_mails (chat_id, token, key, kind, from_email, from_name, subject, content, size, received_at)
		SELECT id, 'x', sha256(id::bytea), 'automatic', 'secret2@example.com', 'secret sender', 'secret subject', 'secret mail', 1, now() FROM chats`)
	h.exec(`INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, request_headers, answer)
		SELECT d.id, 1, now(), 1, '{}', 'secret answer of a receiver' FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
		WHERE e.chat_id IS NOT NULL`)
	return h, anna, open, session
}

// about states for each table what the export and the erasure of a user do with it. A new table needs a line.
var about = map[string]string{
	"users":                     "exported",
	"sessions":                  "exported",
	"chats":                     "exported",
	"messages":                  "exported",
	"message_status_changes":    "exported",
	"stream_tickets":            "erased", // hashes that are good for 30 seconds
	"agents":                    "none",
	"agent_departments":         "none",
	"bots":                      "none",
	"departments":               "none",
	"canned_replies":            "none",
	"drafts":                    "erased", // what agents typed and never sent; no part of the conversation
	"wrap_up_options":           "none",
	"break_reasons":             "none",
	"rating_reasons":            "none",
	"chat_search":               "erased", // the words of messages and notes, which are exported
	"chat_search_due":           "erased",
	"presence_changes":          "none",
	"temporary_capacities":      "none",
	"temporary_capacity_agents": "none",
	"settings":                  "none",
	"sites":                     "none",
	"pulse":                     "none",
	"installation":              "none",
	"second_factors":            "none",
	"recovery_codes":            "none",
	"sso_accounts":              "none",
	"sso_flows":                 "none",
	"sso_sessions":              "none",
	"sso_logouts":               "none",
	"sign_in_steps":             "none",
	"minute_samples":            "none",
	"minute_buckets":            "none", // figures alone
	"schema_migrations":         "none",
	"audit_log":                 "kept", // ids alone
	"attachments":               "exported",
	"transfer_offers":           "exported",
	"message_versions":          "exported",
	"withdrawn_attachments":     "exported",
	"stored_files":              "erased",
	"file_key":                  "none",
	"wallboard_keys":            "none",
	"api_keys":                  "none",
	"assistant_days":            "none",   // counts alone
	"export_changes":            "erased", // ids of chats
	"chat_due":                  "none",   // when the sweep looks at an open chat
	"invariant_checks":          "none",
	"sent_forms":                "none", // hashes of what administrators entered
	"report_buckets":            "none",
	"report_agent_time":         "none",
	"report_due":                "none",
	"report_gone":               "none", // figures of deleted chats, without the chat and its user
	"report_messages_gone":      "none", // the same of messages that users left
	"report_views":              "none",
	"user_tags":                 "exported",
	"user_notes":                "exported",
	"chat_pages":                "exported",
	"alert_rules":               "none",
	"alerts":                    "none",   // figures, and agents who took care of them
	"chat_flags":                "erased", // of open chats, from their messages and earlier ratings, which are exported
	"chat_flag_scans":           "erased",
	"chat_watches":              "erased", // of the moment; the audit log keeps what is over
	"opening_hours":             "none",
	"push_subscriptions":        "none",   // devices of agents
	"push_notices":              "erased", // which chat and message an agent was told of
	"push_keys":                 "none",
	"opening_intervals":         "none",
	"opening_exceptions":        "none",
	"questions":                 "none",
	"looks":                     "none",
	"text_overrides":            "none",
	"look_topics":               "none",
	"chat_answers":              "exported",
	"outgoing_mails":            "exported",
	"continue_links":            "erased", // what signs links; they are never exported
	"received_mails":            "exported",
	"webhooks":                  "none",
	"webhook_events":            "erased", // rows of chats as they were, which are exported as they are
	"webhook_deliveries":        "erased",
	"webhook_attempts":          "erased",
	"reply_addresses":           "exported", // without the token, with which anyone could write for the user
}

func TestNoTableIsForgotten(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	var tables []string
	h.must(h.DB().NewRaw(wholeTables).Scan(t.Context(), &tables))
	if want := slices.Sorted(maps.Keys(about)); !slices.Equal(tables, want) {
		t.Errorf("the tables are %v; the export and the erasure of a user know of %v", tables, want)
	}
}

func TestAnExportIsComplete(t *testing.T) {
	t.Parallel()
	h, anna, open, session := life(t)
	h.told()
	other := h.ask("other").Chat.ID
	h.settle()
	h.send(models.UserActor("other"), other, "words of another")
	// Empty fields are omitted, so no field may be empty.
	h.exec(
		`UPDATE chats SET department = 'cards', priority = 1, returned_at = now(), avoid_agent_id = ?, avoid_until = now(), awaiting_since = now(), warned_at = now(),
		unread_by_agent = 1, unread_by_user = 1, predicted_department = 'cards', outcome = 'Solved', tags = '{Refund}', wrapped_up_at = now(), wrap_up_skipped = true, offer_id = 1, assignments = 2,
		joined_ids = '{x}', watcher_ids = '{x}', hand_raised_at = now(), hand_line = 'secret line', transfers = 1,
		channel = 'message', contact_email = 'secret@example.com', contact_name = 'secret name', contact_locale = 'zh-CN',
		consented_at = now(), consent_text = 'secret consent', user_here_at = now(), live_at = now()
		WHERE status = 'ended'`,
		anna.ID,
	)
	h.exec(`UPDATE chats SET bot_id = agent_id`)
	h.exec(
		`UPDATE messages SET client_message_id = 'k', system_kind = 'x', system_args = '{"a": "b"}', via = 'email', by_bot = true, quick_replies = '{secret chip}', edited_at = now(),
		withdrawn_at = now(), changed_version = version WHERE content = 'secret answer'`,
	)
	e, err := h.ExportUser(t.Context(), admin, "maria-42")
	h.must(err)
	raw, err := json.Marshal(e)
	h.must(err)
	text := string(raw)
	for _, said := range []string{
		"maria-42", "Maria Lopes", "Maria@Example.com", "secret wish", "secret try", "secret promise", "secret reason",
		"secret3@example.com", "secret reply", "secret words", "secret answer", "secret note", "secret end", "secret rating", "4.5",
		"secret2@example.com", "secret sender", "secret subject", "secret mail",
		"https://shop.example/secret", "secret page", "secret browser", "secret plan", "secret tag", "secret remark", "secret next page", "asked question", "confided answer", open, `"status":"read"`, `"sender_name":"anna"`, `"agent_name":"anna"`, "zh-CN",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("the export lacks %q", said)
		}
	}
	hash, _ := json.Marshal(models.HashToken(session))
	for _, never := range []string{"words of another", "other", session, strings.Trim(string(hash), `"`), "anna@example.com", "token"} {
		if strings.Contains(text, never) {
			t.Errorf("the export has %q", never)
		}
	}
	if strings.Contains(text, "+00:00") || !strings.HasSuffix(e.Chats[0].CreatedAt.Format(time.RFC3339), "Z") {
		t.Error("times are not written with Z")
	}
	var doc map[string]any
	h.must(json.Unmarshal(raw, &doc))
	firstOf := func(v any) map[string]any { return v.([]any)[0].(map[string]any) }
	chat := firstOf(doc["chats"])
	messages := chat["messages"].([]any)
	answer := messages[2].(map[string]any) // after the question and the system message that an agent joined
	for table, row := range map[string]map[string]any{
		"users": doc["user"].(map[string]any), "sessions": firstOf(doc["sessions"]), "chats": chat,
		"transfer_offers": firstOf(chat["transfer_offers"]), "chat_answers": firstOf(chat["answers"]),
		"messages": answer, "outgoing_mails": firstOf(chat["outgoing_mails"]), "message_status_changes": firstOf(answer["status_changes"]),
		"received_mails": firstOf(chat["received_mails"]), "reply_addresses": firstOf(chat["reply_addresses"]),
	} {
		var columns []string
		h.must(
			h.DB().
				NewRaw(`SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ?`, table).
				Scan(t.Context(), &columns),
		)
		for _, c := range columns {
			implied := c == "token_hash" || c == "address" || table == "sessions" && strings.HasSuffix(c, "_id") || // of agents
				(table == "reply_addresses" || table == "received_mails") &&
					slices.Contains([]string{"id", "chat_id", "token", "key"}, c) ||
				table == "message_status_changes" && strings.HasSuffix(c, "_id") ||
				strings.HasSuffix(c, "_agent_id") && row[strings.Replace(c, "_agent", "", 1)] != nil
			if _, there := row[c]; !there && !implied {
				t.Errorf("the export lacks the column %s of %s", c, table)
			}
		}
	}
	if len(e.Chats) != 3 || len(e.Sessions) != 1 || len(messages) != 4 {
		t.Errorf("%d chats, %d sessions, %d messages in the first", len(e.Chats), len(e.Sessions), len(messages))
	}
	h.tells(`root user_exported user of maria-42 {"chats": 3, "messages": 12}`)
	_, err = h.ExportUser(t.Context(), admin, "nobody")
	h.refused(err, "user_not_found")
	_, err = h.ExportUser(t.Context(), anna, "maria-42")
	h.refused(err, "role_required")
	_, err = h.ExportUser(t.Context(), models.UserActor("maria-42"), "maria-42")
	h.refused(err, "role_required")
	h.tells()
}

func TestAnErasureLeavesNothing(t *testing.T) {
	t.Parallel()
	h, anna, open, session := life(t)
	ctx := t.Context()
	waiting := h.ask("other").Chat.ID
	if h.chat(waiting).Status != models.Waiting {
		t.Fatal("anna has room")
	}
	rated, err := h.AgentByID(ctx, anna.ID)
	h.must(err)
	h.told()
	_, err = h.EraseUser(ctx, anna, "maria-42")
	h.refused(err, "role_required")
	done, err := h.EraseUser(ctx, admin, "maria-42")
	h.must(err)
	if want := (models.Erasure{Found: true, Chats: 3, Messages: 12, Sessions: 1}); *done != want {
		t.Errorf("erased %+v, want %+v", *done, want)
	}
	h.tells(`root user_erased user of maria-42 {"chats": 3, "messages": 12}`)
	for _, trace := range []string{"Maria Lopes", "Maria@Example.com", "secret", "confided", open} {
		if found := h.holding(trace); len(found) > 0 {
			t.Errorf("%q still stands in %v", trace, found)
		}
	}
	if found := h.holding("maria-42"); !slices.Equal(found, []string{"audit_log"}) {
		t.Errorf("the id still stands in %v", found)
	}
	if n := h.count(`SELECT count(*) FROM sessions WHERE user_id IS NOT NULL`) + h.count(`SELECT count(*) FROM stream_tickets`); n > 0 {
		t.Errorf("%d sessions and tickets are left", n)
	}
	_, _, _, err = h.UserBySession(ctx, session)
	h.refused(err, "unauthorized")
	changes := h.changes(open)
	if last := changes[len(changes)-1]; !last.Ended || *last.Chat.EndedReason != models.ReasonServiceEnded {
		t.Errorf("the last that was said of the open chat is %+v", last)
	}
	if !strings.Contains(h.published(), `"erased":{"user_id":"maria-42"`) {
		t.Error("the erasure was not announced")
	}
	h.Close() // the drain that it woke
	if c := h.chat(waiting); c.Status != models.Active || h.load(anna) != 1 {
		t.Errorf("who waited is %s", c.Status)
	}
	if a, err := h.AgentByID(ctx, anna.ID); err != nil || a.AvgRating() != rated.AvgRating() || a.RatingCount != 2 {
		t.Errorf("anna's ratings are %+v", a)
	}
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
	again, err := h.EraseUser(ctx, admin, "maria-42")
	h.must(err)
	if *again != (models.Erasure{}) {
		t.Errorf("erased again: %+v", *again)
	}
	h.tells()
}

func TestAnErasureTakesWhoWaitsOutOfTheQueue(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	first, second := h.ask("first").Chat.ID, h.ask("second").Chat.ID
	_, err := h.EraseUser(t.Context(), admin, "first")
	h.must(err)
	queue, _, err := h.Queue(t.Context(), models.QueueFilter{})
	h.must(err)
	if len(queue) != 1 || queue[0].Chat.ID != second || queue[0].Position != 1 {
		t.Errorf("the queue is %+v", queue)
	}
	changes := h.changes(first)
	if last := changes[len(changes)-1]; !last.Ended || *last.Chat.EndedReason != models.ReasonCancelled {
		t.Errorf("it ended as %+v", last)
	}
}

func TestAnOlderTokenDoesNotRestoreAnErasedUser(t *testing.T) {
	t.Parallel()
	h, _, _, _ := life(t)
	ctx := t.Context()
	old := models.Identity{ID: "maria-42", Name: "Maria Lopes", Verified: true, IssuedAt: time.Now().Add(-time.Minute)}
	_, err := h.EnsureUser(ctx, old)
	h.must(err)
	_, err = h.EraseUser(ctx, admin, "maria-42")
	h.must(err)
	_, err = h.EnsureUser(ctx, old)
	h.refused(err, "unauthorized")
	_, err = h.Assign(ctx, "maria-42", models.AssignRequest{})
	h.refused(err, "unauthorized")
	_, _, err = h.Identify(ctx, old, "", "")
	h.refused(err, "unauthorized")
	_, err = h.IssueTicket(ctx, models.UserActor("maria-42"), nil, time.Now())
	h.refused(err, "unauthorized")
	if found := h.holding("Maria Lopes"); len(found) > 0 {
		t.Errorf("she stands in %v", found)
	}
	fresh := old
	fresh.IssuedAt = time.Now().Add(time.Minute)
	if u, err := h.EnsureUser(ctx, fresh); err != nil || u.ID != "maria-42" {
		t.Errorf("with a new token: %v, %v", u, err)
	}
	if chats, err := h.ChatsOfUser(ctx, "maria-42"); err != nil || len(chats) != 0 {
		t.Errorf("she has %d chats", len(chats))
	}
}

// Even if the user is active at the same time, afterwards no data is left, or only that of a new user.
func TestErasingWhileTheUserGoesOn(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 3)
	ctx := t.Context()
	for range 8 {
		h.user("busy")
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 4 {
					got, err := h.Assign(ctx, "busy", models.AssignRequest{Message: "busy words"})
					if code := models.CodeOf(
						err,
					); err != nil && code != "unauthorized" && code != "chat_ended" &&
						code != "chat_not_found" {
						t.Errorf("assign: %v", err)
					}
					if err == nil {
						_, _, err = h.Send(ctx, models.UserActor("busy"), got.Chat.ID, models.NewMessage{Content: "busy words"})
						if code := models.CodeOf(err); err != nil && code != "chat_not_found" {
							t.Errorf("send: %v", err)
						}
					}
				}
			})
		}
		all.Go(func() {
			_, err := h.EraseUser(ctx, admin, "busy")
			if err != nil {
				t.Errorf("erase: %v", err)
			}
		})
		all.Wait()
		if _, err := h.EraseUser(ctx, admin, "busy"); err != nil {
			t.Fatal(err)
		}
		if found := h.holding("busy words"); len(found) > 0 {
			t.Fatalf("words stand in %v", found)
		}
	}
	h.Close()
	if found := h.found(); len(found) > 0 {
		t.Errorf("found: %v", found)
	}
}

func TestUsersAreFound(t *testing.T) {
	t.Parallel()
	h, anna, _, _ := life(t)
	ctx := t.Context()
	for i, u := range []models.Identity{{ID: "u1", Name: "Mario", Email: "mario@example.com"}, {ID: "u2", Name: "100%", Email: "x_y@example.com"}, {ID: "u3", Name: "王伟", Email: "xay@example.com"}, {ID: "Maria Lopes"}} {
		u.Verified = i%2 == 0
		_, err := h.EnsureUser(ctx, u)
		h.must(err)
	}
	for text, want := range map[string]string{
		"maria-42": "maria-42", "MARIA@example.COM": "maria-42", "maria@": "maria-42", " mari": "maria-42 u1", "maria lopes": "maria-42", "Maria Lopes": "Maria Lopes maria-42",
		"100%": "u2", "%": "", "_": "", "x_y@": "u2", `\`: "", "王": "u3", "lopes": "", "MARIA-42": "", "nobody": "",
	} {
		users, more, err := h.FindUsers(ctx, admin, text)
		h.must(err)
		ids := make([]string, len(users))
		for i := range users {
			ids[i] = users[i].ID
		}
		if got := strings.Join(ids, " "); got != want || more {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	users, _, err := h.FindUsers(ctx, admin, "maria-42")
	h.must(err)
	if u := users[0]; u.Chats != 3 || u.LastChatAt == nil || *u.Email != "Maria@Example.com" {
		t.Errorf("found %+v", u)
	}
	h.exec(`INSERT INTO users (id, name) SELECT 'many' || n, 'Many' FROM generate_series(1, 30) n`)
	users, more, err := h.FindUsers(ctx, admin, "many")
	h.must(err)
	if len(users) != 20 || !more {
		t.Errorf("%d of many, more: %v", len(users), more)
	}
	for _, bad := range []string{"", "  ", "a\x00b", strings.Repeat("x", 255)} {
		_, _, err := h.FindUsers(ctx, admin, bad)
		h.refused(err, "validation_failed")
	}
	_, _, err = h.FindUsers(ctx, anna, "maria")
	h.refused(err, "role_required")
	holds, err := h.UserHoldings(ctx, admin, "maria-42")
	h.must(err)
	if holds.Chats != 3 || holds.Open != 1 || holds.Messages != 9 || holds.Notes != 3 || holds.Ratings != 2 || holds.Sessions != 1 ||
		holds.FirstChatAt == nil {
		t.Errorf("held are %+v", holds)
	}
	var notes, tags, pages int
	h.must(
		h.DB().
			NewRaw(`SELECT (SELECT count(*) FROM user_notes WHERE user_id = 'maria-42'), (SELECT count(*) FROM user_tags WHERE user_id = 'maria-42'),
		(SELECT count(*) FROM chat_pages p JOIN chats c ON c.id = p.chat_id WHERE c.user_id = 'maria-42')`).
			Scan(ctx, &notes, &tags, &pages),
	)
	if notes*tags*pages == 0 || holds.UserNotes != notes || holds.Tags != tags || holds.Pages != pages {
		t.Errorf("held are %+v, stored %d notes, %d tags and %d pages", holds, notes, tags, pages)
	}
	_, err = h.UserHoldings(ctx, admin, "nobody")
	h.refused(err, "user_not_found")
	_, err = h.UserHoldings(ctx, anna, "maria-42")
	h.refused(err, "role_required")

	h.exec(
		`INSERT INTO users (id, name, email) SELECT 'bulk' || n, 'Name ' || n, 'mail' || n || '@example.com' FROM generate_series(1, 2000) n`,
	)
	h.exec(`ANALYZE users`)
	for query, index := range map[string]string{
		`SELECT id FROM users WHERE lower(email) LIKE lower('Mail77%') LIMIT 21`: "users_email_search",
		`SELECT id FROM users WHERE lower(name) LIKE lower('Name 77%') LIMIT 21`: "users_name_search",
	} {
		if plan := h.plan(query); !strings.Contains(plan, index) {
			t.Errorf("%s goes by\n%s", query, plan)
		}
	}
}
