package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
	"parley/views/text"
	"parley/web"
)

// log returns the rows of the audit log without those of the setup, oldest first, as "actor action subject_kind".
func (h *testServer) log(token, query string) (rows []map[string]any, told []string) {
	h.t.Helper()
	got := h.send("GET", "/admin/audit?"+query, http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}}, nil).
		want(200).
		object()
	for _, r := range got["rows"].([]any) {
		row := r.(map[string]any)
		if row["actor_id"] != admin.ID {
			rows = append([]map[string]any{row}, rows...)
			told = append([]string{row["actor_name"].(string) + " " + row["action"].(string) + " " + row["subject_kind"].(string)}, told...)
		}
	}
	return rows, told
}

func TestTheAuditLogHearsOfEveryWayIn(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.options = func(o *web.Options) {
			proxy, err := web.ParseNetwork("127.0.0.0/8")
			if err != nil {
				t.Fatal(err)
			}
			o.TrustedProxies = append(o.TrustedProxies, proxy)
		}
	})
	anna, annaToken := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	uid, guest := h.guest()
	chat := h.asks(guest, "Hello")
	before, _ := h.log(alex, "limit=200")

	from := http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {"203.0.113.77"}}
	h.send("POST", forAgent+"/login", from, []byte(`{"email":"anna@example.com","password":"wrong"}`)).want(401)
	signedIn := h.send("POST", forAgent+"/login", from, []byte(`{"email":"anna@example.com","password":"`+password+`"}`)).want(200)
	h.ask("POST", forAgent+"/logout", signedIn.str("token"), nil).want(200)
	// Reading a chat of another agent, by each route.
	for range 2 {
		h.browse("GET", "/supervisor/chats/"+chat, ruth, nil).want(200)
		h.browse("GET", "/workbench/chats/"+chat, ruth, nil).want(200)
		h.ask("GET", forAgent+"/chats/"+chat+"/messages", ruth, nil).want(200)
		h.ask("GET", "/api/users"+strings.TrimPrefix(forAgent, "/api")+"/chats/"+chat+"/messages", alex, nil).want(200)
		h.browse("GET", "/workbench/chats/"+chat, annaToken, nil).want(200)
		h.ask("GET", forAgent+"/chats/"+chat+"/messages", annaToken, nil).want(200)
		h.ask("GET", forUser+"/chats/"+chat+"/messages", guest, nil).want(200)
	}
	h.browse("GET", "/supervisor/queue.csv", ruth, nil).want(200)
	limits := h.settingsForm(alex, "limits")
	limits.Set("RATE_SEND", "40")
	h.browse("POST", "/admin/settings", alex, limits).want(303)
	h.browse("POST", "/admin/settings", alex, url.Values{"group": {"limits"}, "reset": {"RATE_SEND"}}).want(200)
	h.browse("POST", "/admin/sites", alex, url.Values{"origin": {"https://shop.example"}}).want(303)
	h.browse("POST", "/admin/health/repair", alex, url.Values{"name": {"load_counted"}}).want(303)
	h.browse("POST", "/supervisor/chats/"+chat+"/end", ruth, url.Values{}).want(303)
	h.browse("POST", "/admin/people/"+anna.ID, alex, url.Values{"name": {"anna"}, "role": {"supervisor"}, "max_concurrent": {"5"}}).
		want(303)

	rows, told := h.log(alex, "")
	want := []string{
		" sign_in_failed agent",
		"anna signed_in agent",
		"anna signed_out agent",
		"ruth chat_watched chat",
		"alex chat_watched chat",
		"ruth file_exported file",
		"alex setting_changed setting",
		"alex setting_reset setting",
		"alex site_added site",
		"alex health_repaired rule",
		"ruth chat_ended chat",
		"alex role_changed agent",
	}
	if got := strings.Join(told[len(before):], "\n"); got != strings.Join(want, "\n") {
		t.Fatalf("the log tells\n%s", got)
	}
	failed, watched := rows[len(before)], rows[len(before)+3]
	if failed["address"] != "203.0.113.77" || failed["subject_id"] != anna.ID || failed["actor_role"] != "" ||
		len(failed["request_id"].(string)) < 10 {
		t.Errorf("the failed sign-in is %v", failed)
	}
	if watched["subject_id"] != chat || watched["user_id"] != uid || watched["actor_role"] != "supervisor" ||
		!strings.HasPrefix(watched["address"].(string), "127.") {
		t.Errorf("reading a chat is %v", watched)
	}
	if _, told := h.log(
		alex,
		"subject="+uid,
	); strings.Join(
		told,
		"\n",
	) != "ruth chat_watched chat\nalex chat_watched chat\nruth chat_ended chat" {
		t.Errorf("about the user it tells %v", told)
	}
}

