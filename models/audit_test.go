package models_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// told returns the new rows of the log since the last call, oldest first, each as "actor action kind subject details".
func (h *testDesk) told() []string {
	h.t.Helper()
	rows, _, err := h.AuditLog(h.t.Context(), admin, models.AuditFilter{Limit: 1000})
	h.must(err)
	var told []string
	for _, r := range slices.Backward(rows) {
		if r.ID <= h.heard {
			continue
		}
		h.heard = r.ID
		name := r.SubjectName
		if r.UserID != nil {
			name = "of " + *r.UserID
		}
		told = append(told, fmt.Sprintf("%s %s %s %s %s", r.ActorName, r.Action, r.SubjectKind, name, r.Details))
	}
	return told
}

// tells checks the new rows of the log since the last call.
func (h *testDesk) tells(want ...string) {
	h.t.Helper()
	if got := h.told(); !slices.Equal(got, want) {
		h.t.Errorf("the log tells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// staff adds an agent with a role and without chats.
func (h *testDesk) staff(name string, role models.Role) models.Actor {
	h.t.Helper()
	a, err := h.AddAgent(
		h.t.Context(),
		admin,
		models.NewAgent{Email: name + "@example.com", Name: name, Password: "correct horse", Role: role},
	)
	h.must(err)
	return models.AgentActor(a)
}

func TestTheLogTellsWhoSignedInAndOut(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.staff("anna", models.RoleAgent)
	h.told()
	ctx := models.From(t.Context(), "::ffff:203.0.113.9", "req-1")
	token, _, err := h.SignIn(ctx, "ANNA@example.com", "correct horse", "test")
	h.must(err)
	h.tells("anna signed_in agent anna {}")
	_, _, err = h.SignIn(ctx, "anna@example.com", "wrong", "test")
	h.refused(err, "wrong_credentials")
	_, _, err = h.SignIn(ctx, "nobody@example.com", "wrong password", "test")
	h.refused(err, "wrong_credentials")
	h.tells(" sign_in_failed agent anna {}", " sign_in_failed agent  {}")
	h.must(h.SignOut(ctx, token))
	h.must(h.SignOut(ctx, token))
	h.tells("anna signed_out agent anna {}")
	disabled := true
	_, err = h.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &disabled})
	h.must(err)
	h.told()
	_, _, err = h.SignIn(ctx, "anna@example.com", "correct horse", "test")
	h.refused(err, "wrong_credentials")
	h.tells(" sign_in_failed agent anna {}")

	user, _, err := h.StartUserSession(ctx, "en", "test")
	h.must(err)
	h.must(h.SignOut(ctx, user))
	h.tells()
	rows, _, err := h.AuditLog(t.Context(), admin, models.AuditFilter{ActorID: anna.ID})
	h.must(err)
	if r := rows[len(rows)-1]; r.Address != "203.0.113.9" || r.RequestID != "req-1" || r.ActorRole != models.RoleAgent ||
		time.Since(r.At) > time.Minute {
		t.Errorf("the row is %+v", r)
	}
	for _, secret := range []string{"wrong password", "nobody@example.com", token} {
		if found := h.holding(secret); len(found) > 0 {
			t.Errorf("%q stands in %v", secret, found)
		}
	}
}

func TestTheLogTellsWhatWasChanged(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	boss := h.staff("boss", models.RoleAdmin)
	h.tells(`root agent_added agent boss {"role": "admin", "capacity": 5, "departments": []}`)
	_, err := h.AddDepartment(ctx, boss, "cards", "Cards")
	h.must(err)
	h.must(h.RenameDepartment(ctx, boss, "cards", "Cards and cash"))
	h.must(h.RenameDepartment(ctx, boss, "cards", "Cards and cash"))
	h.tells(
		"boss department_added department Cards {}",
		`boss department_renamed department Cards {"name": {"to": "Cards and cash", "from": "Cards"}}`,
	)
	anna := h.staff("anna", models.RoleAgent)
	h.told()
	name, role, most, departments, yes, no := "Anna", models.RoleSupervisor, 7, []string{"cards"}, true, false
	change := models.AgentChange{Name: &name, Role: &role, MaxConcurrent: &most, Departments: &departments}
	for range 2 { // the second changes nothing
		_, err = h.UpdateAgent(ctx, boss, anna.ID, change)
		h.must(err)
	}
	h.tells(
		`boss agent_renamed agent anna {"name": {"to": "Anna", "from": "anna"}}`,
		`boss role_changed agent anna {"role": {"to": "supervisor", "from": "agent"}}`,
		`boss capacity_changed agent anna {"capacity": {"to": 7, "from": 5}}`,
		`boss agent_departments_changed agent anna {"departments": {"to": ["cards"], "from": []}}`,
	)
	for _, disabled := range []*bool{&yes, &yes, &no} {
		_, err = h.UpdateAgent(ctx, boss, anna.ID, models.AgentChange{Disabled: disabled})
		h.must(err)
	}
	h.must(h.SetPassword(ctx, boss, anna.ID, "another horse"))
	h.tells("boss agent_disabled agent Anna {}", "boss agent_enabled agent Anna {}", "boss password_set agent Anna {}")
	h.must(h.ChangeSetting(ctx, boss, "IDLE_WARNING", "90s"))
	h.must(h.ChangeSetting(ctx, boss, "IDLE_WARNING", "70s"))
	h.must(h.ChangeSetting(ctx, boss, "IDLE_WARNING", "70s"))
	h.must(h.ResetSetting(ctx, boss, "IDLE_WARNING"))
	h.must(h.ResetSetting(ctx, boss, "IDLE_WARNING"))
	h.tells(
		`boss setting_changed setting IDLE_WARNING {"value": {"to": "1m30s", "from": "1m0s"}}`,
		`boss setting_changed setting IDLE_WARNING {"value": {"to": "1m10s", "from": "1m30s"}}`,
		`boss setting_reset setting IDLE_WARNING {"value": {"to": "1m0s", "from": "1m10s"}}`,
	)
	for range 2 {
		h.must(h.AddSite(ctx, boss, "https://shop.example"))
	}
	h.must(h.RemoveSite(ctx, boss, "https://shop.example"))
	if err := h.RemoveSite(ctx, boss, "https://shop.example"); models.CodeOf(err) != "site_not_found" {
		t.Errorf("removing it again: %v", err)
	}
	h.tells("boss site_added site https://shop.example {}", "boss site_removed site https://shop.example {}")
	h.must(h.Repair(ctx, boss, "load_counted"))
	h.must(h.AuditExport(ctx, boss, "queue", 3))
	h.must(h.DeleteDepartment(ctx, boss, "cards"))
	h.tells(
		"boss health_repaired rule load_counted {}",
		`boss file_exported file queue {"rows": 3}`,
		"boss department_removed department Cards and cash {}",
	)
}

// A refused action leaves no row.
func TestTheLogTellsNothingOfWhatWasRefused(t *testing.T) {
	t.Parallel()
	h, anna, _, chat := talking(t)
	ruth := h.staff("ruth", models.RoleSupervisor)
	boss := h.staff("boss", models.RoleAdmin)
	h.told()
	ctx := t.Context()
	none, agent := models.RoleAgent, models.RoleAgent
	for what, err := range map[string]error{
		"role":       second(h.UpdateAgent(ctx, ruth, anna.ID, models.AgentChange{Role: &none})),
		"last admin": second(h.UpdateAgent(ctx, boss, boss.ID, models.AgentChange{Role: &agent})),
		"password":   h.SetPassword(ctx, boss, anna.ID, "short"),
		"setting":    h.ChangeSetting(ctx, boss, "IDLE_WARNING", "soon"),
		"repair":     h.Repair(ctx, boss, "nothing"),
		"assign":     second(h.AssignByHand(ctx, ruth, chat, ruth.ID)), // not online
		"priority":   second(h.SetPriority(ctx, ruth, chat, 5)),        // does not wait
		"export":     second(h.Messages(ctx, boss, "no such chat", 0, 0)),
	} {
		if err == nil {
			t.Errorf("%s was not refused", what)
		}
	}
	h.tells()
}

func second[T any](_ T, err error) error { return err }

func TestTheLogTellsWhoReadAndMovedTheChatsOfOthers(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	ctx := t.Context()
	ruth := h.staff("ruth", models.RoleSupervisor)
	h.online(ruth)
	h.send(u, chat, "hello")
	h.told()
	for range 3 {
		_, _, err := h.MessagesBefore(ctx, ruth, chat, 0, 0)
		h.must(err)
		_, err = h.Messages(ctx, ruth, chat, 0, 0)
		h.must(err)
		_, err = h.Messages(ctx, anna, chat, 0, 0)
		h.must(err)
		_, err = h.Messages(ctx, u, chat, 0, 0)
		h.must(err)
	}
	h.tells(`ruth chat_watched chat of u {"status": "active"}`)
	h.laterInTheLog(11 * time.Minute)
	_, err := h.Messages(ctx, ruth, chat, 0, 0)
	h.must(err)
	h.tells(`ruth chat_watched chat of u {"status": "active"}`)

	_, err = h.AssignByHand(ctx, ruth, chat, ruth.ID)
	h.must(err)
	_, err = h.Messages(ctx, ruth, chat, 0, 0) // it is hers now
	h.must(err)
	h.tells(
		fmt.Sprintf(
			`ruth chat_taken_over chat of u {"agent": {"to": "ruth", "from": "anna"}, "agent_id": {"to": "%s", "from": "%s"}}`,
			ruth.ID,
			anna.ID,
		),
	)
	_, err = h.AssignByHand(ctx, ruth, chat, anna.ID)
	h.must(err)
	h.tells(
		fmt.Sprintf(
			`ruth chat_assigned chat of u {"agent": {"to": "anna", "from": "ruth"}, "agent_id": {"to": "%s", "from": "%s"}}`,
			anna.ID,
			ruth.ID,
		),
	)
	_, err = h.Transfer(ctx, ruth, chat, models.TransferRequest{Note: "words that nobody else reads"})
	h.must(err)
	h.settle()
	h.tells(
		fmt.Sprintf(`ruth chat_transferred chat of u {"agent": {"to": "", "from": "anna"}, "agent_id": {"to": "", "from": "%s"}}`, anna.ID),
	)
	_, err = h.AddDepartment(ctx, admin, "cards", "Cards")
	h.must(err)
	h.told()
	for h.chat(chat).Status != models.Active {
		h.settle()
	}
	holder := models.Actor{Kind: models.KindAgent, ID: h.chat(chat).ServedBy(), Role: models.RoleAgent}
	_, err = h.Transfer(ctx, holder, chat, models.TransferRequest{Department: "cards"}) // one's own
	h.must(err)
	h.tells()
	_, err = h.SetPriority(ctx, ruth, chat, 7)
	h.must(err)
	_, err = h.SetPriority(ctx, ruth, chat, 7)
	h.must(err)
	_, err = h.End(ctx, ruth, chat, "a comment that stays in the chat")
	h.must(err)
	h.tells(`ruth chat_priority_changed chat of u {"priority": {"to": 7, "from": 0}}`, `ruth chat_ended chat of u {"status": "waiting"}`)
	own := h.ask("v").Chat
	_, err = h.End(ctx, models.Actor{Kind: models.KindAgent, ID: own.ServedBy(), Role: models.RoleAgent}, own.ID, "")
	h.must(err)
	_, err = h.End(ctx, models.UserActor("w"), h.ask("w").Chat.ID, "")
	h.must(err)
	h.tells()
	for _, words := range []string{"words that nobody else reads", "a comment that stays", "hello"} {
		if slices.Contains(h.holding(words), "audit_log") {
			t.Errorf("the log has %q", words)
		}
	}
}

// laterInTheLog makes all rows of the log older, bypassing the trigger.
func (h *testDesk) laterInTheLog(by time.Duration) {
	h.t.Helper()
	h.exec(`ALTER TABLE audit_log DISABLE TRIGGER USER`)
	h.exec(`UPDATE audit_log SET at = at - make_interval(secs => ?)`, by.Seconds())
	h.exec(`ALTER TABLE audit_log ENABLE TRIGGER USER`)
}

func TestNoChangeWithoutItsRow(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	ruth := h.staff("ruth", models.RoleSupervisor)
	boss := h.staff("boss", models.RoleAdmin)
	h.send(u, chat, "hello")
	token, _, err := h.SignIn(t.Context(), "ruth@example.com", "correct horse", "test")
	h.must(err)
	h.exec(`ALTER TABLE audit_log ADD CONSTRAINT no_room CHECK (false) NOT VALID`)
	ctx := t.Context()
	name, yes := "another", true
	for what, err := range map[string]error{
		"sign in":    func() error { _, _, err := h.SignIn(ctx, "anna@example.com", "correct horse", "test"); return err }(),
		"sign out":   h.SignOut(ctx, token),
		"add":        second(h.AddAgent(ctx, boss, models.NewAgent{Email: "new@example.com", Name: "new", Password: "correct horse", Role: models.RoleAgent})),
		"change":     second(h.UpdateAgent(ctx, boss, anna.ID, models.AgentChange{Name: &name, Disabled: &yes})),
		"password":   h.SetPassword(ctx, boss, anna.ID, "another horse"),
		"department": second(h.AddDepartment(ctx, boss, "cards", "Cards")),
		"setting":    h.ChangeSetting(ctx, boss, "IDLE_WARNING", "90s"),
		"site":       h.AddSite(ctx, boss, "https://shop.example"),
		"watch":      second(h.Messages(ctx, ruth, chat, 0, 0)),
		"end":        second(h.End(ctx, ruth, chat, "")),
		"transfer":   second(h.Transfer(ctx, ruth, chat, models.TransferRequest{})),
		"repair":     h.Repair(ctx, boss, "load_counted"),
	} {
		if models.CodeOf(err) != "internal_error" {
			t.Errorf("%s: %v", what, err)
		}
	}
	h.exec(`ALTER TABLE audit_log DROP CONSTRAINT no_room`)
	if c := h.chat(chat); c.Status != models.Active || c.ServedBy() != anna.ID {
		t.Errorf("the chat is %s with %s", c.Status, c.ServedBy())
	}
	if a, err := h.AgentByID(ctx, anna.ID); err != nil || a.Name != "anna" || a.DisabledAt != nil {
		t.Errorf("anna is %+v", a)
	}
	if people, _ := h.Agents(ctx); len(people) != 3 {
		t.Errorf("there are %d people", len(people))
	}
	if d, _ := h.Departments(ctx); len(d) != 0 {
		t.Errorf("there are departments: %v", d)
	}
	if live, _ := h.LiveSessions(ctx, [][]byte{models.HashToken(token)}); len(live) != 1 {
		t.Error("ruth was signed out")
	}
}

func TestTheLogIsNeverEdited(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.staff("boss", models.RoleAdmin)
	h.laterInTheLog(800 * 24 * time.Hour)
	h.staff("anna", models.RoleAgent)
	for _, statement := range []string{
		`UPDATE audit_log SET actor_name = 'somebody else'`, `UPDATE audit_log SET details = '{}' WHERE false OR true`, `DELETE FROM audit_log`,
		`DELETE FROM audit_log WHERE at < now() - interval '700 days'`, `TRUNCATE audit_log`, `TRUNCATE audit_log, settings CASCADE`,
		`SELECT audit_log_forget(now(), 100)`, `SELECT audit_log_forget(now() - interval '89 days', 100), set_config('parley.audit_forget_before', now()::text, false)`,
		`INSERT INTO audit_log (id, actor_id, actor_name, actor_role, action, subject_kind, subject_id, subject_name) VALUES (1, '', '', '', 'x', 'x', '', '')`,
		`INSERT INTO audit_log (actor_id, actor_name, actor_role, action, subject_kind, subject_id, subject_name) VALUES ('', '', '', 'Not so', 'x', '', '')`,
	} {
		_, err := h.DB().NewRaw(statement).Exec(t.Context())
		if strings.HasPrefix(statement, "SELECT audit_log_forget(now() - interval '89") {
			continue // only rows older than 90 days may be deleted
		}
		if err == nil {
			t.Errorf("the schema takes %s", statement)
		}
	}
	var young int
	h.must(h.DB().NewRaw(`SELECT count(*) FROM audit_log WHERE subject_name = 'anna'`).Scan(t.Context(), &young))
	if young != 1 {
		t.Errorf("of anna the log has %d rows", young)
	}
	for _, r := range first(h.AuditLog(t.Context(), admin, models.AuditFilter{})) {
		if r.ActorName != "root" {
			t.Errorf("the row is %+v", r)
		}
	}
}

func first[T, U any](v T, _ U, _ error) T { return v }

func TestTheLogIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for i, age := range []time.Duration{0, 100 * 24 * time.Hour, 731 * 24 * time.Hour, 729 * 24 * time.Hour} {
		h.must(h.AuditExport(t.Context(), admin, fmt.Sprint(i), i))
		h.exec(`ALTER TABLE audit_log DISABLE TRIGGER USER`)
		h.exec(`UPDATE audit_log SET at = at - make_interval(secs => ?) WHERE subject_id = ?`, age.Seconds(), fmt.Sprint(i))
		h.exec(`ALTER TABLE audit_log ENABLE TRIGGER USER`)
	}
	_, err := h.Clean(t.Context())
	h.must(err)
	var left []string
	for _, r := range first(h.AuditLog(t.Context(), admin, models.AuditFilter{})) {
		left = append(left, r.SubjectID)
	}
	if !slices.Equal(left, []string{"0", "1", "3"}) {
		t.Errorf("left are %v", left)
	}
	s := models.DefaultSettings()
	for age, ok := range map[time.Duration]bool{90 * 24 * time.Hour: true, 90*24*time.Hour - time.Second: false, 0: false, 21 * 365 * 24 * time.Hour: false} {
		if s.AuditRetention = age; (s.Validate() == nil) != ok {
			t.Errorf("AUDIT_RETENTION=%s: %v", age, s.Validate())
		}
	}
}

