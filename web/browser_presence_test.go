package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// agentID returns the id of the agent of that name.
func (s *site) agentID(name string) string {
	s.t.Helper()
	a, err := s.desk.AgentByEmail(s.t.Context(), name+"@example.com")
	s.must(err)
	return a.ID
}

// ages moves a time of an agent into the past.
func (s *site) ages(agentID, column string, by time.Duration) {
	s.t.Helper()
	_, err := s.desk.DB().
		NewRaw(`UPDATE agents SET `+column+` = `+column+` - make_interval(secs => ?) WHERE id = ?`, by.Seconds(), agentID).
		Exec(s.t.Context())
	s.must(err)
}

func (s *site) sweeps() {
	s.t.Helper()
	_, err := s.desk.Sweep(s.t.Context())
	s.must(err)
}

func TestASupervisorSeesTheBreakOfAnAgentAndItsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	anna := s.agentID("anna")
	boss := s.watch("/supervisor")
	card := "#agent-" + anna
	boss.sees(card+" .presence", "Online")
	_, chat := s.newChat("Where is my card?")
	b.sees(rowOf(chat))

	b.alt("KeyS") // by keys alone: the menu opens on Online, and Lunch is the sixth entry
	b.until("the focus in the menu", `document.activeElement.getAttribute("formaction") === "/workbench/online"`)
	for range 5 {
		b.press(kb.ArrowDown)
	}
	b.until("the focus on Lunch", `document.activeElement.textContent.includes("Lunch")`)
	b.press("\r")
	b.sees("#presence-btn", "Break: Lunch")
	b.gone("#presence:popover-open")
	b.sees(rowOf(chat)) // it stays
	boss.sees(card, "Break: Lunch", "break until")
	_, next := s.newChat("Is anybody there?")
	boss.sees("#waiting-" + next)
	b.sees("#strip", "1 waiting", "none for you while you are on a break")
	b.gone(rowOf(next))

	s.ages(anna, "break_ends_at", time.Hour)
	s.sweeps()
	b.sees("#presence-note", "Your break ended at", "Back online?")
	boss.sees(card, "Break: Lunch", "break overdue")
	b.click("#presence-note form > button:not(.btn-primary)")
	b.gone("#presence-note form")
	boss.gone(card + " .chip-amber")
	s.ages(anna, "break_ends_at", time.Hour)
	s.sweeps()
	b.click("#presence-note .btn-primary")
	b.sees("#presence-btn", "Online")
	b.gone("#presence-note form")
	b.sees(rowOf(next))
	boss.sees(card+" .presence", "Online")

	boss.click(card + " h3 a")
	boss.sees(".timeline-rows", "Break: Lunch", "planned for 45 min", "planned for 10 min", "planned end of the break", "Online")
	boss.sees(".timeline", "Break: ", "Online: ")
}

func TestAnAgentFinishesTheLastChats(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	boss := s.watch("/supervisor")
	_, chat := s.newChat("The last question of the day")
	b.sees(rowOf(chat))
	b.click("#presence-btn")
	b.click(`#presence [formaction="/workbench/last-chats"]`)
	b.sees("#presence-btn", "Last chats")
	boss.sees("#agent-"+s.agentID("anna")+" .presence", "Last chats")
	_, next := s.newChat("One more?")
	b.sees("#strip", "none for you while you finish your chats")
	b.alt("KeyN")
	b.sees("#thread", "The last question of the day")
	b.write("#composer-text", "Done.")
	b.press("\r")
	b.sees("#thread .msg-own", "Done.")
	_, err := s.desk.End(t.Context(), admin, chat, "")
	s.must(err)
	b.open(s.url + "/workbench")
	b.sees("#nothing", "You get no new chats", "Your last chats are finished")
	b.click("#nothing .btn-primary")
	b.sees("#presence-btn", "Online")
	b.sees(rowOf(next))
}

