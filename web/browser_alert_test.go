package web_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// onlyRule leaves one rule, which raises an alert while a chat waits.
func (s *site) onlyRule() {
	s.t.Helper()
	_, err := s.desk.DB().NewRaw(`DELETE FROM alert_rules`).Exec(s.t.Context())
	s.must(err)
	_, err = s.desk.AddAlertRule(s.t.Context(), admin, models.AlertRuleFields{Kind: models.AlertQueueLength, IsEnabled: true})
	s.must(err)
}

func (s *site) evaluate() {
	s.t.Helper()
	s.must(s.desk.EvaluateAlerts(s.t.Context()))
}

// TestAnAlertIsHeardAndTakenCareOf has two supervisors: what one does is on the page of the other.
func TestAnAlertIsHeardAndTakenCareOf(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.onlyRule()
	s.agent("ruth", models.RoleSupervisor)
	s.agent("sam", models.RoleSupervisor)
	a, b := newBrowser(t), newBrowser(t)
	a.before(away + recordedNotices + heardReminders)
	for name, one := range map[string]*browser{"ruth": a, "sam": b} {
		one.signIn(s, name, "/supervisor")
		one.until("a live page", "root.documentElement.dataset.live === 'live'")
		one.until("no alerts", "root.getElementById('alerts').hidden")
	}
	waits := s.queues("", "Hello?")
	s.evaluate()
	for _, one := range []*browser{a, b} {
		one.sees("#alerts", "1 open alert", "Queue length", "over 0", "All departments")
	}
	a.until("the sound", "heard.length > 0")
	a.until("a notification", `told.some((notice) => notice.includes("Alert: Queue length"))`)
	a.until("the words for screen readers", `root.getElementById("alert-said").textContent.includes("Alert: Queue length")`)

	a.click("#alerts [aria-label='Acknowledge: Queue length']")
	for _, one := range []*browser{a, b} {
		one.sees("#alerts", "Acknowledged by ruth")
	}
	b.click("#alerts [aria-label='Snooze: Queue length']")
	for _, one := range []*browser{a, b} {
		one.sees("#alerts", "Snoozed by sam")
	}
	b.accessible("an alert that somebody takes care of")
	_, err := s.desk.End(t.Context(), admin, waits.ID, "")
	s.must(err)
	s.evaluate()
	for _, one := range []*browser{a, b} {
		one.until("no alerts", "root.getElementById('alerts').hidden")
	}

	// The next one is raised in the snooze: it is shown, and silent.
	_, err = eval[bool](a, `(window.heard = [], true)`)
	a.must(err)
	s.queues("", "And now?")
	s.evaluate()
	a.sees("#alerts", "1 open alert", "Snoozed by sam")
	silent, err := eval[bool](a, "heard.length === 0")
	a.must(err)
	if !silent {
		t.Error("an alert sounded in its snooze")
	}
	a.click("#alerts [aria-label='End snooze: Queue length']")
	a.until("the sound after the snooze", "heard.length > 0")

	a.open(s.url + "/supervisor/alerts")
	a.sees("#main", "Queue length", "back to normal", "Acknowledged by ruth", "Open")
	a.open(s.url + "/supervisor/alerts?kind=nobody_online")
	a.sees("#main", "No alerts", "none matches the filter")
}

// TestAlertRulesAreManagedByKeyboardAlone changes, adds and removes rules, without and with an error.
func TestAlertRulesAreManagedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.onlyRule()
	s.department("cards", "Cards")
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor/alert-rules")
	b.sees("#main", "Queue length · All departments", "Add rule")
	b.focus("#rule-0-threshold")
	b.write("#rule-0-threshold", "20000")
	b.press(kb.Enter)
	b.sees("#main .error", "Enter a whole number that fits the figure")
	b.write("#rule-0-threshold", "7")
	b.press(kb.Enter)
	b.until("the new rule", "root.querySelectorAll('.rows .alert-rule').length === 2")
	rules, err := s.desk.AlertRules(t.Context(), admin)
	s.must(err)
	if len(rules) != 2 || rules[1].Threshold != 7 || rules[1].HoldSeconds != 60 {
		t.Errorf("the rules are %+v", rules)
	}
	b.focus("[aria-label='Remove rule: Queue length · All departments']")
	b.press(kb.Enter)
	b.sees("#confirm-rule-"+strconv.FormatInt(rules[0].ID, 10), "Remove the rule Queue length · All departments?")
	b.press(kb.Escape)
	b.until("no question", "!root.querySelector('dialog[open]')")
	b.until("both rules", "root.querySelectorAll('.rows .alert-rule').length === 2")
	b.press(kb.Enter)
	b.until("the question", "root.querySelector('dialog[open]')")
	b.accessible("the question before a rule is removed")
	b.press(kb.Tab) // from the cross in its corner to Cancel
	b.press(kb.Tab)
	b.press(kb.Enter)
	b.until("one rule less", "root.querySelectorAll('.rows .alert-rule').length === 1")
}

func TestTheAccuracyOfEstimatesIsShownWithItsDefinitions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor/wait")
	b.sees("#main", "No estimates in this period", "How these figures are computed")
	must(t, s.predictions(40, 20))
	b.open(s.url + "/supervisor/wait?days=7")
	b.sees("#main", "50 %", "under 60 %", "40", "No department")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/supervisor/wait?lang=" + l.lang)
		b.sees("#by-hour")
		b.accessible("the accuracy of estimates, " + l.name)
		wide, err := eval[bool](b, "document.documentElement.scrollWidth > innerWidth")
		b.must(err)
		if wide {
			t.Errorf("the page scrolls sideways, %s", l.name)
		}
	}
}