func TestTheLogIsRead(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	boss := h.staff("boss", models.RoleAdmin)
	ruth := h.staff("ruth", models.RoleSupervisor)
	for i := range 25 {
		h.must(h.AuditExport(t.Context(), []models.Actor{boss, ruth}[i%2], []string{"queue", "day"}[i%3%2], i))
	}
	var seen []int64
	f := models.AuditFilter{Limit: 10}
	for pages := 0; ; pages++ {
		rows, next, err := h.AuditLog(t.Context(), admin, f)
		h.must(err)
		for _, r := range rows {
			if n := len(seen); n > 0 && r.ID >= seen[n-1] {
				t.Fatalf("row %d after row %d", r.ID, seen[n-1])
			}
			seen = append(seen, r.ID)
		}
		if next == nil {
			break
		}
		f.Before = *next
	}
	if len(seen) != 27 {
		t.Errorf("paging brings %d rows of 27", len(seen))
	}
	all, _, err := h.AuditLog(t.Context(), admin, models.AuditFilter{Limit: 100})
	h.must(err)
	middle := all[13].At
	count := func(f models.AuditFilter) int {
		t.Helper()
		rows, next, err := h.AuditLog(t.Context(), admin, f)
		h.must(err)
		if next != nil {
			t.Error("there is more")
		}
		return len(rows)
	}
	for name, c := range map[string]struct {
		f    models.AuditFilter
		want int
	}{
		"person":             {models.AuditFilter{ActorID: boss.ID}, 13},
		"action":             {models.AuditFilter{Action: models.AuditAgentAdded}, 2},
		"subject by id":      {models.AuditFilter{Subject: boss.ID}, 1},
		"subject by name":    {models.AuditFilter{Subject: " RUTH "}, 1},
		"from":               {models.AuditFilter{From: middle}, 14},
		"to":                 {models.AuditFilter{To: middle}, 13},
		"person and subject": {models.AuditFilter{ActorID: ruth.ID, Subject: "queue"}, 8},
		"nobody":             {models.AuditFilter{ActorID: "nobody"}, 0},
	} {
		if got := count(c.f); got != c.want {
			t.Errorf("%s: %d rows, want %d", name, got, c.want)
		}
	}
	_, _, err = h.AuditLog(t.Context(), ruth, models.AuditFilter{})
	h.refused(err, "role_required")
	_, _, err = h.AuditLog(t.Context(), models.UserActor("u"), models.AuditFilter{})
	h.refused(err, "role_required")
	_, _, err = h.AuditLog(t.Context(), admin, models.AuditFilter{Limit: 1001})
	h.refused(err, "validation_failed")
}

