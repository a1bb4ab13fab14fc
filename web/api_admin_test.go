package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

const forAdmin = "/api/admin"

// errorsOf returns the fields that a refusal names.
func (a answer) errorsOf() map[string]any {
	a.t.Helper()
	fields, _ := a.object()["errors"].(map[string]any)
	return fields
}

// audited checks the newest rows of the audit log, given oldest first.
func (h *testServer) audited(token string, want ...string) {
	h.t.Helper()
	_, told := h.log(token, "")
	if got := told[max(0, len(told)-len(want)):]; !slices.Equal(got, want) {
		h.t.Errorf("the audit log ends with %q, want %q", got, want)
	}
}

func TestProgramsAdministerAgents(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	alexAgent, alex := h.agent("alex", models.RoleAdmin)
	h.ask("POST", forAdmin+"/departments", alex, map[string]any{"slug": "cards", "name": "Cards"}).want(201)
	agents := forAdmin + "/agents"

	added := h.ask("POST", agents, alex, map[string]any{"name": "张伟", "email": "wei@example.com", "password": password, "departments": []string{"cards"}}).
		want(201).
		object()
	service := added["service"].(map[string]any)
	wei := agents + "/" + service["id"].(string)
	if service["name"] != "张伟" || added["email"] != "wei@example.com" || added["role"] != "agent" || added["max_concurrent"] != 5.0 ||
		added["is_disabled"] != 0.0 ||
		added["disabled_at"] != nil ||
		!slices.Equal(added["departments"].([]any), []any{"cards"}) {
		t.Errorf("added: %v", added)
	}
	if none := h.ask("POST", agents, alex, map[string]any{"name": "Idle", "email": "idle@example.com", "password": password, "max_concurrent": 0, "role": "supervisor"}).
		want(201).
		object(); none["max_concurrent"] != 0.0 ||
		none["role"] != "supervisor" {
		t.Errorf("with no capacity: %v", none)
	}
	if all := h.ask("GET", agents, alex, nil).want(200).list(); len(all) != 3 {
		t.Errorf("%d agents are listed", len(all))
	}

	for fields, c := range map[string]struct{ field, code string }{
		`{}`: {"email", "required"},
		`{"name":"A","email":"no address","password":"long enough to be one"}`:                                  {"email", "invalid"},
		`{"name":" ","email":"a@example.com","password":"long enough to be one"}`:                               {"name", "required"},
		`{"name":"A","email":"a@example.com","password":"short"}`:                                               {"password", "too_short"},
		`{"name":"A","email":"a@example.com","password":"long enough to be one","role":"boss"}`:                 {"role", "unknown"},
		`{"name":"A","email":"a@example.com","password":"long enough to be one","max_concurrent":101}`:          {"max_concurrent", "out_of_bounds"},
		`{"name":"A","email":"a@example.com","password":"long enough to be one","max_concurrent":-1}`:           {"max_concurrent", "out_of_bounds"},
		`{"name":"A","email":"a@example.com","password":"long enough to be one","max_concurrent":1e300}`:        {"max_concurrent", "out_of_bounds"},
		`{"name":"A","email":"a@example.com","password":"long enough to be one","departments":["none"]}`:        {"departments", "unknown"},
		`{"name":"` + strings.Repeat("客", 81) + `","email":"a@example.com","password":"long enough to be one"}`: {"name", "too_long"},
	} {
		if got := h.ask("POST", agents, alex, fields).refused(422, "validation_failed"); got.errorsOf()[c.field] != c.code {
			t.Errorf("%s is refused by %s, want %s %s", fields, got.Body, c.field, c.code)
		}
	}
	h.ask("POST", agents, alex, map[string]any{"name": "Again", "email": "WEI@example.com", "password": password}).
		refused(409, "email_taken")
	h.ask("POST", agents, alex, `{"max_concurrent":"5"}`).refused(400, "malformed")
	h.ask("POST", agents, alex, `{"max_concurrent":4.5}`).refused(400, "malformed")

	// Only what is sent changes.
	changed := h.ask("POST", wei, alex, map[string]any{"max_concurrent": 8}).want(200).object()
	if changed["max_concurrent"] != 8.0 || changed["service"].(map[string]any)["name"] != "张伟" || len(changed["departments"].([]any)) != 1 {
		t.Errorf("with another capacity: %v", changed)
	}
	h.ask("POST", wei, alex, `{}`).want(200)
	h.ask("POST", wei, alex, `{"departments":null,"max_concurrent":null}`).want(200)
	h.audited(alex, "alex agent_added agent", "alex agent_added agent", "alex capacity_changed agent")
	if got := h.ask("POST", wei, alex, map[string]any{"name": "Wei", "role": "supervisor", "departments": []string{}}).
		want(200).
		object(); got["role"] != "supervisor" || len(got["departments"].([]any)) != 0 ||
		got["max_concurrent"] != 8.0 {
		t.Errorf("changed: %v", got)
	}
	h.audited(alex, "alex agent_renamed agent", "alex role_changed agent", "alex agent_departments_changed agent")
	if got := h.ask("POST", wei, alex, `{"name":""}`).refused(422, "validation_failed"); got.errorsOf()["name"] != "required" {
		t.Errorf("an empty name: %s", got.Body)
	}
	h.ask("POST", agents+"/"+alexAgent.ID, alex, map[string]any{"role": "agent"}).refused(409, "last_admin")

	_, token := h.agent("ben", models.RoleAgent)
	all := h.ask("GET", agents, alex, nil).want(200).list()
	ben := agents + "/" + all[slices.IndexFunc(all, func(a map[string]any) bool { return a["email"] == "ben@example.com" })]["service"].(map[string]any)["id"].(string)
	if got := h.ask("GET", ben, alex, nil).want(200).object()["second_factor"].(map[string]any); got["is_on"] != 0.0 ||
		got["confirmed_at"] != nil {
		t.Errorf("the second factor is %v", got)
	}
	if got := h.ask("POST", ben+"/password", alex, map[string]any{"password": "short"}).
		refused(422, "validation_failed"); got.errorsOf()["password"] != "too_short" {
		t.Errorf("a short password: %s", got.Body)
	}
	h.ask("POST", ben+"/password", alex, map[string]any{"password": "another horse battery"}).want(200)
	h.ask("GET", forAgent+"/status", token, nil).refused(401, "unauthorized")
	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "ben@example.com", "password": "another horse battery"}).want(200)
	h.ask("POST", ben+"/reset-second-factor", alex, nil).want(200)
	h.ask("POST", agents+"/"+alexAgent.ID+"/reset-second-factor", alex, nil).refused(409, "own_second_factor")
	if got := h.ask("POST", ben+"/disable", alex, nil).
		want(200).
		object(); got["is_disabled"] != 1.0 || got["disabled_at"] == nil ||
		got["presence"] != "offline" {
		t.Errorf("disabled: %v", got)
	}
	if got := h.ask("POST", ben+"/enable", alex, nil).want(200).object(); got["is_disabled"] != 0.0 || got["disabled_at"] != nil {
		t.Errorf("enabled: %v", got)
	}
	h.audited(
		alex,
		"alex password_set agent",
		"ben signed_in agent",
		"alex second_factor_reset agent",
		"alex agent_disabled agent",
		"alex agent_enabled agent",
	)
	h.ask("POST", agents+"/"+alexAgent.ID+"/disable", alex, nil).refused(409, "last_admin")
	for _, path := range []string{"", "/password", "/reset-second-factor", "/disable", "/enable"} {
		h.ask("POST", agents+"/nobody"+path, alex, `{"password":"long enough to be one"}`).refused(404, "agent_not_found")
	}
	h.ask("GET", agents+"/nobody", alex, nil).refused(404, "agent_not_found")
}

