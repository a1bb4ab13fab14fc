package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"parley/models"
	"parley/web"
)

const forAPIKeys = "/api/admin/api-keys"

// apiKey makes a key as the administrator with that session and returns it with its id.
func (h *testServer) apiKey(session string, fields map[string]any) (key, id string) {
	h.t.Helper()
	made := h.ask("POST", forAPIKeys, session, fields).want(201).object()
	return made["key"].(string), idOf(made)
}

func (h *testServer) changes(query string) {
	h.t.Helper()
	_, err := h.desk.DB().ExecContext(h.t.Context(), query)
	must(h.t, err)
}

// An administrator makes a key; with it a program reaches what the scopes allow, from the networks that are named, until its end.
func TestAnAPIKeyDoesWhatItsScopesAllow(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(now *models.Settings) { now.RateAPIKey = 8 } })
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, guest := h.guest()
	h.asks(guest, "Is anyone there?")
	h.ask("POST", forAPIKeys, ruth, map[string]any{"name": "Shop", "scopes": []string{"queue"}}).refused(403, "role_required")

	key, _ := h.apiKey(alex, map[string]any{"name": " Shop ", "scopes": []string{"reports:read", "queue"}, "expires_in_days": 30})
	listed := h.ask("GET", forAPIKeys, alex, nil).want(200)
	if !strings.HasPrefix(key, "parley_") || strings.Contains(string(listed.Body), key) {
		t.Errorf("the key is %q, the list %s", key, listed.Body)
	}
	if one := listed.list()[0]; one["name"] != "Shop" || one["start"] != key[:11] || one["last_used_at"] != nil ||
		one["expires_at"] == nil {
		t.Errorf("listed is %v", one)
	}
	waiting := h.ask("GET", "/api/supervisor/queue", key, nil).want(200).list()
	if len(waiting) != 1 {
		t.Fatalf("%v wait", waiting)
	}
	if h.ask("GET", forAPIKeys, alex, nil).want(200).list()[0]["last_used_at"] == nil {
		t.Error("the use was not noted")
	}
	chat := waiting[0]["chat_id"].(string)
	h.ask("GET", "/api/supervisor/stats", key, nil).want(200)
	h.ask("GET", "/api/supervisor/chats/"+chat, key, nil).refused(403, "scope_required")
	h.ask("GET", forAPIKeys, key, nil).refused(403, "api_key_refused")
	h.ask("GET", "/api/customer-service/chats", key, nil).refused(403, "scope_required")
	h.ask("GET", "/api/user/customer-service/chats", key, nil).refused(403, "wrong_credential")
	h.send("GET", "/supervisor/reports", http.Header{"Authorization": {"Bearer " + key}}, nil).want(403)
	h.send("GET", "/api/supervisor/queue", http.Header{"Cookie": {"parley_session=" + key}}, nil).refused(401, "unauthorized")
	h.ask("GET", "/api/supervisor/queue", key+"x", nil).refused(401, "unauthorized")

	other, _ := h.apiKey(alex, map[string]any{"name": "Hand", "scopes": []string{"queue"}, "networks": []string{"127.0.0.0/8, ::1"}})
	h.ask("POST", "/api/supervisor/queue/"+chat+"/priority", other, map[string]any{"priority": 7}).want(200)
	if rows, _ := h.log(alex, ""); rows[len(rows)-1]["actor_name"] != "API key Hand" {
		t.Errorf("recorded is %v", rows)
	}

	far, _ := h.apiKey(
		alex,
		map[string]any{"name": "Far", "scopes": []string{"queue"}, "networks": []string{"192.0.2.0/24", "2001:db8::/32"}},
	)
	h.ask("GET", "/api/supervisor/queue", far, nil).refused(403, "network_not_allowed")
	late, _ := h.apiKey(alex, map[string]any{"name": "Late", "scopes": []string{"queue"}, "expires_in_days": 1})
	h.changes(`UPDATE api_keys SET expires_at = now() WHERE name = 'Late'`)
	h.ask("GET", "/api/supervisor/queue", late, nil).refused(401, "unauthorized")

	busy, _ := h.apiKey(alex, map[string]any{"name": "Busy", "scopes": []string{"queue"}})
	for range 8 {
		h.ask("GET", "/api/supervisor/queue", busy, nil).want(200)
	}
	h.ask("GET", "/api/supervisor/queue", busy, nil).refused(429, "rate_limited")
}

