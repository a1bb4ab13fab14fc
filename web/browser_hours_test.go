package web_test

import (
	"testing"
	"time"

	"parley/models"
)

// A user with an open panel sees when the desk opens again as soon as an administrator sets the hours.
func TestAUserSeesWhenTheDeskOpens(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.sees("#w-hello", "No one is available right now")
	boss := s.administer("/admin/hours")
	boss.sees("#hours-new", "Without hours, the desk is always open.")
	tomorrow := time.Now().UTC().AddDate(0, 0, 1)
	for day := range 7 {
		boss.focus("#hours-new-" + models.WeekdayField(time.Weekday(day)))
		boss.until("the field empty", "(document.activeElement.value = '', true)")
	}
	boss.write("#hours-new-"+models.WeekdayField(tomorrow.Weekday()), "8.30-12, 13:00–17:00")
	boss.write("#hours-new-zone", "UTC")
	boss.accessible("the form of new hours")
	boss.press("\r")
	boss.sees("#hours", "All departments without hours of their own", "Opens")
	boss.until(
		"the hours as they are stored",
		`[...document.querySelectorAll("#hours input")].some((e) => e.value === "08:30-12:00, 13:00-17:00")`,
	)
	user.sees("#w-hello", "We are closed right now", "We are here again:", "08:30")
	user.sees("#w-head", "Closed right now")
	user.accessible("the closed panel")

	event := `BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:` + tomorrow.AddDate(0, 0, 7).
		Format("20060102") +
		`\r\nSUMMARY:Trade fair\r\nEND:VEVENT`
	boss.until("the calendar is chosen", `(() => {
		const files = new DataTransfer();
		files.items.add(new File(["BEGIN:VCALENDAR\r\n`+event+`\r\nEND:VCALENDAR\r\n"], "holidays.ics"));
		document.querySelector("#hours-calendar").files = files.files;
		return true;
	})()`)
	boss.click("#hours .hours-import .btn")
	boss.sees("main", "Days added: 1. Already listed: 0. Events skipped: 0.")
	boss.until("the day is listed", `[...document.querySelectorAll("#hours input")].some((e) => e.value === "Trade fair")`)
	boss.looksLike("hours")
	user.looksLike("closed")
	boss.write("#hours-monday", "from nine")
	boss.press("\r")
	boss.sees("#hours", "Write hours as in")
	boss.until("what was typed", `document.querySelector("#hours-monday").value === "from nine"`)
	boss.click("#hours .panel-h .btn-danger")
	boss.click("dialog[open] .btn-danger")
	boss.sees("#hours-new", "Without hours, the desk is always open.")
	user.sees("#w-hello", "No one is available right now")
}