func TestProgramsAdministerDepartments(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	departments := forAdmin + "/departments"
	if got := h.ask("POST", departments, alex, map[string]any{"slug": "cards", "name": " 信用卡\n部 "}).
		want(201).
		object(); got["slug"] != "cards" || got["name"] != "信用卡 部" ||
		got["agent_count"] != 0.0 {
		t.Errorf("added: %v", got)
	}
	h.agent("anna", models.RoleAgent, func(n *models.NewAgent) { n.Departments = []string{"cards"} })
	if got := h.ask("POST", departments+"/cards", alex, map[string]any{"name": "Cards"}).
		want(200).
		object(); got["name"] != "Cards" ||
		got["agent_count"] != 1.0 {
		t.Errorf("renamed: %v", got)
	}
	if got := h.ask("GET", departments, alex, nil).want(200).list(); len(got) != 1 || got[0]["name"] != "Cards" {
		t.Errorf("listed: %v", got)
	}
	h.ask("POST", departments, alex, map[string]any{"slug": "cards", "name": "Other"}).refused(409, "department_taken")
	for fields, field := range map[string]string{`{"slug":"Not Short","name":"A"}`: "slug", `{"name":"A"}`: "slug", `{"slug":"a"}`: "name"} {
		if got := h.ask("POST", departments, alex, fields).refused(422, "validation_failed"); got.errorsOf()[field] == nil {
			t.Errorf("%s is refused by %s", fields, got.Body)
		}
	}
	h.ask("POST", departments+"/cards", alex, `{}`).refused(422, "validation_failed")
	h.ask("POST", departments+"/none", alex, map[string]any{"name": "None"}).refused(404, "department_not_found")
	_, guest := h.guest()
	h.ask("POST", forUser+"/assign", guest, map[string]any{"department": "cards"}).want(200)
	h.ask("POST", departments+"/cards/remove", alex, nil).refused(409, "department_in_use")
	h.ask("POST", departments, alex, map[string]any{"slug": "spare", "name": "Spare"}).want(201)
	h.ask("POST", departments+"/spare/remove", alex, nil).want(200)
	h.ask("POST", departments+"/spare/remove", alex, nil).refused(404, "department_not_found")
	h.audited(alex, "alex department_renamed department", "alex department_added department", "alex department_removed department")
}

