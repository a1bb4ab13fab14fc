package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// queues lets a new guest start a chat with a department, "" for none, and returns the chat, which may be waiting or assigned.
func (s *site) queues(department, question string) models.Chat {
	s.t.Helper()
	id, _ := s.guest()
	got, err := s.desk.Assign(s.t.Context(), id, models.AssignRequest{Message: question, Department: department})
	s.must(err)
	return got.Chat
}

// department adds a department.
func (s *site) department(slug, name string) {
	s.t.Helper()
	_, err := s.desk.AddDepartment(s.t.Context(), admin, slug, name)
	s.must(err)
}

// watch opens the supervisor's page and waits until it is live.
func (s *site) watch(path string) *browser {
	s.t.Helper()
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(s.t)
	b.signIn(s, "ruth", path)
	b.until("a live page", "root.documentElement.dataset.live === 'live'")
	return b
}

func row(c models.Chat) string { return "#waiting-" + c.ID }

// rows waits until the queue shows these chats, in this order.
func (b *browser) rows(chats ...models.Chat) {
	b.t.Helper()
	ids := []string{}
	for _, c := range chats {
		ids = append(ids, "waiting-"+c.ID)
	}
	b.until(fmt.Sprintf("the rows %v", ids), "[...root.querySelectorAll('#queue tbody tr')].map((r) => r.id).join() === "+quote(join(ids)))
}

func join(ids []string) string {
	all := ""
	for i, id := range ids {
		if i > 0 {
			all += ","
		}
		all += id
	}
	return all
}

// pointAt moves the mouse onto an element.
func (b *browser) pointAt(selector string) {
	b.t.Helper()
	b.sees(selector)
	at, err := eval[map[string]float64](
		b,
		"(({x, y, width, height}) => ({x: x + width / 2, y: y + height / 2}))("+visible(selector)+".getBoundingClientRect())",
	)
	b.must(err)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at["x"], at["y"]))
}

func TestTheQueueMovesBeforeTheSupervisorsEyes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.watch("/supervisor")
	b.sees("#queue", "No agents online")
	b.sees("#tile-expected", "unknown")

	anna, _ := s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	b.sees("#queue", "No one is waiting", "capacity for 1 more chat")
	b.sees("#agent-"+anna.ID, "Online", "0 of 1")

	held := s.queues("", "Anna takes this one")
	b.sees("#agent-"+anna.ID, "1 of 1", "no reply")
	b.sees("#tile-slots", "1", "none free")
	first, second := s.queues("", "I wait"), s.queues("", "I wait too")
	b.rows(first, second)
	b.sees("#tile-waiting", "2")
	b.sees(row(first), "All at capacity", "up to 12 min")

	_, err := s.desk.End(t.Context(), models.AgentActor(anna), held.ID, "")
	s.must(err)
	b.rows(second)
}

func TestAChatIsAssignedByHandWithTheKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	anna, _ := s.online("anna")
	s.online("ben", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	s.queues("", "Ben or Anna")
	s.queues("", "The other one")
	b := s.watch("/supervisor")
	waits := s.queues("cards", "Nobody here serves cards")
	b.sees(row(waits), "Cards", "No matching agent")

	b.focus(row(waits) + " [data-assign]")
	b.press("\r")
	b.sees("#assign-menu", "Assign", "anna", "1 of 5", "not in Cards", "At capacity, 1 of 1")
	b.until("the focus on the only one with room", "root.activeElement?.dataset.agent === 'anna'")
	b.press("\r")
	b.sees(".toast", "anna")
	b.sees("#queue", "No one is waiting")
	b.sees("#agent-"+anna.ID, "2 of 5")
	if got := s.chatOf(waits.UserID); got.ServedBy() != anna.ID {
		t.Errorf("the chat is with %q", got.ServedBy())
	}
}

func TestPriorityChangesTheOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	first, second := s.queues("", "I came first"), s.queues("", "I am in a hurry")
	b := s.watch("/supervisor")
	b.rows(first, second)
	b.click(row(second) + " [data-rank]")
	b.sees("#priority-menu", "Priority of")
	b.click("#priority-menu [data-value='20']")
	b.gone("#priority-menu")
	b.pointAt("#tile-left")
	b.rows(second, first)
	b.sees(row(second), "Priority +20")
}

