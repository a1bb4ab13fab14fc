package web_test

import (
	"strings"
	"testing"

	"parley/models"
)

// A wallboard is made on the page of the supervisors and opened without an account. It counts, outlives a restart, loads itself again when
// the program is another one, and says when its key is revoked.
func TestAWallboardGoesOnByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.watch("/supervisor")
	b.click("a[href='/supervisor/wallboards']")
	b.sees("#main", "No wallboards yet")
	b.write("#new-name", "Entrance hall")
	b.press("\r")
	b.sees("#wall-key", "/wallboard/")
	address := strings.TrimSpace(b.text("#wall-key"))
	b.accessible("a new wallboard")
	b.open(s.url + "/supervisor/wallboards")
	b.sees("#main", "Entrance hall", "Never used")
	b.gone("#wall-key")

	wall := newBrowser(t)
	wall.size(1440, 900)
	wall.open(address + "?lang=en")
	wall.sees("#wall-live", "Live")
	wall.sees("#wall-waiting", "Waiting", "0")
	wall.until("the time zone of the screen", "location.search.includes('tz=')")
	s.agent("olga", models.RoleAgent)
	first := s.queues("", "A secret question")
	wall.sees("#wall-waiting", "1")
	wall.until("no names", "!/Guest|secret/.test(root.body.innerText)")
	for _, l := range looks {
		wall.as(l)
		wall.open(address + "?lang=" + l.lang)
		wall.sees("#wall-waiting", "1")
		wall.accessible("a wallboard, " + l.name)
	}
	wall.as(looks[0])
	wall.open(address + "?lang=en")
	wall.sees("#wall-waiting", "1")

	s.stop()
	wall.sees("#wall-live", "Reconnecting since")
	s.start()
	wall.sees("#wall-live", "Live")
	s.queues("", "After the restart")
	wall.sees("#wall-waiting", "2")

	wall.run("window.before = true")
	s.stop()
	s.version = "another"
	s.start()
	wall.untilSlow(
		"the page of the other program",
		"root.getElementById('main').dataset.build.startsWith('another') && window.before === undefined",
	)
	_, err := s.desk.End(t.Context(), models.UserActor(first.UserID), first.ID, "")
	s.must(err)
	wall.sees("#wall-waiting", "1")

	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/supervisor/wallboards?lang=" + l.lang)
		b.sees("#main", "Entrance hall")
		b.accessible("wallboards, " + l.name)
	}
	b.as(looks[0])
	b.open(s.url + "/supervisor/wallboards?lang=en")
	b.sees("#main", "Last used")
	b.click(".wallboard-row [type='submit']")
	b.click(".wallboard-row [data-yes]")
	b.sees("#main", "Revoked")
	wall.sees("#wall-refused", "The key of this wallboard was revoked")
}