func TestProgramsAdministerSettings(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	settings := forAdmin + "/settings"
	all := map[string]map[string]any{}
	for _, row := range h.ask("GET", settings, alex, nil).want(200).list() {
		all[row["key"].(string)] = row
	}
	for _, row := range h.desk.SettingRows() { // with the bounds that hold, as the desk is asked for them
		listed := all[row.Key]
		if listed == nil || listed["value"] == "" && !slices.Contains([]any{"words", "text", "line"}, listed["kind"]) ||
			listed["is_overridden"] != 0.0 ||
			listed["name"] == "" {
			t.Errorf("%s is listed as %v", row.Key, listed)
		}
		h.ask("POST", settings+"/"+row.Key, alex, map[string]any{"value": listed["value"]}).want(200)
	}
	if got := all["IDLE_WARNING"]; got["value"] != "1m" || got["minimum"] != "1s" || got["maximum"] != "24h" || got["kind"] != "duration" ||
		got["unit"] != "second" ||
		got["group"] != "idle" ||
		len(got["choices"].([]any)) != 0 {
		t.Errorf("IDLE_WARNING is %v", got)
	}
	if got := all["MASK_CARDS"]; got["value"] != "false" || got["minimum"] != nil || got["kind"] != "switch" || got["unit"] != nil ||
		!slices.Equal(got["choices"].([]any), []any{"true", "false"}) {
		t.Errorf("MASK_CARDS is %v", got)
	}
	if got := h.ask("POST", settings+"/RATE_SEND", alex, map[string]any{"value": " 40 "}).
		want(200).
		object(); got["value"] != "40" || got["default"] != "30" ||
		got["is_overridden"] != 1.0 {
		t.Errorf("changed: %v", got)
	}
	if h.desk.Settings().RateSend != 40 {
		t.Error("the change does not hold")
	}
	for key, bad := range map[string][]string{"RATE_SEND": {"", "0", "many", "100001"}, "IDLE_WARNING": {"90", "-1s", "48h", "2m"}, "IDLE_AGENT_ACTION": {"sing"}, "MASK_CARDS": {"perhaps"}} {
		for _, value := range bad {
			if got := h.ask("POST", settings+"/"+key, alex, map[string]any{"value": value}).
				refused(422, "validation_failed"); len(
				got.errorsOf(),
			) != 1 {
				t.Errorf("%s=%q is refused by %s", key, value, got.Body)
			}
		}
	}
	h.ask("POST", settings+"/RATE_SEND", alex, `{"value":40}`).refused(400, "malformed")
	if got := h.ask("POST", settings+"/RATE_SEND/reset", alex, nil).
		want(200).
		object(); got["value"] != "30" ||
		got["is_overridden"] != 0.0 {
		t.Errorf("reset: %v", got)
	}
	several := func(values map[string]any) answer {
		return h.ask("POST", settings, alex, map[string]any{"values": values})
	}
	for _, row := range several(map[string]any{"IDLE_WARNING": "10m", "IDLE_TIMEOUT": "20m", "RATE_END": "20"}).want(200).list() {
		if want := map[any]string{"IDLE_WARNING": "10m", "IDLE_TIMEOUT": "20m", "RATE_END": "20"}[row["key"]]; want != "" &&
			row["value"] != want {
			t.Errorf("changed with others, %v is %v", row["key"], row["value"])
		}
	}
	wrong := several(
		map[string]any{"IDLE_WARNING": "soon", "RATE_END": "0", "RATE_SEND": "50"},
	).refused(422, "validation_failed").
		errorsOf()
	if len(wrong) != 2 || wrong["IDLE_WARNING"] != "out_of_bounds" || wrong["RATE_END"] != "out_of_bounds" ||
		h.desk.Settings().RateSend != 30 {
		t.Errorf("two bad values beside a good one are refused by %v, and the good one is %d", wrong, h.desk.Settings().RateSend)
	}
	several(map[string]any{"IDLE_WARNING": nil, "IDLE_TIMEOUT": nil, "RATE_END": nil}).want(200)
	if s := h.desk.Settings(); s.IdleWarning != time.Minute || s.IdleTimeout != 2*time.Minute || s.RateEnd != 10 {
		t.Errorf("reset: %+v", s)
	}
	several(map[string]any{}).refused(422, "validation_failed")
	several(map[string]any{"RATE_SEND": "40", "DATABASE_URL": "x"}).refused(404, "setting_not_found")
	h.ask("POST", settings+"/DATABASE_URL", alex, map[string]any{"value": "x"}).refused(404, "setting_not_found")
	h.ask("POST", settings+"/AUDIT_RETENTION/reset", alex, nil).refused(404, "setting_not_found")
	h.audited(
		alex,
		"alex setting_changed setting",
		"alex setting_reset setting",
		"alex setting_changed setting",
		"alex setting_changed setting",
		"alex setting_changed setting",
		"alex setting_reset setting",
		"alex setting_reset setting",
		"alex setting_reset setting",
	)
}

