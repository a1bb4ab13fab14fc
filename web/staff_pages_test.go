package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

// browse sends a request like a browser: with the session cookie and, for a form, its CSRF token.
func (h *testServer) browse(method, path, session string, form url.Values, change ...func(http.Header)) answer {
	h.t.Helper()
	header := http.Header{"Cookie": {"parley_session=" + session}, "Accept": {"text/html"}}
	for _, f := range change {
		f(header)
	}
	var body []byte
	if form != nil {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		form.Set("csrf_token", h.csrf(session))
		body = []byte(form.Encode())
	}
	return h.send(method, path, header, body)
}

// csrf reads the token from the head of a page.
func (h *testServer) csrf(session string) string {
	h.t.Helper()
	page := string(
		h.send("GET", "/supervisor", http.Header{"Cookie": {"parley_session=" + session}, "Accept": {"text/html"}}, nil).want(200).Body,
	)
	_, after, found := strings.Cut(page, `<meta name="csrf-token" content="`)
	token, _, _ := strings.Cut(after, `"`)
	if !found || token == "" {
		h.t.Fatal("the page has no token")
	}
	return token
}

func asScript(h http.Header)  { h.Set("HX-Request", "true") }
func asProgram(h http.Header) { h.Set("Accept", "application/json") }

func (a answer) says(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if !strings.Contains(string(a.Body), text) {
			a.t.Errorf("the page does not say %q", text)
		}
	}
	return a
}

func (a answer) goesTo(path string) answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != path {
		a.t.Errorf("the form leads to %q, want %q", got, path)
	}
	return a
}

func TestPagesAreForThoseWhoseRoleItIs(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.agent("anna", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	for _, path := range []string{"/supervisor", "/supervisor/queue.csv", "/supervisor/day.csv"} {
		h.browse("GET", path, anna, nil).want(403)
		h.browse("GET", path, ruth, nil).want(200)
		h.browse("GET", path, alex, nil).want(200)
	}
	for _, path := range []string{"/admin/people", "/admin/people/new", "/admin/departments", "/admin/settings", "/admin/sites"} {
		h.browse("GET", path, anna, nil).want(403)
		h.browse("GET", path, ruth, nil).want(403)
		h.browse("GET", path, alex, nil).want(200)
	}
	h.browse("GET", "/supervisor", "", nil).goesTo("/login?next=%2Fsupervisor")
	h.browse("GET", "/", "", nil).want(200).says("/login", "/demo")
	h.browse("GET", "/", anna, nil).want(200).says("/workbench")
	h.browse("GET", "/", alex, nil).want(200).says("/workbench", "/supervisor", "/admin")
}

func TestAssigningByHandAnswersPageFragmentAndProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	if _, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards"); err != nil {
		t.Fatal(err)
	}
	anna, _ := h.online("anna")
	waits := func() string {
		id, _ := h.guest()
		got, err := h.desk.Assign(t.Context(), id, models.AssignRequest{Message: "For cards", Department: "cards"})
		if err != nil {
			t.Fatal(err)
		}
		return got.Chat.ID
	}
	to := func() url.Values { return url.Values{"service_id": {anna.ID}} }

	plain := waits()
	h.browse("POST", "/supervisor/queue/"+plain+"/assign", ruth, to(), func(head http.Header) {
		head.Set("Referer", h.url+"/supervisor/chats/"+plain)
	}).goesTo("/supervisor/chats/" + plain)
	h.browse("POST", "/supervisor/queue/"+waits()+"/assign", ruth, to(), asScript).want(204)
	got := h.browse("POST", "/supervisor/queue/"+waits()+"/assign", ruth, to(), asProgram).want(200).object()
	if chat, _ := got["chat"].(map[string]any); chat["service_id"] != anna.ID {
		t.Errorf("a program is told %v", got)
	}
	h.browse("POST", "/supervisor/queue/"+plain+"/assign", ruth, to(), asProgram).refused(409, "already_assigned")
	h.browse("GET", "/supervisor/chats/"+plain, ruth, nil).want(200).says("For cards", "With anna")

	h.browse("POST", "/supervisor/chats/"+plain+"/transfer", ruth, url.Values{"department": {""}, "note": {"Somebody else, please"}}, func(head http.Header) {
		head.Set("Referer", h.url+"/supervisor/chats/"+plain)
	}).
		goesTo("/supervisor/chats/" + plain)
	h.browse("GET", "/supervisor/chats/"+plain, ruth, nil).
		want(200).
		says("Position 1", "Somebody else, please", "anna returned the chat to the queue")
}

