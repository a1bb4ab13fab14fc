package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

const (
	ruleOfPage = "#what-if"
	result     = "#what-if-result"
	onNow      = "#temporary-capacities"
)

// slots reads the capacity in a column of the result: 2 for now, 3 for then.
func (b *browser) slots(column int) string {
	b.t.Helper()
	return b.text(fmt.Sprintf("%s tbody tr:nth-child(5) > :nth-child(%d) b", result, column))
}

func TestASupervisorTriesACapacityAndAppliesIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	s.department("cards", "Cards")
	agent := atWork(t, s, "anna", func(n *models.NewAgent) { n.MaxConcurrent, n.Departments = 1, []string{"cards"} })
	first := s.queues("cards", "Anna has this one")
	waits := s.queues("cards", "No place for me")
	last := s.queues("cards", "Nor for me")
	agent.sees(rowOf(first.ID))
	boss := s.watch("/supervisor")
	boss.sees(row(waits), "All at capacity")
	boss.click(`.tabs-page a[href$="/supervisor/what-if"]`)
	boss.sees(result, "Wait of a user who joins now", "Time until the queue is empty")
	boss.click(".top .drop:has([href*=what-if]) summary")
	boss.click(`.top a[href$="department=cards"]`)
	boss.sees(ruleOfPage, "online agents of Cards")
	boss.sees(onNow, "None is on.")
	if now, then := boss.slots(2), boss.slots(3); now != "1" || then != "1" {
		t.Fatalf("the capacity is %s now and %s then", now, then)
	}

	// It computes again now and then while the page can be seen, and not while it is hidden.
	boss.run(`
		window.polls = { tried: 0, sent: 0 };
		Object.defineProperty(document, "hidden", { get: () => window.away, configurable: true });
		const form = document.getElementById("what-if");
		document.body.addEventListener("htmx:beforeRequest", ({ target }) => target === form && (polls.tried += 1));
		document.body.addEventListener("htmx:beforeSend", ({ target }) => target === form && (polls.sent += 1));
		window.away = true;`)
	boss.untilSlow("a poll that is left out", "root.defaultView.polls.tried > 0")
	if get[int](boss, "polls.sent") != 0 {
		t.Error("the page polls while it is hidden")
	}
	boss.run(`window.away = false; document.dispatchEvent(new Event("visibilitychange"))`)
	boss.until("the request of a page that is seen again", "root.defaultView.polls.sent > 0")

	boss.focus("#what-if-capacity") // by keys alone
	boss.press(kb.ArrowRight)
	boss.sees(".what-if-amount:has(#what-if-capacity) output", "+1")
	boss.sees(result, "shorter")
	if now, then := boss.slots(2), boss.slots(3); now != "1" || then != "2" {
		t.Fatalf("the capacity is %s now and %s then", now, then)
	}
	if got := s.capacityOf("anna"); got != 1 {
		t.Fatalf("trying it has changed the capacity to %d", got)
	}
	boss.focus("[data-apply]")
	boss.press("\r")
	boss.sees(onNow, "+1 per agent · Cards", "anna 1 → 2", "by ruth")
	agent.sees(rowOf(waits.ID))
	agent.sees("#capacity-note", "A supervisor has raised your capacity until", "It is 2 instead of 1")
	agent.accessible("the note about the capacity")
	boss.until("the ranges to be reset", `root.querySelector("#what-if-capacity").value === "0"`)
	boss.accessible("a temporary capacity")

	ends := s.endOf("anna")
	boss.write(onNow+` [name="minutes"]`, "90")
	boss.press("\r")
	boss.until(
		"a later end",
		fmt.Sprintf(
			`new Date(root.querySelector("%s time").dateTime) > new Date(%q)`,
			onNow,
			ends.Add(time.Minute).UTC().Format(time.RFC3339),
		),
	)
	boss.click(onNow + ` form[action$="/end"] button`)
	boss.sees(onNow, "None is on.")
	agent.gone("#capacity-note .banner")
	if got := s.capacityOf("anna"); got != 1 {
		t.Errorf("the capacity is %d", got)
	}
	agent.sees(rowOf(waits.ID)) // what runs goes on
	agent.gone(rowOf(last.ID))
}

// capacityOf returns the capacity of an agent.
func (h *testServer) capacityOf(name string) int {
	h.t.Helper()
	a, err := h.desk.AgentByEmail(h.t.Context(), name+"@example.com")
	if err != nil {
		h.t.Fatal(err)
	}
	return a.MaxConcurrent
}

// endOf returns until when the capacity of an agent is temporary.
func (s *site) endOf(name string) time.Time {
	s.t.Helper()
	a, err := s.desk.AgentByID(s.t.Context(), s.agentID(name))
	s.must(err)
	if a.MaxUntil == nil {
		s.t.Fatal("the capacity is not temporary")
	}
	return *a.MaxUntil
}