func TestProgramsAdministerSites(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.settings = func(m *models.Settings) { m.AllowedOrigins = []string{"https://fixed.example"} }
	})
	_, alex := h.agent("alex", models.RoleAdmin)
	sites := forAdmin + "/sites"
	for range 2 { // again is fine
		if got := h.ask("POST", sites, alex, map[string]any{"origin": " HTTPS://Shop.example:443/ "}).
			want(201).
			object(); got["origin"] != "https://shop.example" ||
			got["is_fixed"] != 0.0 {
			t.Errorf("added: %v", got)
		}
	}
	if got := h.ask("GET", sites, alex, nil).
		want(200).
		list(); len(got) != 2 || got[0]["origin"] != "https://fixed.example" || got[0]["is_fixed"] != 1.0 ||
		got[1]["is_fixed"] != 0.0 {
		t.Errorf("listed: %v", got)
	}
	for _, bad := range []string{"", "shop.example", "https://shop.example/path", "https://*.example", "https://bücher.example"} {
		if got := h.ask("POST", sites, alex, map[string]any{"origin": bad}).
			refused(422, "validation_failed"); got.errorsOf()["origin"] == nil {
			t.Errorf("%q is refused by %s", bad, got.Body)
		}
	}
	h.ask("POST", sites+"/remove", alex, map[string]any{"origin": "https://fixed.example"}).refused(409, "site_fixed")
	h.ask("POST", sites+"/remove", alex, map[string]any{"origin": "https://nowhere.example"}).refused(404, "site_not_found")
	h.ask("POST", sites+"/remove", alex, map[string]any{"origin": "https://SHOP.example/"}).want(200)
	h.ask("POST", sites+"/remove", alex, map[string]any{"origin": "https://shop.example"}).refused(404, "site_not_found")
	h.browse("POST", "/admin/sites/remove", alex, url.Values{"origin": {"https://shop.example"}}).
		goesTo("/admin/sites")
		// a form may be sent twice
	h.audited(alex, "alex site_added site", "alex site_removed site")
}

