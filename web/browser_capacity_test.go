package web_test

import (
	"fmt"
	"testing"
	"time"

	"parley/models"
)

// screenWidths are those of phones, tablets and desks, and both sides of each width at which the layout changes.
var screenWidths = []int64{320, 360, 390, 480, 600, 767, 768, 820, 900, 1023, 1024, 1035, 1199, 1200, 1440}

// offScreen returns what extends beyond the screen: the page itself, or the button of the account's menu. On a phone an open chat takes
// the whole screen, and the bar with that button is not shown; the start page has none.
const offScreen = `(() => {
	const out = [];
	if (root.documentElement.scrollWidth > innerWidth) {
		const widest = [...root.querySelectorAll("body *")].filter((el) => el.getBoundingClientRect().right > innerWidth + 0.5 && getComputedStyle(el).position !== "fixed");
		out.push("the page is " + root.documentElement.scrollWidth + " px wide: " + widest.slice(0, 4).map((el) => el.tagName + "." + el.getAttribute("class")).join(" "));
	}
	const bar = root.querySelector(".top");
	if (!bar || bar.getBoundingClientRect().width === 0) return out.join("; ");
	const account = root.querySelector(".top .face-agent").getBoundingClientRect();
	if (account.width === 0 || account.left < 0 || account.right > innerWidth || account.top < 0 || account.bottom > innerHeight) out.push("the account menu is at " + account.left + " to " + account.right);
	return out.join("; ");
})()`

// TestNoCapacityMakesAPageTooWide opens every page of agents, supervisors and administrators with agents of small and large capacity.
func TestNoCapacityMakesAPageTooWide(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	capacities := []int{5, 9, 30, 100}
	chats := map[int]models.Chat{}
	var largest *models.Agent
	for _, capacity := range capacities {
		var token string
		name := fmt.Sprint("capacity", capacity)
		largest, token = s.online(name, func(n *models.NewAgent) { n.MaxConcurrent = capacity })
		for n := range min(capacity, 12) {
			chats[capacity] = s.queues("", fmt.Sprint("Question ", n))
		}
		s.ask("POST", forAgent+"/away", token, nil).want(200)
	}
	var b *browser
	check := func(what string) {
		t.Helper()
		for _, width := range screenWidths {
			b.size(width, 800)
			if found, err := eval[string](b, offScreen); err != nil || found != "" {
				t.Errorf("%s at %d px: %s %v", what, width, found, err)
			}
		}
		b.size(1440, 900)
	}
	for _, capacity := range capacities {
		b = newBrowser(t)
		b.signIn(s, fmt.Sprint("capacity", capacity), "/workbench")
		for _, lang := range []string{"en", "zh-CN"} {
			b.open(s.url + "/workbench?lang=" + lang)
			b.sees("#me .num", fmt.Sprint(capacity))
			check(fmt.Sprint("the workbench of capacity ", capacity, ", ", lang))
			b.open(s.url + "/workbench/chats/" + chats[capacity].ID)
			b.sees("#talk .talk-h")
			check(fmt.Sprint("a chat of capacity ", capacity, ", ", lang))
		}
	}
	waiting := s.queues("", "Nobody is online now")
	s.agent("olga", models.RoleAdmin)
	b = newBrowser(t)
	b.signIn(s, "olga", "/supervisor")
	for _, path := range []string{
		"/", "/workbench", "/supervisor", "/supervisor/what-if", "/supervisor/agents/" + largest.ID, "/supervisor/chats/" + chats[100].ID, "/supervisor/chats/" + waiting.ID,
		"/admin/people", "/admin/people/" + largest.ID, "/admin/departments", "/admin/break-reasons", "/admin/settings", "/admin/sites", "/admin/users", "/admin/audit", "/admin/health", "/account",
	} {
		b.open(s.url + path)
		b.until("the page", "root.querySelector('main')")
		check(path)
	}
}
