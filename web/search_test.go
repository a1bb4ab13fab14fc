package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

const searchAPI = "/api/customer-service/search"

// ends ends a chat as its agent and prepares it for searches.
func (h *testServer) ends(token, chat string) {
	h.t.Helper()
	h.ask("POST", "/api/customer-service/chats/"+chat+"/end", token, nil).want(200)
	if _, err := h.desk.IndexChats(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func TestProgramsSearchInChats(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, annaToken := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, bob := h.agent("bob", models.RoleAgent)
	userID, user := h.guest()
	chat := h.asks(user, "我想申请退款 for order 77")
	h.ends(annaToken, chat)
	for _, token := range []string{annaToken, ruth} {
		page := h.ask("GET", searchAPI+"?q="+url.QueryEscape("退款"), token, nil).want(200).object()
		hits := page["hits"].([]any)
		if len(hits) != 1 || page["next_cursor"] != nil {
			t.Fatalf("found %v", page)
		}
		hit := hits[0].(map[string]any)
		parts := hit["message"].(map[string]any)["parts"].([]any)
		if hit["chat"].(map[string]any)["chat_id"] != chat || hit["service_name"] != "anna" || len(parts) != 3 ||
			parts[1].(map[string]any)["text"] != "退款" || parts[1].(map[string]any)["is_match"] != 1.0 {
			t.Errorf("found %v", hit)
		}
	}
	if hits := h.ask("GET", searchAPI+"?q=order", bob, nil).want(200).object()["hits"].([]any); len(hits) != 0 {
		t.Errorf("bob finds %v", hits)
	}
	h.ask("GET", searchAPI+"?q=order", user, nil).refused(403, "wrong_credential")
	query := "?q=order&from=2020-01-01&to=2099-12-31&service_id=" + anna.ID + "&user_id=" + userID + "&has_files=0&limit=1"
	if hits := h.ask("GET", searchAPI+query, annaToken, nil).want(200).object()["hits"].([]any); len(hits) != 1 {
		t.Errorf("with filters anna finds %v", hits)
	}
	for query, want := range map[string]string{
		"?q=x": "q", "?q=%E9%80%80": "q", "?limit=0": "limit", "?limit=51": "limit", "?min_rating=0": "min_rating", "?min_rating=6": "min_rating",
		"?min_rating=4&max_rating=3": "max_rating", "?has_files=2": "has_files", "?from=2026-02-01&to=2026-01-01": "to", "?cursor=x": "cursor",
		"?from=1900-01-01": "from",
	} {
		got := h.ask("GET", searchAPI+query, annaToken, nil)
		got.refused(422, "validation_failed")
		if errors, _ := got.object()["errors"].(map[string]any); errors[want] == nil {
			t.Errorf("%s is refused for %v", query, errors)
		}
	}
	for _, query := range []string{"?from=yesterday", "?min_rating=many", "?has_files=yes", "?limit=few"} {
		h.ask("GET", searchAPI+query, annaToken, nil).refused(400, "malformed")
	}

	// Every page has the rest, in one order.
	second := h.asks(user, "another order")
	h.ends(annaToken, second)
	first := h.ask("GET", searchAPI+"?q=order&limit=1", annaToken, nil).want(200).object()
	next := h.ask("GET", searchAPI+"?q=order&limit=1&cursor="+first["next_cursor"].(string), annaToken, nil).want(200).object()
	idOf := func(page map[string]any) any {
		return page["hits"].([]any)[0].(map[string]any)["chat"].(map[string]any)["chat_id"]
	}
	if idOf(first) != second || idOf(next) != chat || next["next_cursor"] != nil {
		t.Errorf("the pages have %v and %v", first, next)
	}
}

func TestTheSearchPageIsAPlainForm(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.online("anna")
	_, user := h.guest()
	chat := h.asks(user, "Where is my <b>parcel</b>?")
	h.ends(anna, chat)
	page := func(query string) string {
		return string(h.send("GET", "/workbench/search"+query,
			http.Header{"Accept": {"text/html"}, "Cookie": {"parley_session=" + anna}}, nil).want(200).Body)
	}
	for query, want := range map[string][]string{
		"":                   {`name="q"`, "Two Chinese or Japanese characters are enough."},
		"?q=parcel":          {"&lt;b&gt;<mark>parcel</mark>&lt;/b&gt;", "/workbench/chats/" + chat + "?message=", "1 found"},
		"?q=nothing":         {"No chat found"},
		"?q=parcel&tag=late": {"No chat found", "Clear filters"},
	} {
		got := strings.Join(strings.Fields(page(query)), " ")
		for _, text := range want {
			if !strings.Contains(strings.ReplaceAll(got, " <mark>", "<mark>"), text) && !strings.Contains(got, text) {
				t.Errorf("%s has no %q", query, text)
			}
		}
	}
	for query, want := range map[string]string{
		"?q=x": "Enter at least two letters", "?q=parcel&from=soon": "is not a", "?q=parcel&from=2026-02-01&to=2026-01-01": `id="to-error"`,
		"?q=parcel&cursor=x": "not valid", "?min_rating=4&max_rating=2": "must not be lower",
	} {
		if got := page(query); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q", query, want)
		}
	}
}