func TestProgramsHandleUserData(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	const id = "shop/42 用户?&\"<b>"
	maria := signed(
		t,
		jwt.MapClaims{
			"sub":   id,
			"exp":   time.Now().Add(time.Hour).Unix(),
			"iat":   time.Now().Add(-time.Minute).Unix(),
			"name":  "Maria",
			"email": "maria@example.com",
		},
		nil,
		nil,
	)
	chat := h.asks(maria, "Where is my parcel?")
	users := forAdmin + "/users"

	for _, q := range []string{id, "MARIA@", "mar"} {
		found := h.ask("POST", users+"/find", alex, map[string]any{"q": q}).want(200).object()
		if rows := found["users"].([]any); found["is_truncated"] != 0.0 || len(rows) != 1 || rows[0].(map[string]any)["user_id"] != id ||
			rows[0].(map[string]any)["total_chats"] != 1.0 {
			t.Errorf("%q finds %v", q, found)
		}
	}
	if got := h.ask("POST", users+"/find", alex, map[string]any{"q": "nobody"}).want(200).object(); len(got["users"].([]any)) != 0 {
		t.Errorf("an unknown user is %v", got)
	}
	h.ask("POST", users+"/find", alex, map[string]any{"q": ""}).refused(422, "validation_failed")
	for range 25 {
		h.guest()
	}
	if _, err := h.desk.DB().NewRaw(`UPDATE users SET name = 'Many' WHERE id <> ?`, id).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.ask("POST", users+"/find", alex, map[string]any{"q": "many"}).
		want(200).
		object(); got["is_truncated"] != 1.0 ||
		len(got["users"].([]any)) != 20 {
		t.Errorf("of many users it finds %d", len(got["users"].([]any)))
	}

	one := h.ask("GET", users+"/one?"+url.Values{"id": {id}}.Encode(), alex, nil).want(200).object()
	if one["user_email"] != "maria@example.com" || one["user_is_verified"] != 1.0 || one["open_chats"] != 1.0 ||
		one["chats"].([]any)[0].(map[string]any)["chat_id"] != chat {
		t.Errorf("stored: %v", one)
	}
	h.ask("GET", users+"/one?id=nobody", alex, nil).refused(404, "user_not_found")

	file := h.ask("POST", users+"/export", alex, map[string]any{"id": id}).want(200)
	if !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment;") || file.object()["user"].(map[string]any)["id"] != id ||
		!strings.Contains(string(file.Body), "Where is my parcel?") {
		t.Errorf("exported as %q: %s", file.Header.Get("Content-Disposition"), file.Body)
	}
	h.ask("POST", users+"/export", alex, map[string]any{"id": "nobody"}).refused(404, "user_not_found")

	for _, confirm := range []string{"", "shop", strings.ToUpper(id)} {
		if got := h.ask("POST", users+"/erase", alex, map[string]any{"id": id, "confirm": confirm}).
			refused(422, "validation_failed"); got.errorsOf()["confirm"] != "invalid" {
			t.Errorf("confirmed by %q: %s", confirm, got.Body)
		}
	}
	if got := h.ask("POST", users+"/erase", alex, map[string]any{"id": id, "confirm": id}).
		want(200).
		object(); got["erased_chats"] != 1.0 ||
		got["erased_messages"].(float64) < 1 {
		t.Errorf("erased: %v", got)
	}
	h.ask("POST", users+"/erase", alex, map[string]any{"id": id, "confirm": id}).refused(404, "user_not_found")
	h.ask("GET", "/api/supervisor/chats/"+chat, alex, nil).refused(404, "chat_not_found")
	h.audited(alex, "alex user_exported user", "alex user_erased user")
}