// TestEachFilterHasItsIndex asks PostgreSQL how it would find rows among very many.
func TestEachFilterHasItsIndex(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO audit_log (at, actor_id, actor_name, actor_role, action, subject_kind, subject_id, subject_name, user_id)
		SELECT now() - make_interval(secs => n), 'actor' || n % 300, 'a', 'agent', 'action_' || chr(97 + n % 25), 'chat', 'subject' || n % 1000, 'name' || n % 1000, 'user' || n % 1000
		FROM generate_series(1, 3000) n`)
	h.exec(`ANALYZE audit_log`)
	for condition, index := range map[string]string{
		`at >= now() - interval '1 hour' AND at < now()`:           "audit_log_at",
		`(at, id) < (now() - interval '1 hour', 5)`:                "audit_log_at",
		`actor_id = 'actor7'`:                                      "audit_log_actor",
		`action = 'action_c' AND at > now() - interval '1 minute'`: "audit_log_action",
		`subject_id = 'subject77'`:                                 "audit_log_subject",
		`lower(subject_name) = lower('NAME77')`:                    "audit_log_subject_name",
		`user_id = 'user77'`:                                       "audit_log_user",
	} {
		if plan := h.plan(
			`SELECT * FROM audit_log WHERE ` + condition + ` ORDER BY at DESC, id DESC LIMIT 51`,
		); !strings.Contains(
			plan,
			index+" ",
		) {
			t.Errorf("%s goes by\n%s", condition, plan)
		}
	}
}

func (h *testDesk) plan(query string) string {
	h.t.Helper()
	var lines []string
	h.must(h.DB().NewRaw(`EXPLAIN `+query).Scan(context.Background(), &lines))
	return strings.Join(lines, "\n")
}

func TestTheLogTellsWhatPeopleDoToTheirOwnAccounts(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 1)
	boss := h.staff("boss", models.RoleAdmin)
	h.told()
	_, codes := h.secondFactor(anna)
	h.tells("anna second_factor_on agent anna {}")
	h.refused(h.with(""), "second_factor_required") // half of a sign-in is none
	h.refused(h.with("000000"), "wrong_code")
	h.must(h.with(codes[0]))
	h.tells(" sign_in_failed agent anna {}", "anna signed_in agent anna {}")
	in := models.Credentials{Email: "anna@example.com", Password: word}
	_, _, step, err := h.BeginSignIn(ctx, in)
	h.must(err)
	_, _, err = h.FinishSignIn(ctx, step, models.Credentials{Code: "000000"})
	h.refused(err, "wrong_code")
	token, _, err := h.FinishSignIn(ctx, step, models.Credentials{Code: codes[1]})
	h.must(err)
	h.tells(" sign_in_failed agent anna {}", "anna signed_in agent anna {}")
	here := models.HashToken(token)
	codes, err = h.RenewRecoveryCodes(ctx, anna, word, codes[2])
	h.must(err)
	h.must(h.EndSecondFactor(ctx, anna, word, codes[0]))
	h.tells("anna recovery_codes_renewed agent anna {}", "anna second_factor_off agent anna {}")
	n, err := h.EndOtherSessions(ctx, anna, here)
	h.must(err)
	_, err = h.EndOtherSessions(ctx, anna, here)
	h.must(err)
	h.tells(fmt.Sprintf(`anna sessions_ended agent anna {"sessions": %d}`, n))
	h.must(h.ChangePassword(ctx, anna, here, word, "another horse"))
	h.refused(h.ChangePassword(ctx, anna, here, word, "a third horse"), "validation_failed")
	h.tells("anna password_set agent anna {}")
	sessions, err := h.Sessions(ctx, anna, here)
	h.must(err)
	h.must(h.EndSession(ctx, anna, sessions[0].ID))
	h.tells(`anna sessions_ended agent anna {"sessions": 1}`)
	h.must(h.ResetSecondFactor(ctx, boss, anna.ID))
	h.tells("boss second_factor_reset agent anna {}")
}
