package web_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// livesIn sets the time zone of the browser.
func (b *browser) livesIn(zone string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	b.must(err)
}

// replayed waits until the cursor is at a time with so many users waiting, on that day and a week before.
func (b *browser) replayed(time, waiting, weekBefore string) {
	b.t.Helper()
	b.until("the cursor at "+time+" with "+waiting+" and "+weekBefore+" users waiting", `(() => {
		const cells = [...root.querySelectorAll("#replay-state tbody tr:first-child td")].map((cell) => cell.textContent);
		return root.querySelector("#replay-time").textContent === `+quote(time)+` && cells[0] === `+quote(waiting)+` && cells[1] === `+quote(weekBefore)+`;
	})()`)
}

func (b *browser) moveCursor(minute string) {
	b.t.Helper()
	_, err := eval[bool](b, `(() => {
		const range = root.querySelector("#replay-at");
		range.value = `+quote(minute)+`;
		range.dispatchEvent(new Event("input", { bubbles: true }));
		return true;
	})()`)
	b.must(err)
}

func TestASupervisorReplaysADayOf25Hours(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	s.minutes("", "2026-10-24T22:00Z", "2026-10-25T23:00Z")
	s.minutes("", "2026-10-17T22:00Z", "2026-10-18T22:00Z") // an ordinary day, a week before
	s.minutes("cards", "2026-10-25T10:00Z", "2026-10-25T11:00Z")
	s.agent("ruth", models.RoleSupervisor)
	s.agent("sven", models.RoleSupervisor)
	b := newBrowser(t)
	b.livesIn("Europe/Berlin")
	b.signIn(s, "ruth", "/supervisor")
	b.open(s.url + "/supervisor/replay?day=2026-10-25")
	b.until("the time zone in the address", "new URL(root.location).searchParams.get('time_zone') === 'Europe/Berlin'")
	b.sees("#day-chart canvas")
	b.until("the minutes of 25 hours", "root.querySelector('#replay-at').max === '1499'")
	b.moveCursor("150")
	b.replayed("02:30", "53", "53")
	b.moveCursor("210") // the same time again
	b.replayed("02:30", "16", "53")
	b.moveCursor("1499")
	b.replayed("23:59", "44", "81")

	b.focus("#replay-at")
	b.press(kb.Home)
	b.replayed("00:00", "0", "0")
	b.press(kb.ArrowRight)
	b.press(kb.ArrowRight)
	b.replayed("00:02", "2", "2")
	b.until("the cursor in the address", "new URL(root.location).searchParams.get('at') === '2'")
	b.until("a line in the comparison", "Number(root.querySelector('.line-at').getAttribute('x1')) > 0")
	b.focus("#replay-play")
	b.press("\r")
	b.until(
		"that it plays",
		"root.querySelector('#replay-play').getAttribute('aria-pressed') === 'true' && Number(root.querySelector('#replay-at').value) >= 4",
	)
	b.press("\r")
	b.until("that it rests", "root.querySelector('#replay-play').getAttribute('aria-pressed') === 'false'")
	at := b.attr("#replay-at", "aria-valuetext")
	b.reload()
	b.sees("#replay-time", at) // the address has the cursor

	// Another supervisor looks at a department, in another time zone.
	other := newBrowser(t)
	other.livesIn("Asia/Kolkata")
	other.signIn(s, "sven", "/supervisor")
	other.open(s.url + "/supervisor/replay?day=2026-10-25&department=cards")
	other.sees("#state-h", "16:29") // the longest queue: 10:59 UTC
	other.moveCursor("931")
	other.replayed("15:31", "1", "–")
	other.click("a[href*='2026-10-24']")
	other.sees("#main", "No figures for this day", "730 days")
	other.until("the department in the address", "new URL(root.location).searchParams.get('department') === 'cards'")
}

func TestTheForecastSaysHowManyAgentsAreNeeded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	_, err := s.desk.DB().ExecContext(t.Context(), sixWeeks)
	s.must(err)
	s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 2 })
	b := s.watch("/supervisor")
	b.sees("#staff-line", "You have 1 online, you need 4 now.")
	b.accessible("the live page with a gap ahead")
	for i := range 3 { // agents who come online close it
		s.online("more"+strconv.Itoa(i), func(n *models.NewAgent) { n.MaxConcurrent = 2 })
	}
	b.until("no gap", "root.getElementById('staff-line').hidden")
	for i := range 3 {
		_, err := s.desk.DB().NewRaw(`UPDATE agents SET choice = 'offline' WHERE name = ?`, "more"+strconv.Itoa(i)).Exec(t.Context())
		s.must(err)
	}
	b.reload()
	b.click("#staff-line a")
	b.sees("#forecast-says", "You have 1 online, you need 4 now.")
	b.sees("#forecast-next", "60", "4", "0 %")
	b.sees("#forecast-week", "4")
	b.sees("#forecast-assumptions", "80 %", "of chats within 1 min", "5 min", "endless")
	b.until("twelve hours", "root.querySelectorAll('#forecast-next tbody tr').length === 12")

	other := newBrowser(t)
	other.signIn(s, "ruth", "/supervisor")
	other.open(s.url + "/supervisor/forecast?department=cards")
	other.sees("#forecast-says", "Too few figures for a forecast")
	s.must(s.desk.ChangeSetting(t.Context(), admin, "SERVICE_LEVEL", "99"))
	b.reload()
	b.sees("#forecast-says", "you need 6 now")
}
