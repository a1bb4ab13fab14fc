package web_test

import (
	"slices"
	"testing"
	"time"

	"parley/models"
)

// Of a live page with many rows, what did not change is not painted again: the elements of the other rows are not touched, apart from their
// clocks.
func TestOnlyRowsThatChangedArePaintedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	s.online("ben", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	first := s.queues("", "Anna or Ben has this one")
	s.queues("", "And this one")
	var waiting []models.Chat
	for range 8 {
		waiting = append(waiting, s.queues("", "No place for me"))
	}
	b := s.watch("/supervisor")
	b.rows(waiting...)
	b.run(`
		window.touched = new Set();
		window.details = [];
		new MutationObserver((changes) => {
			for (const { target, type, attributeName, oldValue } of changes) {
				const el = target.closest ? target : target.parentElement;
				const row = el?.closest("#queue tbody tr, li.agent");
				if (row && !el.closest("time, [data-since], [data-until]")) {
					touched.add(row.id);
					details.push([row.id, type, attributeName, el.outerHTML.slice(0, 200), oldValue].join(" "));
				}
			}
		}).observe(document.getElementById("main"), {
			subtree: true, childList: true, attributes: true, characterData: true, attributeOldValue: true,
		});`)
	only := func(want string) {
		t.Helper()
		if got := get[[]string](b, "[...touched]"); !slices.Equal(got, []string{want}) {
			t.Errorf("painted again were %q, not %s alone: %q", got, want, get[[]string](b, "details"))
		}
		b.run("touched.clear(); details.length = 0")
	}
	_, err := s.desk.SetPriority(t.Context(), admin, waiting[0].ID, 1)
	s.must(err)
	b.sees(row(waiting[0]), "Priority +1")
	only("waiting-" + waiting[0].ID)

	agent := s.agentOf(first.ID)
	_, _, err = s.desk.Send(t.Context(), agent, first.ID, models.NewMessage{Content: "Here I am"})
	s.must(err)
	b.sees("#agent-"+agent.ID, "all answered")
	only("agent-" + agent.ID)
}