func TestTheQueueIsAFileToo(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	for _, slug := range []string{"cards", "parcels"} {
		if _, err := h.desk.AddDepartment(t.Context(), admin, slug, slug); err != nil {
			t.Fatal(err)
		}
	}
	for _, slug := range []string{"cards", "parcels", ""} {
		id, _ := h.guest()
		if _, err := h.desk.Assign(t.Context(), id, models.AssignRequest{Message: "Hello", Department: slug}); err != nil {
			t.Fatal(err)
		}
	}
	lines := func(path string) []string {
		got := h.browse("GET", path, ruth, nil).want(200)
		if kind := got.Header.Get(
			"Content-Type",
		); !strings.HasPrefix(kind, "text/csv") ||
			!strings.Contains(got.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s is %q", path, kind)
		}
		return strings.Split(strings.TrimSpace(string(got.Body)), "\n")
	}
	if got := lines("/supervisor/queue.csv"); len(got) != 4 {
		t.Errorf("the file has %d lines: %q", len(got), got)
	}
	if got := lines("/supervisor/queue.csv?department=cards"); len(got) != 2 || !strings.Contains(got[1], ",cards,") {
		t.Errorf("the file of a department is %q", got)
	}
	if err := h.desk.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := lines("/supervisor/day.csv"); len(got) != 2 || !strings.Contains(got[1], ",3,") {
		t.Errorf("the day is %q", got)
	}
	h.browse("GET", "/supervisor?department=nothing", ruth, nil).goesTo("/supervisor")
}

func TestAFormOfThePeopleComesBackWithItsReasons(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	a, alex := h.agent("alex", models.RoleAdmin)
	form := func(change url.Values) url.Values {
		all := url.Values{
			"name":           {"Maria Keller"},
			"email":          {"maria@example.com"},
			"role":           {"agent"},
			"max_concurrent": {"5"},
			"password":       {password},
		}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	for field, bad := range map[string]string{"name": "", "email": "not an address", "role": "king", "max_concurrent": "101", "password": "short"} {
		h.browse("POST", "/admin/people", alex, form(url.Values{field: {bad}})).want(422).says(`id="`+field, "aria-invalid")
	}
	h.browse("POST", "/admin/people", alex, form(url.Values{"email": {"ALEX@example.com"}})).want(422).says(`role="alert"`, "Maria Keller")
	h.browse("POST", "/admin/people", alex, form(url.Values{"max_concurrent": {"0"}})).goesTo("/admin/people")
	if maria, err := h.desk.AgentByEmail(t.Context(), "maria@example.com"); err != nil || maria.MaxConcurrent != 0 {
		t.Errorf("Maria was added as %+v, %v", maria, err)
	}
	rows, _, err := h.desk.AuditLog(t.Context(), admin, models.AuditFilter{Limit: 10, Action: models.AuditCapacityChanged})
	if err != nil || len(rows) != 0 {
		t.Errorf("her capacity was changed after she was added: %v %v", rows, err)
	}
	h.browse("POST", "/admin/people/"+a.ID, alex, url.Values{"name": {"Alex"}, "role": {"agent"}, "max_concurrent": {"1"}}).
		want(422).
		says("last administrator")
	h.browse("POST", "/admin/people/"+a.ID+"/disable", alex, url.Values{}).want(422).says("last administrator")
	h.browse("GET", "/admin/people/nobody", alex, nil).want(404)
	if got := h.browse("POST", "/admin/people", alex, nil); got.Status != 403 {
		t.Errorf("a form without the token is answered %d", got.Status)
	}
}