func TestProgramsReadTheAuditLog(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	alexAgent, alex := h.agent("alex", models.RoleAdmin)
	for range 7 {
		if err := h.desk.AuditExport(t.Context(), models.AgentActor(alexAgent), "day", 5); err != nil {
			t.Fatal(err)
		}
	}
	audit := forAdmin + "/audit?"
	var seen []any
	pages := 0
	for before := ""; ; pages++ {
		got := h.ask("GET", audit+url.Values{"limit": {"3"}, "before": {before}, "actor_id": {alexAgent.ID}, "action": {"file_exported"}}.Encode(), alex, nil).
			want(200).
			object()
		for _, row := range got["rows"].([]any) {
			seen = append(seen, row.(map[string]any)["id"])
		}
		if before = got["older"].(string); before == "" {
			break
		}
	}
	slices.Reverse(seen)
	if len(seen) != 7 || pages != 2 || !slices.IsSortedFunc(seen, func(a, b any) int { return int(a.(float64) - b.(float64)) }) ||
		seen[0] == seen[6] {
		t.Errorf("on %d pages it told %v", pages+1, seen)
	}
	if got := h.ask("GET", audit+"actor_id=nobody", alex, nil).want(200).object(); len(got["rows"].([]any)) != 0 {
		t.Errorf("an unknown actor has %v", got)
	}
	for query, code := range map[string]string{
		"limit=0": "validation_failed", "limit=201": "validation_failed", "limit=ten": "malformed", "before=soon": "malformed", "before=0000-01-01T00:00:00Z_5": "malformed",
		"before=2026-01-01T00:00:00Z_99999999999999999999": "malformed", "from=31.1.2026": "malformed", "from=1900-01-01": "validation_failed",
	} {
		h.ask("GET", audit+query, alex, nil).refused(map[string]int{"validation_failed": 422, "malformed": 400}[code], code)
	}
}

func TestProgramsCheckTheHealth(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.online("anna")
	_, alex := h.agent("alex", models.RoleAdmin)
	health := forAdmin + "/health"
	broken := func() (names []string) {
		got := h.ask("GET", health, alex, nil).want(200).object()
		if got["postgres"] != "ok" || got["redis"] != "ok" || len(got["checks"].([]any)) < 8 {
			t.Errorf("the health is %v", got)
		}
		for _, check := range got["checks"].([]any) {
			c := check.(map[string]any)
			if c["is_ok"] != 1.0 {
				names = append(names, c["name"].(string)+" "+c["findings"].([]any)[0].(map[string]any)["subject_id"].(string))
			}
		}
		return names
	}
	h.check()
	if got := broken(); len(got) != 0 {
		t.Errorf("nothing is wrong, and it says %v", got)
	}
	_, err := h.desk.DB().NewRaw(`UPDATE agents SET load = 3 WHERE id = ?`, anna.ID).Exec(t.Context())
	must(t, err)
	h.check()
	if got := broken(); !slices.Equal(got, []string{"load_counted " + anna.ID}) {
		t.Errorf("the load is wrong, and it says %v", got)
	}
	h.ask("POST", health+"/repair", alex, map[string]any{"name": "load_counted"}).want(200)
	if got := broken(); len(got) != 0 {
		t.Errorf("after the repair it says %v", got)
	}
	for _, name := range []string{"", "capacity", "nothing"} {
		h.ask("POST", health+"/repair", alex, map[string]any{"name": name}).refused(404, "repair_not_found")
	}
	h.audited(alex, "alex health_repaired rule")
}

// TestAdministrationIsForAdmins tries every address of administration with lesser roles, without a credential, and with the cookie alone.
func TestAdministrationIsForAdmins(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, anna := h.agent("anna", models.RoleAgent)
	_, guest := h.guest()
	document, err := strictDocument()
	must(t, err)
	tried := 0
	for path, item := range document.Paths.Map() {
		if !strings.HasPrefix(path, forAdmin+"/") {
			continue
		}
		for method := range item.Operations() {
			tried++
			address := placeholder.ReplaceAllString(path, "x")
			h.ask(method, address, "", nil).refused(401, "unauthorized")
			h.ask(method, address, guest, nil).refused(403, "wrong_credential")
			h.ask(method, address, anna, nil).refused(403, "role_required")
			h.ask(method, address, ruth, nil).refused(403, "role_required")
		}
	}
	if tried < 25 {
		t.Errorf("only %d addresses were tried", tried)
	}
}