func TestRowsStandStillUnderPointerAndFocus(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	first := s.queues("", "I came first")
	b := s.watch("/supervisor")
	b.rows(first)
	held := func() {
		t.Helper()
		b.sees("#queue [data-held]", "1 update held")
	}

	b.pointAt(row(first) + " th")
	second := s.queues("", "I came second")
	held()
	b.rows(first)
	b.pointAt("#tile-left")
	b.rows(first, second)

	b.focus(row(first) + " [data-assign]")
	_, err := s.desk.SetPriority(t.Context(), admin, second.ID, 50)
	s.must(err)
	held()
	b.rows(first, second)
	b.until("the focus where it was", "root.activeElement?.id === "+quote("assign-"+first.ID))
	_, err = s.desk.End(t.Context(), models.UserActor(first.UserID), first.ID, "")
	s.must(err)
	b.sees(row(first), "No longer waiting")
	held()
	b.focus("#queue .panel-h a")
	b.rows(second)
	b.gone("#queue [data-held]")
}

func TestTheDepartmentIsInTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	s.department("parcels", "Parcels")
	card := s.queues("cards", "About my card")
	s.queues("parcels", "About my parcel")
	b := s.watch("/supervisor")
	b.click(".drop summary.status-btn")
	b.click(".drop a[href='/supervisor?department=cards']")
	b.until("the address", "location.search === '?department=cards'")
	b.rows(card)
	b.sees("#tile-waiting", "1")
	more := s.queues("cards", "About my other card")
	s.queues("parcels", "About my other parcel")
	b.rows(card, more)
}

func TestNumbersThatAreNotLiveSayHowOldTheyAre(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	first := s.queues("", "Before the restart")
	b := s.watch("/supervisor")
	b.rows(first)
	s.stop()
	b.sees("#stale", "No updates for")
	b.sees("#main.is-stale .tile-n", "1")
	s.start()
	b.gone("#stale")
	second := s.queues("", "After the restart")
	b.rows(first, second)
}

func TestAChatIsReadAlongAndEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, token := s.online("anna")
	chat := s.queues("", "Can you hear me?")
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor/agents/"+anna.ID)
	b.click("a[href='/supervisor/chats/" + chat.ID + "']")
	b.sees("#thread", "Can you hear me?")
	b.sees("#read-only", "You are watching")
	s.ask("POST", "/api/customer-service/chats/"+chat.ID+"/messages", token, map[string]any{"content": "Loud and clear"}).want(201)
	b.sees("#thread .msg-own", "Loud and clear")
	b.write("#comment", "Heard")
	b.click("section:has(#comment) .btn-danger")
	b.sees("#chat-state", "Ended")
	b.sees("#chat-facts", "Heard")
	b.gone("#comment")
}

func TestTheDayIsAChartAndATable(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	db, err := models.Open(t.Context(), s.databaseURL)
	s.must(err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `INSERT INTO minute_buckets (minute, waiting, longest_wait_seconds, agents_online, load, slots)
		SELECT m, extract(minute FROM m)::int % 7, 60, 3, 5, 9
		FROM generate_series(date_trunc('minute', now()) - interval '3 hours', now() - interval '1 minute', '1 minute') m`)
	s.must(err)
	b := s.watch("/supervisor")
	b.sees("#day-chart canvas")
	b.sees("#day-summary", "Users waiting: up to 6", "1:00")
	b.click("#day-table summary")
	b.until("a row for each minute", "root.querySelectorAll('#day-figures tbody tr').length >= 180")
	b.pointAt("#day-chart canvas")
	b.sees(".chart-tip", "users waiting", "1:00 longest wait")
	drawn, err := eval[bool](b, `(() => {
		const canvas = root.querySelector("#day-chart canvas");
		const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
		return pixels.filter((v, i) => i % 4 === 3 && v > 0).length > 1000;
	})()`)
	b.must(err)
	if !drawn {
		t.Error("the canvas is empty")
	}
}

func TestTheAssignMenuClosesByEscape(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	waits := s.queues("", "I wait")
	b := s.watch("/supervisor")
	b.focus(row(waits) + " [data-assign]")
	b.press("\r")
	b.sees("#assign-menu")
	b.press(kb.Escape)
	b.gone("#assign-menu")
	b.until("the focus back on the row", "root.activeElement?.id === "+quote("assign-"+waits.ID))
}

func TestASupervisorWhoIsSignedOutSeesTheSignInPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.watch("/supervisor")
	ruth, err := s.desk.AgentByEmail(t.Context(), "ruth@example.com")
	s.must(err)
	began := time.Now()
	s.must(s.desk.SetPassword(t.Context(), admin, ruth.ID, "another password"))
	b.until("the sign-in page", "location.pathname === '/login'")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
}
