package web_test

import (
	"testing"
	"time"

	"parley/models"
)

// availability returns what is told of a department, "" for none.
func (h *testServer) availability(department string) map[string]any {
	h.t.Helper()
	return h.ask("GET", forAgent+"/check-availability?department="+department, "", nil).want(200).object()
}

// closedNow returns hours, as programs send them, that were open until an hour ago and are again tomorrow.
func closedNow(department string) map[string]any {
	now := time.Now().UTC()
	hours := map[string]any{"department": department, "time_zone": "UTC"}
	tomorrow := now.AddDate(0, 0, 1)
	hours[models.WeekdayField(tomorrow.Weekday())] = "00:00-24:00"
	return hours
}

// Administrators set opening hours on one instance, and both tell them at once.
func TestProgramsSetOpeningHours(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	a.ask("POST", "/api/admin/departments", alex, map[string]any{"slug": "cards", "name": "Cards"}).want(201)
	if got := b.availability(""); got["is_open"] != 1.0 || got["next_opening_at"] != nil {
		t.Errorf("without hours it is told: %v", got)
	}
	a.ask("POST", "/api/admin/hours", ruth, closedNow("")).refused(403, "role_required")
	for field, value := range map[string]any{
		"time_zone": "Mars/Olympus", "monday": "9 to 5", "tuesday": "09:00-12:00, 11:00-13:00", "wednesday": "25:00-26:00",
		"exceptions": []any{map[string]any{"day": "2026-02-30"}},
	} {
		in := closedNow("")
		in[field] = value
		got := a.ask("POST", "/api/admin/hours", alex, in).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)[field] == nil {
			t.Errorf("%s %v: %v", field, value, got)
		}
	}
	for _, exceptions := range []any{"x", 7, true, map[string]any{}, []any{"x"}, []any{7}, []any{map[string]any{"day": 7}}} {
		in := closedNow("")
		in["exceptions"] = exceptions
		a.ask("POST", "/api/admin/hours", alex, in).refused(400, "malformed")
	}
	a.ask("POST", "/api/admin/hours", alex, closedNow("pets")).refused(404, "department_not_found")

	stored := a.ask("POST", "/api/admin/hours", alex, closedNow("")).want(200).object()
	opens := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly) + "T00:00:00Z"
	if stored["is_open"] != 0.0 || stored["next_opening_at"] != opens {
		t.Errorf("stored: %v", stored)
	}
	b.until("the other instance tells it", func() bool { return b.availability("")["is_open"] == 0.0 })
	if got := b.availability("cards"); got["next_opening_at"] != opens {
		t.Errorf("a department without hours: %v", got)
	}
	a.ask("POST", "/api/admin/hours", alex, map[string]any{
		"department": "cards", "time_zone": "Asia/Shanghai", "exceptions": []any{
			map[string]any{"day": time.Now().Format(time.DateOnly), "hours": "00:00-24:00", "name": "Fair", "is_yearly": 1},
			map[string]any{"day": time.Now().AddDate(0, 0, 1).Format(time.DateOnly), "hours": "00:00-24:00"},
		},
	}).want(200)
	b.until("the department has hours of its own", func() bool { return b.availability("cards")["is_open"] == 1.0 })
	b.ask("GET", forAgent+"/check-availability?department=pets", "", nil).refused(422, "validation_failed")
	if list := b.ask("GET", "/api/admin/hours", alex, nil).want(200).list(); len(list) != 2 || list[1]["department"] != "cards" {
		t.Errorf("listed: %v", list)
	}

	a.ask("POST", "/api/admin/hours/remove", alex, map[string]any{"department": ""}).want(200)
	a.ask("POST", "/api/admin/hours/remove", alex, map[string]any{"department": ""}).refused(404, "hours_not_found")
	b.until("it is always open again", func() bool { return b.availability("")["is_open"] == 1.0 })
}

// A calendar of holidays is imported once, by programs and by a form.
func TestHolidaysAreImported(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	day := time.Now().UTC().AddDate(0, 0, 20).Format("20060102")
	calendar := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:" + day +
		"\r\nSUMMARY:Fair\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + day + "T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	in := map[string]any{"calendar": calendar}
	h.ask("POST", "/api/admin/hours/import", alex, in).refused(404, "hours_not_found")
	h.ask("POST", "/api/admin/hours", alex, closedNow("")).want(200)
	h.ask("POST", "/api/admin/hours/import", ruth, in).refused(403, "role_required")
	for _, bad := range []string{"", "Date,Name", "BEGIN:VCALENDAR\x00"} {
		h.ask("POST", "/api/admin/hours/import", alex, map[string]any{"calendar": bad}).refused(422, "validation_failed")
	}
	got := h.ask("POST", "/api/admin/hours/import", alex, in).want(200).object()
	if got["added"] != 1.0 || got["known"] != 0.0 || got["skipped"] != 1.0 {
		t.Errorf("%v", got)
	}
	if got = h.ask("POST", "/api/admin/hours/import", alex, in).want(200).object(); got["added"] != 0.0 || got["known"] != 1.0 {
		t.Errorf("again: %v", got)
	}
}
