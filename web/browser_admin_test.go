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

func TestASettingIsChangedInItsPlaceAndPutBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/settings")
	b.write("#setting-IDLE_WARNING input[name='value']", "3m")
	b.press("\r")
	b.sees("#setting-IDLE_WARNING .error", "must be longer")
	b.write("#setting-IDLE_WARNING input[name='value']", "soon")
	b.press("\r")
	b.sees("#setting-IDLE_WARNING .error", "A length of time")
	b.write("#setting-IDLE_WARNING input[name='value']", "90s")
	b.press("\r")
	b.sees("#setting-IDLE_WARNING .chip", "Changed")
	b.gone("#setting-IDLE_WARNING .error")
	if got := s.desk.Settings().IdleWarning; got != 90*time.Second {
		t.Errorf("the warning comes after %s", got)
	}
	b.click("#setting-IDLE_WARNING .btn-quiet")
	b.gone("#setting-IDLE_WARNING .chip")
	if got := s.desk.Settings().IdleWarning; got != time.Minute {
		t.Errorf("the warning comes after %s", got)
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
	bench.until("the person off the list", "!root.body.innerText.includes('My question of today') && !root.body.innerText.includes('My older question')")
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
