package web_test

import (
	"testing"
	"time"

	"parley/models"
)

// administer opens a page of the administration.
func (s *site) administer(path string) *browser {
	s.t.Helper()
	s.agent("alex", models.RoleAdmin)
	b := newBrowser(s.t)
	b.signIn(s, "alex", path)
	return b
}

func TestAPersonIsAddedAndSignsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	b := s.administer("/admin")
	b.sees("h1", "Agents")
	b.click("a[href='/admin/people/new']")
	b.write("#name", "Maria Keller")
	b.write("#email", "alex@example.com")
	b.write("#max_concurrent", "3")
	b.write("#password", password)
	b.click("input[value='cards']")
	b.press("\r")
	b.sees("[role='alert']", "Another agent has this e-mail address")
	if got, _ := eval[string](b, "root.querySelector('#name').value"); got != "Maria Keller" {
		t.Errorf("the form came back with %q", got)
	}
	b.write("#email", "maria@example.com")
	b.write("#password", password)
	b.press("\r")
	b.sees("table", "Maria Keller", "maria@example.com", "Cards", "0 of 3")

	maria := newBrowser(t)
	maria.signIn(s, "maria", "/workbench")
}

func TestAnAccountIsDisabledAfterAQuestion(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, token := s.online("anna")
	chat := s.queues("", "Anna has me")
	b := s.administer("/admin/people")
	b.click("a[href='/admin/people/" + anna.ID + "']")
	b.click("form[action$='/disable'] button")
	b.sees("#confirm-disable", "Disable the account of anna?", "1 chat goes back")
	b.click("#confirm-disable [data-close]")
	b.gone("#confirm-disable")
	b.click("form[action$='/disable'] button")
	b.click("#confirm-disable [data-yes]")
	b.sees("section[aria-labelledby='gone-h']", "anna")
	s.ask("GET", "/api/customer-service/status", token, nil).refused(401, "unauthorized")
	if got := s.chatOf(chat.UserID); got.Status != models.Waiting {
		t.Errorf("the chat is %s", got.Status)
	}
}

func TestSettingsAreChangedByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { *now = models.DefaultSettings() })
	b := s.administer("/admin/settings")
	const warning, timeout = "#setting-IDLE_WARNING", "#setting-IDLE_TIMEOUT"
	enter := func(setting, number string) { b.write(setting+" input[type='number']", number) }
	reset := func(setting string) {
		b.focus(setting + " button[name='reset']")
		b.press("\r")
	}
	enter("#setting-RATE_SEND", "77") // in another group, which is not saved
	enter(timeout, "9000")
	enter(warning, "3")
	b.press("\r")
	b.sees(timeout+" .error", "Enter 2 seconds to 2 days")
	b.until("the focus at what is wrong", "root.activeElement.matches('"+timeout+" input')")
	b.sees("#settings-idle [role='status']", "Not saved")
	for _, l := range looks {
		b.as(l)
		b.accessible("refused settings, " + l.name)
	}
	b.as(looks[0])
	enter(timeout, "170")
	b.focus(timeout + " select")
	b.press("s") // seconds
	b.focus(timeout + " input[type='number']")
	b.press("\r")
	b.sees(timeout+" .error", "“Chat ends after” must be longer than “Warning after”")
	enter(timeout, "600")
	b.press("\r")
	b.sees("#settings-idle [role='status']", "Saved")
	b.sees(warning+" .chip", "Changed")
	b.sees(timeout+" .chip", "Changed")
	b.gone("#settings-idle .error")
	if now := s.desk.Settings(); now.IdleWarning != 3*time.Minute || now.IdleTimeout != 10*time.Minute {
		t.Errorf("saved are %s and %s", now.IdleWarning, now.IdleTimeout)
	}
	b.until(
		"what was entered to stay",
		"root.querySelector('"+timeout+" input[type=number]').value === '600' && root.querySelector('"+timeout+" select').value === 'second' && root.querySelector('#setting-RATE_SEND input[type=number]').value === '77'",
	)
	enter(timeout, "700") // is kept by the reset of the other
	reset(warning)
	b.gone(warning + " .chip")
	b.until("the focus at what was reset", "root.activeElement.matches('"+warning+" input')")
	b.until(
		"the default, and beside it what was entered",
		"root.querySelector('"+warning+" input[type=number]').value === '1' && root.querySelector('"+timeout+" input[type=number]').value === '700'",
	)
	if got := s.desk.Settings(); got.IdleWarning != time.Minute || got.IdleTimeout != 10*time.Minute {
		t.Errorf("after the reset they are %s and %s", got.IdleWarning, got.IdleTimeout)
	}

	b.focus("#setting-MASK_CARDS input[role='switch']")
	b.press(" ")
	b.press("\r")
	b.sees("#settings-privacy [role='status']", "Saved")
	if !s.desk.Settings().MaskCards {
		t.Error("the switch was not saved")
	}
	// Another admin changes what has the focus here and is not changed.
	b.focus(timeout + " input[type='number']")
	b.reload()
	b.focus(timeout + " input[type='number']")
	s.must(s.desk.ChangeSetting(t.Context(), admin, "IDLE_TIMEOUT", "20m"))
	b.press("\r")
	b.until("what the other admin saved", "root.querySelector('"+timeout+" input[type=number]').value === '20'")
	if got := s.desk.Settings().IdleTimeout; got != 20*time.Minute {
		t.Errorf("the other admin's value was taken back: %s", got)
	}
}