// With messages:write a key works in the chats of its agent, who is not thereby there, until that agent is disabled.
func TestAnAPIKeyWorksAsItsAgent(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	chat, user, _ := h.talk()
	_, alex := h.agent("alex", models.RoleAdmin)
	agent := h.ask("GET", "/api/supervisor/chats/"+chat, alex, nil).want(200).object()["service_id"].(string)
	key, _ := h.apiKey(alex, map[string]any{"name": "Orders", "scopes": []string{"messages:write"}, "agent_id": agent})
	_, bob := h.agent("bob", models.RoleAgent)
	h.changes(`UPDATE agents SET seen_at = '2020-01-01', input_at = '2020-01-01'`)
	wasSeen := func(name string) (yes bool) {
		t.Helper()
		must(
			t,
			h.desk.DB().
				NewRaw(`SELECT seen_at > '2020-01-01' OR input_at > '2020-01-01' FROM agents WHERE name = ?`, name).
				Scan(t.Context(), &yes),
		)
		return yes
	}
	sent := h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", key, map[string]any{"content": "Your parcel left us."}).
		want(201).
		object()
	if sent["sender_id"] != agent {
		t.Errorf("sent as %v", sent["sender_id"])
	}
	got := h.ask("GET", "/api/user/customer-service/chats/"+chat+"/messages", user, nil).want(200).list()
	if last := got[len(got)-1]; last["content"] != "Your parcel left us." || last["sender_type"] != "customer_service" {
		t.Errorf("the user reads %v", last)
	}
	h.ask("GET", "/api/supervisor/chats/"+chat, key, nil).refused(403, "scope_required")
	h.ask("POST", "/api/customer-service/input", bob, nil).want(204)
	h.until("the next agent to be seen", func() bool { return wasSeen("bob") })
	if wasSeen("anna") {
		t.Error("the work of the key counts as a sign of its agent's life")
	}
	disabled := true
	if _, err := h.desk.UpdateAgent(t.Context(), admin, agent, models.AgentChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	h.until("the key to be refused", func() bool {
		return h.ask("GET", "/api/customer-service/chats", key, nil).Status != 200
	})
	h.ask("GET", "/api/customer-service/chats", key, nil).refused(403, "api_key_agent_disabled")
}

// A key that is revoked on one instance is refused on the other within seconds, and its streams end, also if the event is lost.
func TestARevokedAPIKeyIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	for name, revoke := range map[string]func(id string){
		"by the page":      func(id string) { b.ask("POST", forAPIKeys+"/"+id+"/revoke", alex, nil).want(200) },
		"without an event": func(id string) { a.changes(`UPDATE api_keys SET revoked_at = now() WHERE id = ` + id) },
	} {
		key, id := a.apiKey(alex, map[string]any{"name": name, "scopes": []string{"queue"}})
		a.ask("GET", "/api/supervisor/load", key, nil).want(200)
		stream := a.listen("/api/supervisor/events", key, "")
		if stream.status != http.StatusOK {
			t.Fatalf("the stream is %d", stream.status)
		}
		stream.next("queue_changed")
		revoke(id)
		stream.ended()
		a.until("the refusal "+name, func() bool { return a.ask("GET", "/api/supervisor/load", key, nil).Status == 401 })
	}
}

func TestAnAPIKeyIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	for field, bad := range map[string]map[string]any{
		"name":            {"name": " ", "scopes": []string{"queue"}},
		"scopes":          {"name": "Shop", "scopes": []string{"queue", "everything"}},
		"agent_id":        {"name": "Shop", "scopes": []string{"messages:write"}},
		"networks":        {"name": "Shop", "scopes": []string{"queue"}, "networks": []string{"10.0.0.0/40"}},
		"expires_in_days": {"name": "Shop", "scopes": []string{"queue"}, "expires_in_days": 4000},
	} {
		got := h.ask("POST", forAPIKeys, alex, bad).refused(422, "validation_failed").object()
		if errs, _ := got["errors"].(map[string]any); errs[field] == nil {
			t.Errorf("%s: %v", field, got)
		}
	}
	h.ask("POST", forAPIKeys, alex, map[string]any{"name": "Shop", "scopes": []string{"messages:write"}, "agent_id": "no-one"}).
		refused(422, "validation_failed")
	h.ask("POST", forAPIKeys+"/7/revoke", alex, nil).refused(404, "api_key_not_found")
	h.ask("POST", forAPIKeys+"/x/revoke", alex, nil).refused(404, "api_key_not_found")
}

// The OpenAPI document names for each operation the scope that the route requires.
func TestTheDocumentNamesTheScopes(t *testing.T) {
	t.Parallel()
	document, err := web.Document()
	must(t, err)
	scoped := 0
	for _, l := range web.Lines() {
		item := document.Paths.Value(l.Path)
		if !l.API || item == nil {
			continue
		}
		operation := item.GetOperation(l.Method)
		named, _ := operation.Extensions["x-api-key-scope"].(string)
		accepts := operation.Security != nil && slices.ContainsFunc(*operation.Security, func(one openapi3.SecurityRequirement) bool {
			_, key := one["api_key"]
			return key
		})
		if named != string(l.Scope) || accepts != (l.Scope != "") {
			t.Errorf("%s %s requires the scope %q, and the document says %q", l.Method, l.Path, l.Scope, named)
		}
		if l.Scope != "" {
			scoped++
		}
	}
	if scoped < 30 {
		t.Errorf("only %d operations accept keys", scoped)
	}
}
