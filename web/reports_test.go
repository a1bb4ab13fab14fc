package web_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"parley/models"
)

// past inserts ended chats of an agent that began at given times, with a rating and a comment each.
func past(t *testing.T, desk *models.Desk, agentID string, at ...time.Time) {
	t.Helper()
	for i, began := range at {
		id := fmt.Sprintf("past-%d-%d", began.Unix(), i)
		for _, query := range []string{
			`INSERT INTO users (id) VALUES (?0)`,
			`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at,
				first_response_at, ended_at, ended_reason, ended_type, total_messages, rating, rating_comment, rated_at, outcome, tags)
			VALUES (?0, ?0, ?2, 'ended', ?1, ?1, ?1, ?1::timestamptz + interval '20 seconds', ?1::timestamptz + interval '20 seconds',
				?1::timestamptz + interval '25 seconds', ?1::timestamptz + interval '5 minutes', 'service_ended', 'manual', 4,
				5, 'Fast and <b>friendly</b>', ?1, '=Solved', '{Refund}')`,
		} {
			if _, err := desk.DB().NewRaw(query, id, began, agentID).Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// countReports sums up what is due.
func countReports(t *testing.T, desk *models.Desk) {
	t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = desk.CountReports(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

const springDays = "range=custom&from=2026-03-28&to=2026-03-30&time_zone=Europe%2FBerlin"

// The report of days in which clocks change is the same as a page, as JSON and in both files, with the times of both clocks.
func TestAReportIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.agent("anna", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	var times []time.Time
	for at := time.Date(2026, 3, 27, 23, 30, 0, 0, time.UTC); at.Before(time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC)); at = at.Add(time.Hour) {
		times = append(times, at) // the first of the day in Berlin, and then each hour
	}
	past(t, h.desk, anna.ID, times...)
	countReports(t, h.desk)

	got := h.ask("GET", "/api/supervisor/reports?"+springDays, ruth, nil).want(200).object()
	rows := got["rows"].([]any)
	var chats []float64
	for _, r := range rows {
		chats = append(chats, r.(map[string]any)["figures"].(map[string]any)["chats"].(float64))
	}
	if !slices.Equal(chats, []float64{24, 23, 24}) {
		t.Errorf("the days have %v chats", chats)
	}
	second := rows[1].(map[string]any)
	if second["from"] != "2026-03-28T23:00:00Z" || second["to"] != "2026-03-29T22:00:00Z" || second["label"] != "2026-03-29" {
		t.Errorf("the day is %v", second)
	}

	file := h.browse("GET", "/supervisor/reports.csv?"+springDays, ruth, nil).want(200).Body
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(h.browse("GET", "/supervisor/reports.xlsx?"+springDays, ruth, nil).want(200).Body))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := book.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string][][]string{"CSV": lines, "XLSX": sheet} {
		if len(table) != 5 || table[2][0] != "2026-03-29" || table[2][2] != "2026-03-28T23:00:00Z" ||
			table[2][4] != "2026-03-29T00:00:00+01:00" ||
			table[2][5] != "2026-03-30T00:00:00+02:00" ||
			table[2][7] != "23" ||
			table[4][7] != "71" {
			t.Errorf("%s: %q", name, table)
		}
	}
	page := string(h.browse("GET", "/supervisor/reports?"+springDays, ruth, nil).want(200).Body)
	for _, said := range []string{"2026-03-29", ">23<", ">71<", "Fast and &lt;b&gt;friendly&lt;/b&gt;", "Europe/Berlin", "100.0 %"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page lacks %q", said)
		}
	}
	// A day begins at 1:00 where clocks skip midnight.
	day := h.ask("GET", "/api/supervisor/reports?range=custom&from=2026-03-29&to=2026-03-29&time_zone=Atlantic/Azores", ruth, nil).
		want(200).
		object()
	if rows := day["rows"].([]any); day["from"] != "2026-03-29T01:00:00Z" || day["to"] != "2026-03-30T00:00:00Z" || len(rows) != 1 ||
		rows[0].(map[string]any)["label"] != "2026-03-29" {
		t.Errorf("the day in the Azores is %v", day)
	}
	// A name that looks like a formula is none in the file.
	named := string(h.browse("GET", "/supervisor/reports.csv?by=outcome&"+springDays, ruth, nil).want(200).Body)
	if !strings.Contains(named, "\n'=Solved,") {
		t.Errorf("the file has %s", named)
	}
}

func TestAReportThatCannotBeMade(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.agent("anna", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	h.browse("GET", "/supervisor/reports", anna, nil).want(403)
	h.browse("GET", "/supervisor/definitions", anna, nil).want(403)
	for query, said := range map[string]string{
		"range=custom&from=2026-02-01&to=2026-01-01": "Choose a first day",
		"range=custom&from=2024-01-01&to=2026-01-01": "Choose a first day",
		"range=custom":           "Choose a first day",
		"by=agent&only=tag:vip":  "Choose rows by day",
		"time_zone=Nowhere/City": "This time zone is not known",
		"only=nothing":           "This selection is not known",
		"only=nothing:at-all":    "This selection is not known",
	} {
		page := string(h.browse("GET", "/supervisor/reports?"+query, ruth, nil).want(422).Body)
		if !strings.Contains(page, said) || !strings.Contains(page, "This report cannot be made") {
			t.Errorf("%s: the page does not say %q", query, said)
		}
		h.browse("GET", "/supervisor/reports.csv?"+query, ruth, nil).want(422)
		for field := range h.ask("GET", "/api/supervisor/reports?"+query, ruth, nil).want(422).object()["errors"].(map[string]any) {
			if !strings.Contains("&"+query, "&"+field+"=") && query != "range=custom" {
				t.Errorf("%s: the refused parameter is %s", query, field)
			}
		}
		h.browse("GET", "/supervisor/reports.xlsx?"+query, ruth, nil).want(422)
	}
}

func TestReportsAreSavedAndShared(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, paul := h.agent("paul", models.RoleSupervisor)
	h.browse("POST", "/supervisor/report-views", ruth, url.Values{
		"name": {"Team"}, "query": {"range=30d&by=agent&show=quality&evil=1"}, "is_shared": {"1"},
	}).goesTo("/supervisor/reports?by=agent&range=30d&show=quality")
	views := h.ask("GET", "/api/supervisor/report-views", paul, nil).want(200).list()
	if len(views) != 1 || views[0]["name"] != "Team" || views[0]["is_own"] != 0.0 ||
		views[0]["query"] != "by=agent&range=30d&show=quality" {
		t.Fatalf("paul sees %v", views)
	}
	if page := string(h.browse("GET", "/supervisor/reports", paul, nil).want(200).Body); !strings.Contains(page, "Shared by ruth") ||
		strings.Contains(page, "/remove") {
		t.Error("the page of another supervisor does not show it, or lets it be removed")
	}
	id := fmt.Sprint(views[0]["view_id"])
	h.ask("POST", "/api/supervisor/report-views/"+id+"/remove", paul, nil).refused(404, "report_view_not_found")
	h.browse("POST", "/supervisor/report-views", ruth, url.Values{"name": {" "}, "query": {"range=7d"}}).want(422)
	h.ask("POST", "/api/supervisor/report-views", ruth, map[string]any{"name": "x", "query": "%zz"}).refused(422, "validation_failed")
	h.browse("POST", "/supervisor/report-views/"+id+"/remove", ruth, url.Values{}).want(http.StatusSeeOther)
	if left := h.ask("GET", "/api/supervisor/report-views", ruth, nil).want(200).list(); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}
