package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"parley/models"
)

// Every form that adds something without a unique name carries an id. Sent twice, also at once, it adds one; drawn again, or changed and
// sent from the browser's history, it adds another.
func TestAFormThatIsSentTwiceAddsOne(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	hidden := regexp.MustCompile(`name="form_id" value="([A-Z0-9]+)"`)
	for _, c := range []struct {
		path, table, changed string
		form                 url.Values
	}{
		{"/supervisor/alert-rules", "alert_rules", "threshold", url.Values{
			"kind": {"queue_length"}, "threshold": {"3"}, "hold_seconds": {"5"}, "window_minutes": {"30"}, "is_enabled": {"1"},
		}},
		{"/supervisor/wallboards", "wallboard_keys", "name", url.Values{"name": {"1"}}},
		{"/admin/api-keys", "api_keys", "name", url.Values{"name": {"1"}, "scopes": {"queue", "users"}}},
		{"/admin/break-reasons", "break_reasons", "minutes", url.Values{"name_en": {"Tea"}, "minutes": {"4"}}},
		{"/admin/rating-reasons", "rating_reasons", "max_stars", url.Values{"name_en": {"Slow"}, "min_stars": {"1"}, "max_stars": {"3"}}},
		{"/admin/questions", "questions", "name_en", url.Values{"name_en": {"Why?"}, "kind": {"text"}, "asked": {"before"}}},
	} {
		rows := func() (n int) {
			t.Helper()
			must(t, h.desk.DB().NewRaw(`SELECT count(*) FROM `+c.table).Scan(t.Context(), &n))
			return n
		}
		drawn := func() string {
			t.Helper()
			found := hidden.FindStringSubmatch(string(h.browse("GET", c.path, alex, nil).want(200).Body))
			if found == nil {
				t.Fatalf("%s: the form has no id", c.path)
			}
			return found[1]
		}
		before := rows()
		c.form.Set("form_id", drawn())
		var all sync.WaitGroup
		csrf := h.csrf(alex)
		for range 4 {
			all.Go(func() {
				form := url.Values{"csrf_token": {csrf}}
				for name, values := range c.form {
					form[name] = values
				}
				got := h.send("POST", c.path, http.Header{
					"Cookie": {"parley_session=" + alex}, "Accept": {"text/html"}, "Content-Type": {"application/x-www-form-urlencoded"},
				}, []byte(form.Encode()))
				if got.Status != http.StatusSeeOther && got.Status != http.StatusOK {
					t.Errorf("%s: %d %s", c.path, got.Status, got.Body)
				}
			})
		}
		all.Wait()
		if n := rows() - before; n != 1 {
			t.Errorf("%s: sent four times, it added %d", c.path, n)
		}
		c.form.Set(c.changed, "5")
		h.browse("POST", c.path, alex, c.form)
		c.form.Set("form_id", drawn())
		h.browse("POST", c.path, alex, c.form)
		if n := rows() - before; n != 3 {
			t.Errorf("%s: changed, and drawn again, it added %d in all", c.path, n)
		}
	}

	// The answer that is seen, the last one, has the key that opens the wallboard.
	form := url.Values{"name": {"Hall"}, "form_id": {"ABC"}}
	address := regexp.MustCompile(`/wallboard/([A-Za-z0-9_-]+)`)
	key := func() string {
		return address.FindStringSubmatch(string(h.browse("POST", "/supervisor/wallboards", alex, form).want(200).Body))[1]
	}
	first, last := key(), key()
	h.ask("GET", "/api/wallboard/"+first, "", nil).refused(404, "wallboard_not_found")
	h.ask("GET", "/api/wallboard/"+last, "", nil).want(200)
	// Once it has been opened, a screen may use it.
	if next := key(); next == last {
		t.Error("a key was shown twice")
	}
	h.ask("GET", "/api/wallboard/"+last, "", nil).want(200)
	// A rule that was removed is added again.
	form = url.Values{
		"kind": {"queue_length"}, "threshold": {"9"}, "hold_seconds": {"5"}, "is_enabled": {"1"}, "form_id": {"DEF"},
	}
	for range 2 {
		h.browse("POST", "/supervisor/alert-rules", alex, form).goesTo("/supervisor/alert-rules")
		rules, err := h.desk.AlertRules(t.Context(), admin)
		must(t, err)
		last := rules[len(rules)-1]
		if last.Threshold != 9 {
			t.Errorf("the last rule is %+v", last)
		}
		must(t, h.desk.RemoveAlertRule(t.Context(), admin, last.ID))
	}
}

// A double click sends a form once, so that the answer to it is what is seen.
func TestADoubleClickSendsOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.onlyRule()
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor/alert-rules")
	b.write("#rule-0-threshold", "7")
	b.run(`const add = [...document.querySelectorAll("#main .btn-primary")].at(-1); add.click(); add.click()`)
	b.until("the new rule", "root.querySelectorAll('.rows .alert-rule').length === 2")
	b.open(s.url + "/supervisor/wallboards")
	b.write("#new-name", "Hall")
	b.run(`const add = [...document.querySelectorAll("#main .btn-primary")].at(-1); add.click(); add.click()`)
	b.sees("#wall-key", "/wallboard/")
	address := strings.TrimSpace(b.text("#wall-key"))
	b.until("one wallboard", "root.querySelectorAll('.wallboard-row').length === 1")
	wall := newBrowser(t)
	wall.open(address)
	wall.sees("#wall-waiting", "0")

	// What a form without a hidden id adds is not sent a second time either.
	s.agent("alex", models.RoleAdmin)
	c := newBrowser(t)
	c.signIn(s, "alex", "/admin/departments")
	c.write("#new-name", "Cards")
	c.write("#new-slug", "cards")
	c.run(`const add = [...document.querySelectorAll("#main .btn-primary")].at(-1); add.click(); add.click()`)
	c.sees("#main .rows", "cards")
	c.gone("#main .error")
}
