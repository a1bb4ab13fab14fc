package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"parley/models"
)

// settingsForm returns the fields that a browser sends from the form of a group of settings.
func (h *testServer) settingsForm(session, group string) url.Values {
	h.t.Helper()
	page := h.browse("GET", "/admin/settings", session, nil).want(200)
	form := fieldsOf(h.t, string(page.Body), "settings-"+group)
	form.Del("csrf_token")
	return form
}

// fieldsOf returns the fields that a browser sends from the form in the element with that id.
func fieldsOf(t *testing.T, page, id string) url.Values {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	for n := range document.Descendants() {
		if attribute(n, "id") != id {
			continue
		}
		for field := range n.Descendants() {
			name, value := attribute(field, "name"), attribute(field, "value")
			switch kind := attribute(field, "type"); {
			case field.Data == "input" && (kind != "checkbox" || has(field, "checked")):
				form.Add(name, value)
			case field.Data == "option" && has(field, "selected"):
				form.Add(attribute(field.Parent, "name"), value)
			}
		}
	}
	if len(form) == 0 {
		t.Fatalf("the page has no form in #%s", id)
	}
	return form
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// errorAt returns the text of the error at a setting's field, "" for none.
func errorAt(page, key string) string {
	_, after, _ := strings.Cut(page, `id="setting-`+key+`-value-error"`)
	after, _, _ = strings.Cut(after, "</p>")
	if at := strings.LastIndex(after, ">"); at >= 0 {
		return strings.TrimSpace(after[at+1:])
	}
	return ""
}

func TestAGroupOfSettingsIsSavedAtOnce(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	h.browse("GET", "/admin/settings", alex, nil).want(200).says("Warning after", "Default: 1 minute", "1 second to 1 day",
		"Default: 30 per minute", "Default: 30 days", "1 to 100,000")
	idle := h.settingsForm(alex, "idle")
	if idle.Get("IDLE_WARNING") != "1" || idle.Get("IDLE_WARNING.unit") != "minute" || idle.Get("IDLE_AGENT_ACTION") != "end" {
		t.Errorf("the form is drawn as %v", idle)
	}
	idle.Set("IDLE_WARNING", "10")
	idle.Set("IDLE_TIMEOUT", "0.5")
	idle.Set("IDLE_TIMEOUT.unit", "hour")
	h.browse("POST", "/admin/settings", alex, idle).goesTo("/admin/settings?saved=idle#settings-idle")
	h.browse("GET", "/admin/settings?saved=idle", alex, nil).want(200).says("Saved", "Changed")
	if s := h.desk.Settings(); s.IdleWarning != 10*time.Minute || s.IdleTimeout != 30*time.Minute {
		t.Errorf("saved are %s and %s", s.IdleWarning, s.IdleTimeout)
	}
	again := h.settingsForm(alex, "idle")
	if again.Get("IDLE_TIMEOUT") != "30" || again.Get("IDLE_TIMEOUT.unit") != "minute" {
		t.Errorf("after that the form is drawn as %v", again)
	}
	h.browse("POST", "/admin/settings", alex, again).want(303) // nothing is changed, and nothing logged

	privacy := h.settingsForm(alex, "privacy")
	privacy.Set("MASK_CARDS", "true")
	privacy.Set("RETENTION", "90")
	h.browse("POST", "/admin/settings", alex, privacy).want(303)
	if s := h.desk.Settings(); !s.MaskCards || s.RequireIdentity || s.Retention != 90*24*time.Hour {
		t.Errorf("saved are %v, %v, %s", s.MaskCards, s.RequireIdentity, s.Retention)
	}
	off := h.settingsForm(alex, "privacy")
	off.Del("MASK_CARDS")
	h.browse("POST", "/admin/settings", alex, off, asScript).want(200).says("Saved")
	if h.desk.Settings().MaskCards {
		t.Error("a switch that is off in the form is not switched off")
	}
	h.audited(alex, "alex setting_changed setting", "alex setting_changed setting", "alex setting_changed setting",
		"alex setting_changed setting", "alex setting_changed setting")
}

func TestARefusedGroupComesBackAsItWasEntered(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	if err := h.desk.ChangeSetting(t.Context(), admin, "IDLE_AGENT_ACTION", models.IdleRequeue); err != nil {
		t.Fatal(err)
	}
	entered := map[string]string{"RATE_SEND": "0", "RATE_END": "40", "RATE_RATE": "1.5", "RATE_FILE": "", "RATE_LOGIN": "many"}
	limits := h.settingsForm(alex, "limits")
	for key, value := range entered {
		limits.Set(key, value)
	}
	refusals := map[string]string{
		"RATE_SEND": "a whole number from 1 to 100,000", "RATE_RATE": "a whole number",
		"RATE_FILE": "a whole number", "RATE_LOGIN": "a whole number",
	}
	for _, form := range []answer{
		h.browse("POST", "/admin/settings", alex, limits), h.browse("POST", "/admin/settings", alex, limits, asScript),
	} {
		page := string(form.want(422).says("Not saved").Body)
		back := fieldsOf(t, page, "settings-limits")
		for key, value := range entered {
			if back.Get(key) != value {
				t.Errorf("%s was entered as %q and comes back as %q", key, value, back.Get(key))
			}
		}
		for _, row := range h.desk.SettingRows() {
			if got := errorAt(page, row.Key); !strings.Contains(got, refusals[row.Key]) || (refusals[row.Key] == "") != (got == "") {
				t.Errorf("at %s the page says %q, want %q", row.Key, got, refusals[row.Key])
			}
		}
	}
	if got := h.desk.Settings().RateEnd; got != 10 {
		t.Errorf("of a refused group one value was saved: %d", got)
	}

	idle := h.settingsForm(alex, "idle")
	for _, c := range []struct{ key, value, unit, refusal string }{
		{"IDLE_WARNING", "2", "day", "Enter 1 second to 1 day"},
		{"IDLE_WARNING", "3", "minute", "“Chat ends after” must be longer than “Warning after”"},
		{"IDLE_WARNING", "5m", "second", "Enter 1 second"},
		{"IDLE_WARNING", "-1", "minute", "Enter 1 second"},
		{"IDLE_WARNING", "1", "week", "Enter 1 second"},
		{"IDLE_TIMEOUT", "9999999999999", "day", "Enter 2 seconds to 2 days"},
		{"IDLE_TIMEOUT", "60", "second", "must be longer"},
		{"IDLE_AGENT_ACTION", "sing", "", "Not one of the options"},
	} {
		form := url.Values{}
		for key, values := range idle {
			form[key] = values
		}
		form.Set(c.key, c.value)
		form.Set(c.key+".unit", c.unit)
		page := string(h.browse("POST", "/admin/settings", alex, form).want(422).Body)
		if got := errorAt(page, c.key); !strings.Contains(got, c.refusal) {
			t.Errorf("%s %s %s is refused with %q, want %q", c.key, c.value, c.unit, got, c.refusal)
		}
	}
	h.browse("POST", "/admin/settings", alex, url.Values{"group": {"nothing"}}).want(422)
	h.browse("POST", "/admin/settings", alex, url.Values{"group": {"idle"}, "reset": {"AUDIT_RETENTION"}}).want(404)
}

func TestAFormDoesNotTakeBackWhatAnotherAdminSaved(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, beth := h.agent("beth", models.RoleAdmin)
	ofAlex, ofBeth := h.settingsForm(alex, "idle"), h.settingsForm(beth, "idle")
	ofBeth.Set("IDLE_TIMEOUT", "20")
	h.browse("POST", "/admin/settings", beth, ofBeth).want(303)
	ofAlex.Set("IDLE_WARNING", "10") // fits only what Beth saved
	page := h.browse("POST", "/admin/settings", alex, ofAlex, asScript).want(200)
	if s := h.desk.Settings(); s.IdleWarning != 10*time.Minute || s.IdleTimeout != 20*time.Minute {
		t.Errorf("chats are warned after %s and end after %s", s.IdleWarning, s.IdleTimeout)
	}
	if form := fieldsOf(t, string(page.Body), "settings-idle"); form.Get("IDLE_TIMEOUT") != "20" {
		t.Errorf("the answer shows %v for what Beth saved", form)
	}

	ofBeth = h.settingsForm(beth, "idle")
	ofAlex = h.settingsForm(alex, "idle")
	ofBeth.Set("IDLE_TIMEOUT", "30")
	h.browse("POST", "/admin/settings", beth, ofBeth).want(303)
	ofAlex.Set("IDLE_TIMEOUT", "40")
	refused := string(h.browse("POST", "/admin/settings", alex, ofAlex).want(422).Body)
	if got := errorAt(refused, "IDLE_TIMEOUT"); !strings.Contains(got, "changed this to 30 minutes") {
		t.Errorf("the page says %q", got)
	}
	back := fieldsOf(t, refused, "settings-idle")
	if back.Get("IDLE_TIMEOUT") != "40" || h.desk.Settings().IdleTimeout != 30*time.Minute {
		t.Errorf("the form comes back as %v, and in force is %s", back, h.desk.Settings().IdleTimeout)
	}
	h.browse("POST", "/admin/settings", alex, back).want(303)
	if got := h.desk.Settings().IdleTimeout; got != 40*time.Minute {
		t.Errorf("saved again it is %s", got)
	}
}

func TestAResetKeepsWhatIsEnteredBesideIt(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	must(t, h.desk.ChangeSettings(t.Context(), admin, []models.SettingChange{
		{Key: "RATE_SEND", Value: "40"}, {Key: "IDLE_TIMEOUT", Value: "20m"}, {Key: "IDLE_WARNING", Value: "10m"},
	}))
	limits := h.settingsForm(alex, "limits")
	limits.Set("RATE_END", "many")
	limits.Set("reset", "RATE_SEND")
	back := fieldsOf(t, string(h.browse("POST", "/admin/settings", alex, limits).want(200).Body), "settings-limits")
	if back.Get("RATE_SEND") != "30" || back.Get("RATE_END") != "many" || h.desk.Settings().RateSend != 30 {
		t.Errorf("after the reset the form is %v", back)
	}
	idle := h.settingsForm(alex, "idle")
	idle.Set("reset", "IDLE_TIMEOUT")
	page := string(h.browse("POST", "/admin/settings", alex, idle, asScript).want(422).Body)
	if got := errorAt(page, "IDLE_TIMEOUT"); !strings.Contains(got, "must be longer") {
		t.Errorf("a reset that leaves the times in the wrong order is answered with %q", got)
	}
}
