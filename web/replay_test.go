package web_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"parley/models"
)

const berlin = "Europe%2FBerlin"

// minutes stores figures of each minute from a time up to another; waiting counts from 0 to 96 again and again.
func (h *testServer) minutes(department, from, to string) {
	h.t.Helper()
	_, err := h.desk.DB().
		NewRaw(`INSERT INTO minute_buckets (department, minute, waiting, longest_wait_seconds, arrivals, load, agents_online, slots, is_counted)
		SELECT ?0, m, (extract(epoch FROM m - ?1::timestamptz) / 60)::int % 97, 61, 1, 4, 3, 9, true
		FROM generate_series(?1::timestamptz, ?2::timestamptz - interval '1 minute', '1 minute') m`, department, from, to).
		Exec(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
}

// page returns a page as a browser gets it.
func (h *testServer) page(path, session string) answer {
	h.t.Helper()
	return h.send("GET", path, http.Header{"Cookie": {"parley_session=" + session}, "Accept": {"text/html"}}, nil)
}

func TestMinutesAreJSONAndCSV(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, anna := h.agent("anna", models.RoleAgent)
	if _, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards"); err != nil {
		t.Fatal(err)
	}
	h.minutes("", "2026-10-24T22:00Z", "2026-10-25T23:00Z")
	h.minutes("cards", "2026-10-25T10:00Z", "2026-10-25T10:05Z")
	path := forSupervisor + "/minutes?from=2026-10-25T00:00:00Z&to=2026-10-25T02:00:00Z"
	all := h.ask("GET", path, ruth, nil).want(200).list()
	first := all[0]
	if len(all) != 120 || first["minute"] != "2026-10-25T00:00:00Z" || first["waiting"] != 23.0 || first["agents_online"] != 3.0 ||
		first["slots"] != 9.0 || first["is_counted"] != 1.0 {
		t.Errorf("%d minutes, the first is %v", len(all), first)
	}
	cards := h.ask("GET", forSupervisor+"/minutes?from=2026-10-25T00:00:00Z&to=2026-10-26T00:00:00Z&department=cards", ruth, nil).
		want(200).
		list()
	if len(cards) != 5 {
		t.Errorf("the department has %d minutes", len(cards))
	}
	h.ask("GET", path+"&department=none", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", forSupervisor+"/minutes?from=2026-10-01&to=2026-10-09", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", path, anna, nil).refused(403, "role_required")

	file := h.page("/supervisor/minutes.csv?day=2026-10-25&time_zone="+berlin, ruth).want(200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(file.Body), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	// The day on which clocks are set back has 25 hours, and shows those from 2 to 3 twice.
	if len(rows) != 1+25*60 || rows[1][1] != "2026-10-25 00:00" || rows[1+150][1] != "2026-10-25 02:30" ||
		rows[1+210][1] != "2026-10-25 02:30" ||
		rows[1+1499][1] != "2026-10-25 23:59" ||
		rows[1][0] != "2026-10-24T22:00:00Z" {
		t.Errorf("%d rows, %v … %v", len(rows), rows[1], rows[len(rows)-1])
	}
}

func TestADayIsThatOfTheViewer(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	h.minutes("", "2026-10-23T00:00Z", "2026-10-27T00:00Z")
	h.minutes("", "2026-03-28T00:00Z", "2026-03-31T00:00Z")
	for query, last := range map[string]string{
		"?day=2026-10-25&time_zone=" + berlin:             `max="1499"`, // 25 hours
		"?day=2026-03-29&time_zone=" + berlin:             `max="1379"`, // 23 hours
		"?day=2026-03-30&time_zone=" + berlin:             `max="1439"`,
		"?day=2026-10-25":                                 `max="1439"`,
		"?day=2026-10-25&time_zone=Nowhere":               `max="1439"`,
		"?day=2026-10-25&at=151&time_zone=Asia%2FKolkata": `value="151"`,
		"?day=2026-05-05":                                 "No figures for this day",
		"?day=2026-02-31":                                 "No figures for this day", // no day at all: today
	} {
		if body := string(h.page("/supervisor/replay"+query, ruth).want(200).Body); !strings.Contains(body, last) {
			t.Errorf("the day %s has no %s", query, last)
		}
	}
	// Where clocks skip midnight, the links lead to the days beside it.
	santiago := "&time_zone=America%2FSantiago"
	for day, links := range map[string][2]string{
		"2025-09-06": {"2025-09-05", "2025-09-07"}, "2025-09-07": {"2025-09-06", "2025-09-08"}, "2025-09-08": {"2025-09-07", "2025-09-09"},
	} {
		body := string(h.page("/supervisor/replay?day="+day+santiago, ruth).want(200).Body)
		for _, link := range links {
			if !strings.Contains(body, "/supervisor/replay?day="+link+"&amp;time_zone=America%2FSantiago") {
				t.Errorf("%s has no link to %s", day, link)
			}
		}
	}
	// At a time that clocks skipped on one of the days, that day has no figures: 2:30 on 29 March, seven days before 5 April.
	h.minutes("", "2026-04-04T00:00Z", "2026-04-06T00:00Z")
	body := string(h.page("/supervisor/replay?day=2026-04-05&at=150&time_zone="+berlin, ruth).want(200).Body)
	if n := strings.Count(body, `<td class="t-r num">–</td>`); n != 4*9 {
		t.Errorf("%d of the 36 figures of four weeks are missing", n)
	}
	// Of an hour that clocks show twice each minute has its own figures: 160 and 220 minutes after midnight are 2:40.
	for at, waiting := range map[string]string{"160": "10", "220": "70"} { // (2 × 1,440 − 120 + 160) % 97
		body := string(h.page("/supervisor/replay?day=2026-10-25&time_zone="+berlin+"&at="+at, ruth).want(200).Body)
		if !strings.Contains(body, `<td class="t-r num t-now">`+waiting+`</td>`) || !strings.Contains(body, ">02:40<") {
			t.Errorf("at minute %s there are not %s users waiting", at, waiting)
		}
	}
	if got := h.page("/supervisor/replay?department=none", ruth); got.Status != 303 || got.Header.Get("Location") != "/supervisor" {
		t.Errorf("an unknown department is %d", got.Status)
	}
}

func TestAForecastIsJSONAndCSV(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	h.agent("anna", models.RoleAgent, func(n *models.NewAgent) { n.MaxConcurrent = 2 })
	path := forSupervisor + "/forecast?time_zone=" + berlin
	empty := h.ask("GET", path, ruth, nil).want(200).object()
	hours := empty["hours"].([]any)
	if first := hours[0].(map[string]any); len(hours) != 168 || first["arrivals"] != nil || first["agents_needed"] != nil ||
		first["weeks"] != 0.0 {
		t.Errorf("without figures the first hour is %v", first)
	}
	if body := string(h.page("/supervisor/forecast", ruth).want(200).Body); !strings.Contains(body, "Too few figures for a forecast") {
		t.Error("the page does not say that there are too few figures")
	}
	if _, err := h.desk.DB().ExecContext(t.Context(), sixWeeks); err != nil {
		t.Fatal(err)
	}
	full := h.ask("GET", path, ruth, nil).want(200).object()
	if short, ok := full["shortfall"].(map[string]any); !ok || short["agents_needed"] != 4.0 || full["capacity_per_agent"] != 2.0 ||
		full["service_level"] != 0.8 || full["patience_seconds"] != nil {
		t.Errorf("the forecast is %v", full["shortfall"])
	}
	file := string(h.page("/supervisor/forecast.csv?time_zone="+berlin, ruth).want(200).Body)
	if lines := strings.Split(strings.TrimSpace(file), "\n"); len(lines) != 169 || !strings.Contains(lines[50], ",60,4,0") {
		t.Errorf("the file has %d lines, such as %s", len(lines), lines[50])
	}
	h.ask("GET", forSupervisor+"/forecast?time_zone=Nowhere", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", forSupervisor+"/forecast?department=none", ruth, nil).refused(422, "validation_failed")
}

// sixWeeks stores that a chat came every minute.
const sixWeeks = `INSERT INTO minute_buckets (minute, arrivals, is_counted)
	SELECT m, 1, true FROM generate_series(date_trunc('minute', now()) - interval '42 days', now() - interval '1 minute', '1 minute') m`
