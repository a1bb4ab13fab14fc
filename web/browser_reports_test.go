package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// reports opens the page of reports in UTC as a new supervisor, ruth.
func (s *site) reports() *browser {
	s.t.Helper()
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(s.t)
	b.signIn(s, "ruth", "/supervisor/reports")
	b.open(s.url + "/supervisor/reports?time_zone=UTC")
	b.sees(".report")
	return b
}

// A supervisor reads a report by keyboard alone, with a definition, and shares it; another one opens it.
func TestAReportIsReadDefinedAndShared(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.agent("anna", models.RoleAgent)
	now := time.Now().UTC().Truncate(time.Hour)
	past(t, s.desk, anna.ID, now.Add(-30*time.Hour), now.Add(-29*time.Hour), now.Add(-50*time.Hour))
	countReports(t, s.desk)
	ruth := s.reports()
	ruth.sees(".report-cards", "Chats", "3", "0:20")
	ruth.sees(".report-chart", "Most: ")
	ruth.sees(".report-table tfoot", "3")
	ruth.sees("#report-comments-h + *, .report .rows", "Fast and <b>friendly</b>", "5 of 5")

	ruth.run(`root.querySelector("[popovertarget='define-total-csat']").focus()`)
	ruth.press("\r")
	ruth.sees("#define-total-csat", "CSAT", "Share of the ratings that are 4 stars or more.", "ratings ≥ 4 ÷ ratings")
	ruth.press("\x1b")
	ruth.gone("#define-total-csat")
	ruth.until("the focus on the button again", `document.activeElement.getAttribute("popovertarget") === "define-total-csat"`)

	ruth.run(`root.querySelector("#by").value = "agent"`)
	ruth.run(`root.querySelector("#range").focus()`)
	ruth.run(`root.querySelector(".report-go button").focus()`)
	ruth.press("\r")
	ruth.sees(".report-table tbody", "anna", "3")
	ruth.click(".report-sets a:nth-child(2)")
	ruth.sees(".report-table thead", "Wait, median")
	ruth.sees(".report-table tbody", "anna", "0:20", "0:05")

	ruth.run(`root.querySelector("#view-name").value = "Waits by agent"`)
	ruth.click(".report-save .check input")
	ruth.click(".report-save button")
	ruth.sees(".report-saved", "Waits by agent", "Shared with all supervisors")

	s.agent("paul", models.RoleSupervisor)
	paul := newBrowser(t)
	paul.signIn(s, "paul", "/supervisor/reports")
	paul.open(s.url + "/supervisor/reports?time_zone=UTC")
	paul.sees(".report-saved", "Waits by agent", "Shared by ruth")
	paul.gone(".report-saved .icon-btn")
	paul.click(".report-saved .rows a")
	paul.sees(".report-table tbody", "anna", "0:20")
	paul.click(".report-table tbody a")
	paul.sees("h1", "anna")
}

// Without a time zone in the address, the report is one of the browser's.
func TestAReportIsInTheTimeZoneOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.reports()
	b.open(s.url + "/supervisor/reports")
	b.until(
		"the time zone in the address",
		`new URL(location.href).searchParams.get("time_zone") === Intl.DateTimeFormat().resolvedOptions().timeZone
		|| Intl.DateTimeFormat().resolvedOptions().timeZone === "UTC"`,
	)
	b.sees(".report-period", "UTC")
	b.sees(".report", "No chats in this period")
}

// The pages are readable in every look, on paper without their forms, and refusals are at their fields.
func TestReportsAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.agent("anna", models.RoleAgent)
	past(t, s.desk, anna.ID, time.Now().Add(-30*time.Hour), time.Now().Add(-2*time.Hour))
	countReports(t, s.desk)
	b := s.reports()
	for _, l := range looks {
		b.as(l)
		for _, path := range []string{
			"/supervisor/reports?time_zone=UTC", "/supervisor/reports?time_zone=UTC&by=agent&show=presence", "/supervisor/reports?time_zone=UTC&range=custom&from=2026-02-01&to=2026-01-01",
			"/supervisor/reports?time_zone=UTC&range=last_month", "/supervisor/definitions",
		} {
			b.open(s.url + path + map[bool]string{true: "?", false: "&"}[path == "/supervisor/definitions"] + "lang=" + l.lang)
			b.sees("h1")
			b.accessible(path + ", " + l.name)
		}
		b.open(s.url + "/supervisor/reports?time_zone=UTC&lang=" + l.lang)
		b.click(".report-cards .define")
		b.sees(".definition:popover-open")
		b.accessible("an open definition, " + l.name)
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	b.must(err)
	b.open(s.url + "/supervisor/reports?time_zone=UTC&lang=en")
	b.sees(".report-table", "Chats")
	for _, hidden := range []string{".staff-top", ".report-form", ".report-files", ".report-saved", ".define"} {
		b.gone(hidden)
	}
}
