package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/models"
)

// reasonIDs returns the ids of the reasons that a user is offered, by their English names.
func (h *testServer) reasonIDs(token string) map[string]float64 {
	h.t.Helper()
	ids := map[string]float64{}
	for _, r := range h.ask("GET", forUser+"/rating-reasons", token, nil).want(200).list() {
		ids[r["name_en"].(string)] = r["id"].(float64)
	}
	return ids
}

// Programs rate with reasons. Both sides are told on every instance, and what was retired is refused on every instance at once.
func TestProgramsRateWithReasons(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, anna := a.online("anna")
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	_, alex := a.agent("alex", models.RoleAdmin)
	_, user := a.guest()
	chat := a.asks(user, "Hello")
	path := forUser + "/chats/" + chat
	agent, device := b.listen(forAgent+"/events", anna, ""), b.listen(forUser+"/events", user, "")
	agent.next("assigned")
	device.next("assigned")
	a.ask("POST", path+"/end", user, nil).want(200)
	agent.next("ended")
	device.next("ended")

	ids := b.reasonIDs(user)
	rate := func(h *testServer, rating float64, reasons any) answer {
		return h.ask("POST", path+"/rate", user, map[string]any{"rating": rating, "reasons": reasons})
	}
	a.ask("POST", fmt.Sprintf("/api/admin/rating-reasons/%.0f/retire", ids["Unfriendly"]), alex, nil).want(200)
	for _, wrong := range []any{[]float64{ids["Unfriendly"]}, []float64{ids["Friendly"]}, []int{0}, []int{-5}, []int{12345}} {
		if got := rate(b, 2, wrong).refused(422, "validation_failed").object(); got["errors"].(map[string]any)["reasons"] != "unknown" {
			t.Errorf("reasons %v: %v", wrong, got)
		}
	}
	rate(b, 2, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}).refused(422, "validation_failed")
	rate(b, 2, []string{"1"}).refused(400, "malformed")
	rate(b, 2, []float64{ids["Slow answers"], ids["Long wait"]}).want(200)
	for _, l := range []*listener{agent, device} {
		got := l.next("rated").body
		if reasons := got["rating_reasons"].([]any); got["user_rating"] != 2.0 || len(reasons) != 2 ||
			reasons[0].(map[string]any)["name_zh_cn"] != "等待太久" {
			t.Errorf("the rating was announced as %v", got)
		}
	}
	a.ask("POST", fmt.Sprintf("/api/admin/rating-reasons/%.0f/retire", ids["Long wait"]), alex, nil).want(200)
	const want = `"rating_reasons":[{"id":1,"name_en":"Long wait","name_zh_cn":"等待太久"},{"id":2,"name_en":"Slow answers","name_zh_cn":"回复太慢"}]`
	for path, token := range map[string]string{forUser + "/chats": user, forAgent + "/chats": anna, forSupervisor + "/chats/" + chat: ruth} {
		if got := string(b.ask("GET", path, token, nil).want(200).Body); !strings.Contains(got, want) {
			t.Errorf("%s has %s", path, got)
		}
	}
	if got := b.ask("GET", forSupervisor+"/stats", ruth, nil).want(200).object()["rating_reasons"].([]any); len(got) != 2 ||
		got[0].(map[string]any)["count"] != 1.0 {
		t.Errorf("the figures have %v", got)
	}
	file := string(a.browse("GET", "/supervisor/counts.csv", ruth, nil).want(200).Body)
	if !strings.Contains(file, "\nrating_reason,Long wait,1\n") {
		t.Errorf("the file has %q", file)
	}

	// A stream that begins later is told of the rating of an earlier chat, and only of that.
	second := a.asks(user, "Once more")
	a.ask("POST", forUser+"/chats/"+second+"/end", user, nil).want(200)
	late := b.listen(forAgent+"/events", anna, "")
	late.next("presence")
	late.next("reminders")
	a.ask("POST", forUser+"/chats/"+second+"/rate", user, map[string]any{"rating": 5}).want(200)
	if got := late.any(); got.Name != "rated" || len(got.body["rating_reasons"].([]any)) != 0 {
		t.Errorf("a new stream was told %v", got)
	}
}

// Administrators manage the list as programs, and each change is on record.
func TestRatingReasonsAreManaged(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	const path = "/api/admin/rating-reasons"
	added := h.ask("POST", path, alex, map[string]any{"name_en": "Rude", "min_stars": 1, "max_stars": 2}).want(201).object()
	one := fmt.Sprintf("%s/%.0f", path, added["id"])
	h.ask("POST", path, alex, map[string]any{"name_en": "Rude", "min_stars": 3, "max_stars": 2}).refused(422, "validation_failed")
	changed := h.ask("POST", one, alex, map[string]any{"max_stars": 3}).want(200).object()
	if changed["name_en"] != "Rude" || changed["max_stars"] != 3.0 {
		t.Errorf("it was changed to %v", changed)
	}
	h.ask("POST", one+"/move", alex, map[string]any{"position": 1}).want(200)
	if got := h.ask("GET", path, alex, nil).want(200).list(); got[0]["name_en"] != "Rude" || len(got) != 10 {
		t.Errorf("the list is %v", got)
	}
	if got := h.ask("POST", one+"/retire", alex, nil).want(200).object(); got["retired_at"] == nil {
		t.Errorf("it was retired: %v", got)
	}
	h.ask("POST", one+"/restore", alex, nil).want(200)
	h.ask("POST", path+"/x/retire", alex, nil).refused(404, "rating_reason_not_found")
	h.audited(alex, "alex rating_reason_added rating_reason", "alex rating_reason_changed rating_reason",
		"alex rating_reason_moved rating_reason", "alex rating_reason_retired rating_reason", "alex rating_reason_restored rating_reason")
	head := http.Header{"Accept": {"text/html"}, "Cookie": {"parley_session=" + alex}}
	page := h.send("GET", "/admin/rating-reasons", head, nil).want(200)
	if !strings.Contains(string(page.Body), `value="Rude"`) {
		t.Error("the page lists no Rude")
	}
}