func TestTheAuditLogIsForAdminsOnly(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.agent("anna", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	for _, path := range []string{"/admin/audit", "/admin/audit.csv"} {
		h.browse("GET", path, anna, nil).want(403)
		h.browse("GET", path, ruth, nil).want(403)
		h.browse("GET", path, alex, nil).want(200)
		h.browse("POST", path, alex, url.Values{}).want(405)
	}
	for query, status := range map[string]int{
		"person=" + url.QueryEscape("a\x00b"): 400, "action=%ff": 400, "subject=" + strings.Repeat("x", 501): 422, "subject=a%00b": 422, "from=soon": 400, "to=31.1.2026": 400,
		"before=soon": 400, "before=2026-01-01T00:00:00Z_x": 400, "before=2026-01-01T00:00:00Z_5": 200, "before=0000-01-01T00:00:00Z_5": 400, "before=2026-01-01T00:00:00Z_9223372036854775808": 400, "from=2026-01-01&to=2026-01-31": 200, "action=unknown": 200,
	} {
		got := h.ask("GET", "/api/admin/audit?"+query, alex, nil)
		if got.Status != status {
			t.Errorf("%s: answered %d, want %d", query, got.Status, status)
		}
	}
}

func TestTheAuditPageFiltersAndTurns(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	alice, alex := h.agent("alex", models.RoleAdmin)
	for range 60 {
		if err := h.desk.AuditExport(t.Context(), models.AgentActor(alice), "day", 5); err != nil {
			t.Fatal(err)
		}
	}
	page := h.browse("GET", "/admin/audit?action=file_exported", alex, nil).
		want(200).
		says("Downloaded a file", "Rows: 5", `value="file_exported" selected`, "/admin/audit.csv?action=file_exported")
	if n := strings.Count(string(page.Body), `scope="row"`); n != 50 {
		t.Errorf("the page has %d rows", n)
	}
	_, rest, _ := strings.Cut(string(page.Body), `rel="next" href="`)
	older, _, _ := strings.Cut(rest, `"`)
	next := h.browse("GET", strings.ReplaceAll(older, "&amp;", "&"), alex, nil).want(200)
	if n := strings.Count(string(next.Body), `scope="row"`); n != 10 || strings.Contains(string(next.Body), `rel="next"`) {
		t.Errorf("the last page has %d rows", n)
	}
	next.says(`href="/admin/audit?action=file_exported"`)
	h.browse("GET", "/admin/audit?person=nobody", alex, nil).want(200).says("No entries found")
	h.browse("GET", "/admin/audit?from=2026-11-26&to=2026-11-20", alex, nil).
		want(200).
		says("The end is before the start.", `aria-describedby="to-hint to-error"`)
	for _, query := range []string{"from=2026-02-30", "to=2026-13-01", "from=yesterday", "to=0001-01-01&person=%ff", "from=2026-02-30&before=nothing"} {
		h.browse("GET", "/admin/audit?"+query, alex, nil).want(200).says("This is not a valid date. Choose a day from 1970 on.")
	}
	h.browse("GET", "/admin/audit?before=nothing", alex, nil).want(200)
	h.browse("GET", "/admin/audit?subject=%ff", alex, nil).want(200).says("The format is not valid.")
	for setting, value := range map[string]string{"IDLE_WARNING": "90s", "IDLE_AGENT_ACTION": models.IdleRequeue, "MASK_CARDS": "true"} {
		if err := h.desk.ChangeSetting(t.Context(), models.AgentActor(alice), setting, value); err != nil {
			t.Fatal(err)
		}
	}
	h.browse("GET", "/admin/audit?action=setting_changed", alex, nil).
		want(200).
		says("1 minute → 90 seconds", "End the chat → Back to the front of the queue", "Off → On")
	if lines := strings.Split(
		strings.TrimSpace(string(h.browse("GET", "/admin/audit.csv?action=file_exported", alex, nil).want(200).Body)),
		"\n",
	); len(
		lines,
	) != 61 {
		t.Errorf("the file has %d lines", len(lines))
	}
	today := strings.Split(lastRow(h, alex)["at"].(string), "T")[0]
	if _, told := h.log(alex, "action=file_exported&from="+today+"&to="+today); len(told) != 50 {
		t.Errorf("of today there are %d rows", len(told))
	}
	if _, told := h.log(alex, "to=2026-01-01"); len(told) != 0 {
		t.Errorf("before today there is %v", told)
	}
}

func lastRow(h *testServer, token string) map[string]any {
	rows, _ := h.log(token, "")
	return rows[len(rows)-1]
}

func TestEveryActionHasItsWords(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{text.English, text.Chinese} {
		for _, action := range models.AuditActions {
			if key := "admin.audit.did." + string(action); text.In(lang, key) == key {
				t.Errorf("%s has no words for %s", lang, action)
			}
		}
	}
}