func TestDepartmentsAndSitesComeAndGo(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/departments")
	b.sees("main", "No departments")
	b.write("#new-name", "Cards")
	b.write("#new-slug", "cards")
	b.press("\r")
	b.sees("#department-cards")
	b.write("#department-cards input[name='name']", "Cards and cash")
	b.press("\r")
	b.until("the new name", "root.querySelector(\"#department-cards input[name='name']\").value === 'Cards and cash'")
	s.queues("cards", "I keep it alive")
	remove := func() {
		b.click("#department-cards form[action$='/remove'] button")
		b.click("#confirm-cards [data-yes]")
	}
	remove()
	b.sees("#department-cards .error", "Rename it instead")

	b.click(".tabs-page a[href='/admin/sites']")
	b.write("#origin", "https://shop.example/path")
	b.press("\r")
	b.sees(".error", "Enter only scheme and host")
	b.write("#origin", "https://shop.example")
	b.press("\r")
	b.sees(".rows", "https://shop.example")
	b.sees("#snippet", "<script", s.url+"/widget.js")
	b.click("form[action$='/remove'] button")
	b.click("dialog[open] [data-yes]")
	b.sees("main", "No sites")
}

func TestAUsersDataIsErasedWhileAnAgentLooksAtIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	older := s.queues("", "My older question")
	_, err := s.desk.End(t.Context(), models.AgentActor(anna), older.ID, "")
	s.must(err)
	_, err = s.desk.Assign(t.Context(), older.UserID, models.AssignRequest{Message: "My question of today"})
	s.must(err)
	stays := s.queues("", "Somebody else asks")
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench/chats/"+older.ID)
	bench.until("a live page", "root.documentElement.dataset.live === 'live'")
	bench.sees("#thread", "My older question")
	bench.sees("#list", "My question of today", "Somebody else asks")

	b := s.administer("/admin/users")
	b.write("#q", older.UserID)
	b.press("\r")
	b.click("main table a")
	b.sees("main", "What Parley stores", older.UserID)
	b.write("#confirm", "something else")
	b.press("\r")
	b.sees("#confirm-error", "does not match")
	b.write("#confirm", older.UserID)
	b.press("\r")
	b.sees("[role=status]", "was erased")

	bench.gone("#thread")
	bench.sees("#list", "Somebody else asks")
	bench.until(
		"the person off the list",
		"!root.body.innerText.includes('My question of today') && !root.body.innerText.includes('My older question')",
	)
	bench.until("the page of nothing", "location.pathname === '/workbench'")
	bench.sees(".toast", "erased")
	bench.click("#row-" + stays.ID)
	bench.sees("#thread", "Somebody else asks")
}

func TestTheAuditLogIsFilteredByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	b := s.administer("/admin/audit")
	b.sees("main table", "Signed in", "Added a department")
	b.focus("#subject")
	b.write("#subject", "CARDS")
	b.press("\r")
	b.until("the filter in the address", "location.search.includes('subject=CARDS')")
	b.sees("main table", "Added a department")
	b.until("nothing else", "!root.querySelector('main table').innerText.includes('Signed in')")
	b.click("a[href='/admin/audit']")
	b.sees("main table", "Signed in")
}