func TestAnAgentWithoutInputIsSetToAwayAndComesBackWithOneClick(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.InactiveAfter = time.Minute })
	b := atWork(t, s, "anna")
	anna := s.agentID("anna")
	boss := s.watch("/supervisor")
	_, chat := s.newChat("Are you there?")
	b.sees(rowOf(chat))
	other := newBrowser(t) // another device
	other.signIn(s, "anna", "/workbench")
	other.until("the stream", `root.documentElement.dataset.live === "live"`)

	away := func() {
		t.Helper()
		for _, column := range []string{"input_at", "choice_at"} {
			s.ages(anna, column, time.Hour)
		}
		_, err := s.desk.DB().NewRaw(`UPDATE pulse SET resumed_at = now() - interval '1 day'`).Exec(t.Context())
		s.must(err)
		s.sweeps()
	}
	away()
	for _, tab := range []*browser{b, other} {
		tab.sees("#presence-btn", "Away")
		tab.sees("#presence-note", "because there was no input", "Your chat stays with you, and you get no new ones", "I’m back")
	}
	boss.sees("#agent-"+anna+" .presence", "Away")
	b.sees(rowOf(chat))
	other.click("#presence-note button")
	for _, tab := range []*browser{b, other} {
		tab.sees("#presence-btn", "Online")
		tab.gone("#presence-note form")
	}
	boss.sees("#agent-"+anna+" .presence", "Online")

	// Input in any tab is reported, at most once within the interval that the page says.
	a, err := s.desk.AgentByID(t.Context(), anna)
	s.must(err)
	b.run(`localStorage.clear()`)
	b.reload()
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.press("x")
	b.press("y")
	s.until("the input is stored", func() bool {
		now, err := s.desk.AgentByID(t.Context(), anna)
		s.must(err)
		return now.InputAt.After(a.InputAt)
	})
	if n, err := eval[int](
		b,
		`performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/workbench/input")).length`,
	); err != nil ||
		n != 1 {
		t.Errorf("two keys were reported %d times: %v", n, err)
	}
}

func TestAnAdministratorKeepsTheReasonsForBreaks(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/break-reasons")
	b.sees("main", "Breaks", "Usual length")
	b.write("#new-minutes", "500")
	b.write("#new-name-en", "Tea")
	b.run(`document.querySelector("#new-minutes").form.noValidate = true`)
	b.press("\r")
	b.sees(".error", "Enter a whole number from 1 to 480")
	b.write("#new-minutes", "20")
	b.press("\r")
	b.sees("#reason-5")
	b.click(`#reason-5 [aria-label="Move Tea up"]`)
	b.until("Tea to be the fourth", `[...document.querySelectorAll("ol.rows > li")].findIndex((r) => r.id === "reason-5") === 3`)
	b.write("#reason-5 input[name='name_zh_cn']", "茶歇")
	b.press("\r")
	b.until("the Chinese name", `document.querySelector("#reason-5 input[name='name_zh_cn']").defaultValue === "茶歇"`)
	b.click(`#reason-5 form[action$="/retire"] button`)
	b.sees("section[aria-labelledby='retired-h'] #reason-5", "Tea", "20 minutes")
	b.click(`#reason-5 form[action$="/restore"] button`)
	b.sees("ol.rows #reason-5")
	b.open(s.url + "/admin/audit")
	b.sees("main", "Added a reason for breaks", "Moved a reason for breaks", "Retired a reason for breaks", "Tea")

	agent := atWork(t, s, "anna")
	agent.open(s.url + "/workbench?lang=zh-CN")
	agent.until("the stream", `root.documentElement.dataset.live === "live"`)
	agent.click("#presence-btn")
	agent.write(".menu-minutes input", "5")
	agent.click(`#presence [value="5"]`)
	agent.until("the break", `document.querySelector("#me").dataset.detail === "break"`)
	agent.open(s.url + "/workbench?lang=zh-CN")
	agent.sees("#presence-btn", "小休：茶歇")
	a, err := s.desk.AgentByID(t.Context(), s.agentID("anna"))
	s.must(err)
	if on := a.Break(); on == nil || time.Until(on.EndsAt) > 5*time.Minute || time.Until(on.EndsAt) < 4*time.Minute {
		t.Errorf("the break is %+v", on)
	}
}

func TestASupervisorSeesAnAgentTakeOneMoreChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	boss := s.watch("/supervisor")
	card := "#agent-" + s.agentID("anna")
	b.gone(".extra") // below capacity there is nothing to ask for
	_, first := s.newChat("The first")
	b.sees(rowOf(first))
	b.sees("#my-slots .top-slots .num", "1 of 1")
	b.focus(".extra button") // by keys
	b.press("\r")
	b.sees(".extra-open", "+1")
	b.until("the focus on what takes it back", `document.activeElement.matches(".extra-open")`)
	boss.sees(card, "+1 open")
	b.click(".extra-open")
	b.sees(".extra .btn", "+1")
	boss.gone(card + " .chip-accent")
	b.click(".extra .btn")
	_, second := s.newChat("The second")
	_, third := s.newChat("The third")
	b.sees(rowOf(second))
	b.sees("#my-slots .top-slots .num", "2 of 1")
	b.sees("#me .chip", "+1")
	b.gone(".extra")
	boss.sees(card, "2", "of 1", "+1 taken")
	boss.sees("#waiting-" + third)
	b.gone(rowOf(third))
	_, err := s.desk.End(t.Context(), admin, second, "")
	s.must(err)
	b.sees(".extra .btn", "+1")
	b.gone("#me .chip")
	boss.click(card + " h3 a")
	boss.sees(".timeline-rows", "+1: asked for one more chat than capacity", "+1: got the next chat", "+1: taken back")
}
